"""A provider for trying things out: the last two digits of a number decide what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from .contract import Question, Told

#: Endings that are something else than a mobile that never changed hands.
LINES: Mapping[str, str] = {"91": "landline", "92": "invalid", "93": "voip", "94": "unknown"}
REASSIGNED: Mapping[str, str] = {"95": "yes", "96": "no_data"}


class SandboxLookUp:
    name = "sandbox"

    def ask(self, numbers: Sequence[str], questions: Sequence[Question], now: datetime) -> list[Told]:
        found = {"line": (LINES, "mobile"), "reassigned": (REASSIGNED, "no")}
        return [
            Told(number, question, answers.get(number[-2:], usual), now)
            for number in numbers
            for question in questions
            for answers, usual in (found[question],)
        ]
