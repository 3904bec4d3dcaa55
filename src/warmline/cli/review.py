"""warmline review [PLAYBOOK]: which step works, and what the numbers say against one."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import CommandError, as_called, called, counted, out, show_json, span
from warmline.core.review import Rate, Review, rate
from warmline.core.words import suggest
from warmline.insight.review import MOST, Reviewed, reviewed
from warmline.store import playbooks
from warmline.store.clock import read_clock

#: How it is counted, under each table.
HOW = (
    "The first answer of a run counts for the step it names, else for the last one before it. Beside it: its share, and"
    " between which the true share lies, 95 times of 100. Runs that go on have not reached their later steps."
)


def review(
    playbook: Annotated[str, typer.Argument(help="A playbook's key; without one, all of them side by side.")] = "",
    directory: Dir = HERE,
    days: Annotated[
        float, typer.Option(min=0.01, max=3660, help="Of the runs that began in the last so many days.")
    ] = 30,
    as_json: AsJson = False,
) -> None:
    """Which step of a playbook works: how many it reached, who answered it, who opted out, and what speaks against it."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        now = read_clock(conn).now()
        versions = {one.key: one for one in playbooks.current(conn, place.id)}
        if playbook and playbook not in versions:
            known = suggest(playbook, versions) if versions else as_called("Publish one with warmline apply.")
            raise CommandError(f"There is no published playbook {playbook[:60]}. {known}")
        wanted = [versions[playbook]] if playbook else list(versions.values())
        found = [reviewed(conn, place.id, one, now, timedelta(days=days)) for one in wanted]
    if as_json:
        show_json(found[0] if playbook else found)
    elif playbook:
        show(out(), found[0])
    else:
        compare(out(), found, days)


def show(console: Console, found: Reviewed) -> None:
    review = found.review
    some = "the newest " if found.cut else ""
    console.print(f"[name]{escape(found.name)}[/]: {some}{counted(review.runs, 'run')} since {found.since:%d %b %Y}")
    if not review.runs:
        console.print("[quiet]Nobody has entered it in that time. A longer one: --days 90[/]")
        return
    console.print(f"{review.answered.count:,} answered, {_share(review.answered)}; {_and_more(review)}", soft_wrap=True)
    console.print()
    table = _table("Step", "By", "Reached", "Answered", "", "Out", "Failed", "Refused")
    for step in review.steps:
        by = "+".join(sorted(step.channels, key=step.channels.__getitem__, reverse=True)) or "-"
        table.add_row(
            step.name, by, *map(_number, (step.reached, step.answered.count)), _share(step.answered),
            *map(_number, (step.opted_out, step.failed, step.refused)),
        )  # fmt: skip
    console.print(table)
    if len(review.sources) > 1:
        table = _table("Source", "Runs", "Answered", "")
        for source, (runs, answered) in sorted(review.sources.items(), key=lambda pair: -pair[1][0]):
            table.add_row(escape(source) or "-", f"{runs:,}", _number(answered), _share(rate(answered, runs)))
        console.print(table)
    for remark in found.remarks:
        console.print(f"[care]{escape(remark.step)}[/]: {remark.said} {remark.do}", soft_wrap=True)
    console.print(f"[quiet]{HOW}[/]", soft_wrap=True)


def compare(console: Console, found: list[Reviewed], days: float) -> None:
    console.print(f"Runs that began in the last {counted(round(days), 'day') if days >= 1 else span(days * 86400)}")
    table = _table("Playbook", "Runs", "Going on", "Answered", "", "Meetings", "Out")
    for one in sorted(found, key=lambda one: -one.review.runs):
        review = one.review
        table.add_row(
            one.playbook, *map(_number, (review.runs, review.under_way, review.answered.count)),
            _share(review.answered), *map(_number, (review.meetings, review.opted_out)),
        )  # fmt: skip
    console.print(table)
    newest = f"Of the newest {MOST:,} runs of each. " if any(one.cut for one in found) else ""
    console.print(f"[quiet]{newest}Step by step: {escape(called())} review PLAYBOOK[/]")


def _and_more(review: Review) -> str:
    parts = [counted(review.meetings, "meeting"), f"{review.opted_out:,} opted out", f"{review.under_way:,} go on"]
    if review.first_touch is not None:
        parts.append(f"first touch after {span(review.first_touch)}")
    if review.first_answer is not None:
        parts.append(f"first answer after {span(review.first_answer)} (medians)")
    return ", ".join(parts)


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="left" if name in ("By", "") else "right", no_wrap=name != "By")
    return table


def _number(number: int) -> str:
    return f"{number:,}" if number else "-"


def _share(answered: Rate) -> str:
    """`8.2% (6 to 11)`: the share, and between which the true one lies, 95 times of 100."""
    if answered.share is None:
        return ""
    share = f"{answered.share:.0%}" if answered.share >= 0.1 or not answered.share else f"{answered.share:.1%}"
    return f"{share} ({answered.low * 100:.0f} to {answered.high * 100:.0f})"
