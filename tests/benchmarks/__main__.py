"""Measure Warmline on this machine, side by side with what it is compared to.

Without the name of a part: every part but `steady`, which takes an hour. Figures are medians of rounds that take turns;
what counts on a busy machine are ratios. `--json FILE` keeps the figures, `python -m tests.benchmarks.write_docs FILE...`
makes docs/benchmarks.md of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from . import core, dispatch, growth, intake, lists, pages, peers, speed, steady, touches
from .machine import BUSY, busy_share, cores_worth, describe, number_cost
from .report import Found, as_json, show
from .server import a_server


@dataclass(frozen=True, slots=True)
class Part:
    """`options` are those of the command line that the part takes, `quick` its sizes when it only has to be tried."""

    measure: Callable[..., Found]
    about: str
    quick: dict[str, Any]
    options: tuple[str, ...] = ()
    default: bool = True


PARTS = {
    "core": Part(core.measure, "decide, check and fold, in this process", {"times": 200, "rounds": 3}),
    "touches": Part(
        touches.measure, "due touches against the bare loop, on 1, 2 and 4 workers",
        {"leads": 600, "rounds": 1, "workers": (1, 2)}, ("rounds",),
    ),
    "peers": Part(
        peers.measure, "the same work on pgqueuer, Celery and Procrastinate", {"scale": 0.02, "rounds": 1}, ("rounds",)
    ),
    "growth": Part(
        growth.measure, "the claim at 100 thousand, 1 and 10 million waiting", {"sizes": (2_000, 20_000), "rounds": 1},
        ("rounds",),
    ),
    "dispatch": Part(dispatch.measure, "sends a second to a slow provider", {"touches": 300, "rounds": 1}, ("rounds",)),
    "speed": Part(
        speed.measure, "accepted to arrived at the provider", {"rate": 50, "seconds": 1, "rounds": 1}, ("rounds",)
    ),
    "intake": Part(
        intake.measure, "leads accepted over HTTP", {"seconds": 0.5, "rounds": 1, "shapes": ((100, 2),)}, ("rounds",)
    ),
    "lists": Part(lists.measure, "a list of a million rows", {"rows": 500}, ("rows",)),
    "pages": Part(
        pages.measure, "every page at a million leads and 20 million events", {"leads": 1_000, "rounds": 2},
        ("leads", "rounds"),
    ),
    "steady": Part(
        steady.measure, "an hour at a steady rate", {"minutes": 2, "every": 1, "rate": 200, "leads": 400},
        ("minutes", "rate", "leads"), default=False,
    ),
}  # fmt: skip


def main() -> None:
    chosen = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with a_server() as server:
        told: dict[str, Any] = {"machine": describe(server), "quick": chosen.quick, "parts": {}}
        for name in chosen.parts or [name for name, part in PARTS.items() if part.default]:
            told["parts"][name] = _measure(name, server, chosen)
            if chosen.json:  # after each part: a run that is broken off keeps what it has found
                chosen.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _measure(name: str, server: str, chosen: argparse.Namespace) -> dict[str, Any]:
    part = PARTS[name]
    sizes = dict(part.quick) if chosen.quick else {}
    sizes |= {option: getattr(chosen, option) for option in part.options if getattr(chosen, option) is not None}
    busy = busy_share()
    if busy > BUSY:
        sys.stderr.write(f"{name}: others take {busy:.0%} of the cores. Trust ratios, not absolute figures.\n")
    worth, number = cores_worth(), number_cost()
    began, at = time.monotonic(), datetime.now(UTC)
    found = part.measure(server, **sizes)
    seconds = time.monotonic() - began
    rows = [as_json(row) for row in found.rows]
    show(name, rows, f"{part.about}. {seconds:.0f} s; others took {busy:.0%} of the cores before it.")
    return {
        "at": at.isoformat(timespec="seconds"), "seconds": round(seconds), "busy_before": round(busy, 3),
        "cores_worth": worth, "number_us": number, "sizes": sizes, "rows": rows, "series": found.series,
    }  # fmt: skip


def _arguments() -> argparse.Namespace:
    parts = "\n".join(f"  {name:9} {part.about}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="./run bench",
        description=f"{__doc__}\nparts:\n{parts}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="part", help="which to measure")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: whether it works, not how fast it is")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there, too")
    parser.add_argument("--rounds", type=int, help="how often each figure is taken")
    parser.add_argument("--minutes", type=int, help="steady: how long (60)")
    parser.add_argument("--rate", type=int, help="steady: touches a second (1000)")
    parser.add_argument("--rows", type=int, help="lists: rows of the list (1000000)")
    parser.add_argument(
        "--leads",
        type=int,
        help="pages: leads, each with 20 events (1000000); steady: leads that fall due in turn (60000)",
    )
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.parts if name not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    return chosen


if __name__ == "__main__":
    main()
