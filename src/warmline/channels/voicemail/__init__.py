"""Ringless voicemail, one file per provider: a recording is laid into the mailbox and the phone does not ring.

A voicemail drop is something else: a call that rings, and plays a recording when a machine answers. It belongs to calls.
"""
