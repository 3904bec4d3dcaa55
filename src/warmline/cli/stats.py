"""warmline stats: how the workspace is doing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import counted, out, show_json, span, typed
from warmline.insight.measures import RECEIPTS, Measures, measure
from warmline.store.clock import read_clock

#: Where the numbers come from that a person must bring to zero.
_PUT_RIGHT = {
    "orphans": "orphans",
    "parked": "parked list",
    "unknown": "the page Attention",
    "quarantined": "quarantine list",
}


def stats(
    directory: Dir = HERE,
    days: Annotated[float, typer.Option(min=0.01, max=3660, help="Count what happened in the last so many days.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Leads, touches, answers, speed, what the gate held and refused, the queue, and what needs a person."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        found = measure(conn, place.id, place.key, read_clock(conn).now(), timedelta(days=days))
    if as_json:
        show_json(found)
        return
    show(out(), found, directory)


def show(console: Console, found: Measures, folder: Path = HERE) -> None:
    total = sum(found.leads.values())
    parts = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in found.leads.items())
    console.print(f"[name]{counted(total, 'lead')}[/]" + (f": {parts}" if parts else ""))
    console.print(f"[quiet]Below: since {found.since:%d %b %Y %H:%M} UTC[/]")
    console.print()
    _touches(console, found)
    _lines(
        console,
        "Answers",
        {f"{name} {channel}".strip(): n for name, by in found.answers.items() for channel, n in by.items()},
    )
    _speed(console, found)
    _lines(console, "Held by the gate", found.holds)
    _lines(console, "Refused by the gate", found.refusals)
    _lines(console, "Open tasks", found.tasks, {kind: f"{late} late" for kind, late in found.tasks_late.items()})
    _queue(console, found, folder)
    for name, where in _PUT_RIGHT.items():
        number = getattr(found, name)
        tone = "bad" if number else "good"
        console.print(
            f"{name.capitalize():<12} [{tone}]{number:,}[/]"
            + (
                f"  [quiet]see {escape(where if where.startswith('the ') else typed(where, folder))}[/]"
                if number
                else ""
            )
        )


def _touches(console: Console, found: Measures) -> None:
    if not found.touches:
        console.print("No touches.\n")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Touches")
    for receipt in RECEIPTS:
        table.add_column(receipt, justify="right")
    for channel, by in sorted(found.touches.items()):
        table.add_row(channel or "all", *(f"{by[one]:,}" if one in by else "" for one in RECEIPTS))
    console.print(table)


def _speed(console: Console, found: Measures) -> None:
    for who, one in found.first_touch.items():
        if one.median is None or one.p95 is None:
            console.print(f"First touch by {who}: none yet")
        else:
            console.print(
                f"First touch by {who}: median {span(one.median)}, 95 of 100 within {span(one.p95)}"
                f" [quiet]({counted(one.count, 'lead')})[/]"
            )
    console.print()


def _queue(console: Console, found: Measures, folder: Path) -> None:
    queue = found.queue
    console.print(
        f"{'Queue':<12} {counted(queue.looks, 'look')} due, {counted(queue.touches, 'touch', 'touches')} ready,"
        f" {queue.sending:,} being sent"
    )
    tone = "good" if found.engines else "care"
    console.print(
        f"{'Engines':<12} [{tone}]{found.engines:,}[/]"
        + ("" if found.engines else f"  [quiet]start one: {escape(typed('engine', folder))}[/]")
    )
    for what, since in (("look", queue.looks_since), ("touch", queue.touches_since)):
        late = (found.at - since).total_seconds() if since else 0
        if late > 60:
            console.print(f"  [care]The longest {what} has waited {span(late)}: too few engines?[/]")


def _lines(console: Console, title: str, values: dict[str, int], beside: dict[str, str] | None = None) -> None:
    if not values:
        return
    console.print(f"[name]{title}[/]")
    for name, count in sorted(values.items(), key=lambda pair: -pair[1]):
        more = f"  [care]{beside[name]}[/]" if beside and name in beside else ""
        console.print(f"  {name.replace('.', ' ').replace('_', ' '):<20} {count:>8,}{more}")
    console.print()
