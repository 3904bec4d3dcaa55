"""One soak from beginning to end, for the command line and for the test."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .account import Line, account
from .drive import Drive
from .load import Senders
from .place import Place, a_place
from .plan import DISK, KILLS, plan


@dataclass(frozen=True)
class Options:
    seed: int
    minutes: float
    kills: int
    a_second: float = 4
    ask_for: int = 90  # seconds for which a provider that can't say is asked; in production 90


@dataclass(frozen=True)
class Result:
    """`skipped`: faults that could not be made here, and why."""

    options: Options
    seconds: float
    rested: float
    done: dict[str, int]
    skipped: dict[str, str]
    lines: list[Line]
    folder: Path

    @property
    def breaches(self) -> list[str]:
        return [f"{line.what}: {one}" for line in self.lines for one in line.breaches]

    @property
    def kills(self) -> int:
        return sum(count for step, count in self.done.items() if step in KILLS)

    def table(self) -> str:
        done = [Line(f"   {step}", count) for step, count in sorted(self.done.items())]
        head = [
            Line(
                "seed / seconds of faults / to come to rest",
                f"{self.options.seed} / {self.seconds:.0f} / {self.rested:.0f}",
            )
        ]
        rows = [*head, Line("kill -9", self.kills), *done, *self.lines]
        width = max(len(one.what) for one in rows)
        told = [f"{one.what:<{width}}  {one.found}{'   <- BREACH' if one.breaches else ''}" for one in rows]
        return "\n".join([*told, *(f"skipped: {step}: {why}" for step, why in self.skipped.items())])

    def as_json(self) -> str:
        told: dict[str, Any] = asdict(self) | {
            "kills": self.kills,
            "breaches": self.breaches,
            "folder": str(self.folder),
        }
        return json.dumps(told, indent=2, default=str)


def soak(options: Options, say: Callable[[str], None]) -> Result:
    """Raises AssertionError when it does not come to rest. The folder with the logs stays when something was breached."""
    with a_place(say, options.ask_for) as place:
        say(f"Seed {options.seed}: {options.kills} kills in {options.minutes:g} minutes; logs in {place.folder}")
        skipped = _missing(place)
        senders = Senders(place.web_urls, options.a_second, options.seed)
        drive = Drive(place, random.Random(f"drive {options.seed}"), say)
        began = time.monotonic()
        with senders.sending():
            drive.run(plan(options.seed, options.kills, frozenset(skipped)), options.minutes * 60)
            senders.stop()
            drive.put_right()
            seconds = time.monotonic() - began
            say("The faults are over. Waiting until everything has come to rest ...")
            rested = drive.rest(senders.done)
        lines = [*_about_kills(drive, place), *account(place, senders)]
        result = Result(options, seconds, rested, dict(drive.done), skipped, lines, place.folder)
    if not result.breaches:
        shutil.rmtree(place.folder)
    return result


def _missing(place: Place) -> dict[str, str]:
    missing = {}
    if place.disk.why_not:
        missing[DISK] = place.disk.why_not
    if place.no_clocks:
        missing["step clock"] = place.no_clocks
    return missing


def _about_kills(drive: Drive, place: Place) -> list[Line]:
    return [
        Line("engines killed in the middle of a hand-over", drive.mid_send),
        Line("PostgreSQL started again", place.database.starts),
        Line("processes that ended by themselves, and were started again", dict(place.ended)),
    ]
