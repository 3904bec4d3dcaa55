"""The words for keys that the pages show. The keys are those of the database; an unknown one is shown as it is."""

from __future__ import annotations

from typing import NamedTuple


class Badge(NamedTuple):
    words: str
    tone: str  # good, wait, bad, info, accent or "" for none


class Told(NamedTuple):
    """What a page says after an act."""

    words: str
    tone: str = "good"
    icon: str = "check"


STATUSES = {
    "open": Badge("Being followed up", "info"),
    "handed_off": Badge("With a person", "accent"),
    "won": Badge("Won", "good"),
    "lost": Badge("Lost", ""),
    "opted_out": Badge("Opted out", "bad"),
    "closed": Badge("Closed", ""),
}
TOUCHES = {
    "queued": Badge("Queued", "info"),
    "sending": Badge("Being sent", "info"),
    "sent": Badge("Sent", "good"),
    "delivered": Badge("Delivered", "good"),
    "failed": Badge("Not delivered", "bad"),
    "held": Badge("Held", "wait"),
    "refused": Badge("Refused", "bad"),
    "unknown": Badge("Nobody knows", "wait"),
}
FINDINGS = {"pass": Badge("Pass", "good"), "hold": Badge("Hold", "wait"), "refuse": Badge("Refuse", "bad")}
CHANNELS = {"sms": "SMS", "email": "Email", "voicemail": "Voicemail", "call": "Call"}
TASKS = {
    "call": "Call",
    "chore": "To do",
    "hand_off": "Hand-off",
    "escalation": "Escalated",
    "promise": "Promise is running out",
    "read_reply": "Read a reply",
    "fix": "Set right",
    "parked": "Stopped by an error",
    "unknown": "Was it delivered?",
    "review": "Look at this lead",
    "next_step": "Next step",
}
REASONS = {
    "opted_out": "the lead opted out",
    "suppressed": "on a do-not-contact list",
    "human_live": "a person has the lead",
    "channel_off": "the channel is not set up",
    "no_address": "no usable address",
    "no_consent": "not enough consent",
    "unknown_zone": "time zone not known",
    "quiet_hours": "quiet hours",
    "attempt_cap": "enough attempts for now",
    "condition": "its condition did not hold",
    "overtaken": "a later step caught up",
    "finished": "all steps are done",
    "preempted": "a stronger playbook took over",
    "no_playbook": "no playbook wanted it",
    "already_running": "already in this playbook",
    "outranked": "a stronger playbook runs",
    "too_soon": "too soon after the last time",
    "repeated": "the same thing again within a minute",
    "closed": "the lead is closed",
}
TOLD = {
    "taken-over": Told("The lead is yours. Nothing automatic goes out until you hand it back.", icon="hand"),
    "released": Told("Handed back. The playbook goes on where it stopped."),
    "opted-out": Told("Opted out. Nothing more goes to this lead on any channel."),
    "zone-set": Told("Saved. Held touches are looked at again with the new place."),
    "won": Told("Closed as won. Well done.", icon="flag"),
    "lost": Told("Closed as lost."),
    "reopened": Told("The lead is open again, with a task to decide what comes next."),
    "noted": Told("Written into the story."),
    "address-set": Told("Saved. From now on this address is used."),
    "given": Told("Given on, with its open tasks."),
    "enrolled": Told("In. The first look is now."),
    "done": Told("Done. On to the next."),
    "replayed": Told("Sent through again, and this time it was taken in."),
    "dismissed": Told("Put aside. It stays in the records."),
    "settled": Told("Settled. The story of the lead says so."),
    "unparked": Told("Going on. The next look at the lead is now."),
}
