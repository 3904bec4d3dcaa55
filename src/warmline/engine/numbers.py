"""Asks the workspace's provider of look-ups about numbers that a look at their lead found unknown, in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic

import psycopg
import structlog

from warmline import lookups
from warmline.core.numbers import NumberFact, is_to_be_asked
from warmline.lookups.contract import LookUpError, Question, Told
from warmline.store import enrollments, leads, numbers
from warmline.store.hints import notify
from warmline.store.numbers import ToAsk

from .catalog import Catalog

log = structlog.get_logger()

BATCH = 200  # of each lane

#: Seconds until a provider that could not be asked is asked again.
RESTS = 60.0


@dataclass(slots=True)
class Asker:
    """For one thread. The numbers of a workspace whose provider can't be asked are in no other workspace's way."""

    conn: psycopg.Connection
    catalog: Catalog
    now: Callable[[], datetime]
    folder: Path  # of the workspace, for the files it names
    _rests: dict[int, float] = field(init=False, default_factory=dict)  # workspace -> time.monotonic

    def ask(self) -> int:
        """Everything that waits, workspace by workspace. Returns how many numbers were asked about."""
        self._rests = {workspace_id: until for workspace_id, until in self._rests.items() if monotonic() < until}
        waiting = defaultdict(list)
        for one in numbers.to_ask(self.conn, BATCH, self._rests):
            waiting[one.workspace_id].append(one)
        return sum(self._ask(workspace_id, rows) for workspace_id, rows in waiting.items())

    def _ask(self, workspace_id: int, rows: Sequence[ToAsk]) -> int:
        now = self.now()
        settings = self.catalog.site(workspace_id, now).config.numbers
        provider = lookups.build(settings, self.folder)
        if provider is None:  # the workspace asks nobody any more
            for lane in {one.lane for one in rows}:
                numbers.asked(self.conn, lane, [one for one in rows if one.lane == lane])
            return 0
        wanted: list[Question] = [one for one in ("line", "reassigned") if one in settings.ask]
        try:
            told = provider.ask(list(dict.fromkeys(one.value for one in rows)), wanted, now)
        except LookUpError as error:
            # Texts to these numbers stay held, with the reason; whoever looks at the log or the page sees why.
            log.warning("numbers.not_asked", workspace=workspace_id, provider=provider.name, error=str(error))
            self._rests[workspace_id] = monotonic() + RESTS
            return 0
        answers = [
            {
                "workspace_id": workspace_id, "value": one.number, "kind": one.question, "answer": one.answer, "at": one.at,
                "source": provider.name,
            }
            for one in told
        ]  # fmt: skip
        # A look at a lead whose answer is as old as before would only ask again: it has its next look when it is due.
        helped = {*numbers.add_answers(self.conn, answers), *_settled(told, wanted, now)}
        for lane in sorted({one.lane for one in rows}):
            mine = [one for one in rows if one.lane == lane]
            with self.conn.transaction():
                leads.hold(self.conn, {one.lead_id for one in mine}, now)
                numbers.asked(self.conn, lane, mine)
                enrollments.wake(self.conn, {one.lead_id for one in mine if one.value in helped}, now)
                notify(self.conn, {lane})
        return len(rows)


def _settled(told: Sequence[Told], wanted: Sequence[Question], now: datetime) -> set[str]:
    """Numbers about which nothing is left to ask."""
    facts = defaultdict(list)
    for one in told:
        facts[one.number].append(NumberFact(one.question, one.answer, one.at))
    return {number for number, known in facts.items() if not is_to_be_asked(known, wanted, now)}
