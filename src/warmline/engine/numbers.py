"""Asks the workspace's provider of look-ups about numbers that a look at their lead found unknown, in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import psycopg
import structlog

from warmline import lookups
from warmline.lookups.contract import LookUpError, Question
from warmline.store import enrollments, leads, numbers
from warmline.store.hints import notify
from warmline.store.numbers import ToAsk

from .catalog import Catalog

log = structlog.get_logger()

BATCH = 200  # of each lane


def ask_about_numbers(conn: psycopg.Connection, catalog: Catalog, now: Callable[[], datetime], folder: Path) -> int:
    """Everything that waits, workspace by workspace. Returns how many numbers were asked about."""
    waiting = defaultdict(list)
    for one in numbers.to_ask(conn, BATCH):
        waiting[one.workspace_id].append(one)
    return sum(_ask(conn, catalog, now(), folder, workspace_id, rows) for workspace_id, rows in waiting.items())


def _ask(
    conn: psycopg.Connection, catalog: Catalog, now: datetime, folder: Path, workspace_id: int, rows: Sequence[ToAsk]
) -> int:
    settings = catalog.site(workspace_id, now).config.numbers
    provider = lookups.build(settings, folder)
    if provider is None:  # the workspace asks nobody any more
        for lane in {one.lane for one in rows}:
            numbers.asked(conn, lane, [one for one in rows if one.lane == lane])
        return 0
    wanted: list[Question] = [one for one in ("line", "reassigned") if one in settings.ask]
    try:
        told = provider.ask(list(dict.fromkeys(one.value for one in rows)), wanted, now)
    except LookUpError as error:
        # Texts to these numbers stay held, with the reason; whoever looks at the log or the page sees why.
        log.warning("numbers.not_asked", workspace=workspace_id, provider=provider.name, error=str(error))
        return 0
    answers = [
        {
            "workspace_id": workspace_id, "value": one.number, "kind": one.question, "answer": one.answer, "at": one.at,
            "source": provider.name,
        }
        for one in told
    ]  # fmt: skip
    numbers.add_answers(conn, answers)
    for lane in sorted({one.lane for one in rows}):
        mine = [one for one in rows if one.lane == lane]
        with conn.transaction():
            leads.hold(conn, {one.lead_id for one in mine}, now)
            numbers.asked(conn, lane, mine)
            enrollments.wake(conn, {one.lead_id for one in mine}, now)
            notify(conn, {lane})
    return len(rows)
