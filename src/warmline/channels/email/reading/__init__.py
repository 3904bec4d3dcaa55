"""Reading one mail, in parts: pure functions over its bytes. `channels/email/inbound.py` says in which order."""
