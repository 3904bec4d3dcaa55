"""A call placed for a person, as callbacks tell it: facts that only grow, and what they come to.

Late, doubled and reordered callbacks change nothing: `join` is associative, commutative and idempotent, and everything
else is worked out from the joined facts alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

#: How far one leg has come, each state further than the one before. "ended": it was answered and is over.
Leg = Literal["", "ringing", "answered", "canceled", "failed", "busy", "no_answer", "ended"]
#: Who answered the lead's phone. The last one wins over the others: where two were told, a person decides.
AnsweredBy = Literal["", "human", "machine", "fax", "unknown"]
Status = Literal["placing", "ringing", "answered", "dialling", "talking", "ended", "not_placed", "unknown"]

LEGS: tuple[Leg, ...] = get_args(Leg)
ANSWERED_BY: tuple[AnsweredBy, ...] = get_args(AnsweredBy)
OVER: frozenset[Leg] = frozenset({"canceled", "failed", "busy", "no_answer", "ended"})
#: The lead's phone rang and nobody took it, or it could not ring.
NOT_ANSWERED: frozenset[Leg] = OVER - {"ended"}

#: A message on a machine is shorter than this. A longer call that a machine seems to have answered may have been a talk
#: all the same (the detection errs, and phones screen calls), so the person who was on it says.
LONGEST_MESSAGE = 120  # seconds


@dataclass(frozen=True, slots=True)
class Facts:
    """`detects`: somebody listens whether a person or a machine answers, so before that is told nobody knows."""

    detects: bool = False
    rep: Leg = ""
    connected: bool = False  # the rep pressed the key and the lead was dialled
    lead: Leg = ""
    answered_by: AnsweredBy = ""
    seconds: int = 0  # of the lead's leg
    code: str = ""  # the provider's, when a leg failed

    def join(self, other: Facts) -> Facts:
        """Everything that either of them knows."""
        return replace(
            self,
            detects=self.detects or other.detects,
            rep=max(self.rep, other.rep, key=LEGS.index),
            connected=self.connected or other.connected,
            lead=max(self.lead, other.lead, key=LEGS.index),
            answered_by=max(self.answered_by, other.answered_by, key=ANSWERED_BY.index),
            seconds=max(self.seconds, other.seconds),
            code=max(self.code, other.code),
        )

    @property
    def over(self) -> bool:
        return self.rep in OVER or self.lead in OVER

    @property
    def status(self) -> Status:
        """Of a call that the provider has."""
        if self.over:
            return "ended"
        if self.lead == "answered":
            return "talking"
        if self.connected or self.lead:
            return "dialling"
        return "answered" if self.rep == "answered" else "ringing"

    @property
    def outcome(self) -> str:
        """missed, voicemail, connected, or "" where it is not known (yet, or ever)."""
        if self.lead in NOT_ANSWERED:
            return "missed"
        if self.lead != "ended":
            return ""
        if self.answered_by == "machine":
            return "voicemail"
        if self.answered_by == "human" or (self.answered_by == "" and not self.detects):
            return "connected"
        return ""

    @property
    def settles(self) -> bool:
        """The outcome may finish the task without asking anybody: nobody was talked to, for certain."""
        return self.outcome == "missed" or (self.outcome == "voicemail" and self.seconds <= LONGEST_MESSAGE)

    @property
    def asks(self) -> bool:
        """The lead's phone was answered, and not for certain by nobody: the person who was on it says how it went."""
        return self.lead in ("answered", "ended") and not self.settles

    @property
    def misses(self) -> bool:
        """It is over, and what became of the lead's phone, or who took it, was not told."""
        return self.over and not self.concluded

    @property
    def concluded(self) -> bool:
        """Nothing more is to be learnt that would change what is told of it."""
        if self.lead in OVER:
            return bool(self.outcome or self.answered_by)
        return self.rep in OVER and not self.connected
