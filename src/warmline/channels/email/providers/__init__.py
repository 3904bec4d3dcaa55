"""Providers that mail goes through: what they are told with a mail, and what they tell of it afterwards. One file each.

Mail leaves by SMTP whatever the provider; `relay = "..."` in [channels.email] says whose webhooks to expect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from warmline.channels.email.providers.mailgun import Mailgun
from warmline.channels.email.providers.postmark import Postmark
from warmline.channels.email.providers.relay import Relay
from warmline.channels.email.providers.resend import Resend
from warmline.channels.email.providers.sendgrid import SendGrid
from warmline.channels.email.providers.ses import Ses
from warmline.channels.settings import Settings

RELAYS: Mapping[str, Callable[[Settings], Relay]] = {
    "postmark": Postmark,
    "sendgrid": SendGrid,
    "mailgun": Mailgun,
    "ses": Ses,
    "resend": Resend,
}


def read_relay(settings: Settings) -> Relay | None:
    """`relay` and its table [channels.email.<relay>]. None: a mail server that tells nothing."""
    name = settings.choice("relay", ("", *RELAYS), "")
    if not name:
        return None
    table = settings.within(name) or Settings(f"{settings.kind}.{name}", {}, str)  # it then says what is missing
    relay = RELAYS[name](table)
    table.finish()
    return relay
