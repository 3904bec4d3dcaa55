"""What a provider of look-ups does: it is asked about numbers and says what it knows, with the date it knows it from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Question = Literal["line", "reassigned"]


class LookUpError(Exception):
    """It can't be asked now. Nothing is written, and the numbers are asked about again later. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer. `answer` is of core.numbers.LINES or ANSWERS; `at` is the instant it holds for."""

    number: str
    question: Question
    answer: str
    at: datetime


class LookUp(Protocol):
    name: str

    def ask(self, numbers: Sequence[str], questions: Sequence[Question], now: datetime) -> list[Told]:
        """Every number gets an answer to every question: "unknown" and "no_data" say that it does not know.

        Blocks. Raises LookUpError.
        """
        ...
