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
#: The pages on compliance, by the names of their addresses.
COMPLIANCE = (
    ("rules", "Rules"),
    ("do-not-contact", "Do not contact"),
    ("consents", "Consents"),
    ("doubtful", "Doubtful replies"),
)
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
#: Why a run ended or a task is over, and why nobody may write to an address. The gate's rules have core.gate.LABELS.
REASONS = {
    "opted_out": "the lead opted out",
    "unsubscribed": "the lead unsubscribed",
    "human_live": "a person has the lead",
    "finished": "all steps are done",
    "preempted": "a stronger playbook took over",
    "released": "handed back to the playbook",
    "internal_dnc": "asked us not to be contacted",
    "complaint": "complained",
    "legal": "a lawyer or court says so",
    "competitor": "a competitor",
    "other": "another reason",
    "wrong_number": "the number is somebody else's",
    "erased": "the person was erased",
    "merged": "it became one with another lead",
    "restored": "a backup was restored, and it may have been sent before that",
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
    "merged": Told("One lead now. The other stays closed, and its story says where it went."),
    "enrolled": Told("In the playbook. What it says for now happens at once."),
    "done": Told("Done. On to the next."),
    "replayed": Told("Sent through again, and this time it was taken in."),
    "dismissed": Told("Put aside. It stays in the records."),
    "dismissed-alike": Told("All of them are put aside. They stay in the records."),
    "settled": Told("Settled. The story of the lead says so."),
    "recorded": Told("Recorded. From now on this voice is played."),
    "unrecorded": Told("Taken away. Voicemails that need it wait."),
    "listed": Told("On the list. Nothing goes there any more, what is planned included."),
    "listed-before": Told("It was on the list already.", "info"),
    "list-brought": Told("The whole list is in force."),
    "lifted": Told("Off the list. The proof stands in the ledger."),
    "registry-brought": Told("Taken. The gate asks this file from now on."),
    "unparked": Told("Going on. The next look at the lead is now."),
}
