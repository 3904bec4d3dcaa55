"""A call from the page of a task, moved word by word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.builders import TUESDAY, minutes
from warmline.channels.call.contract import (
    KEY,
    CannotSay,
    Detected,
    Dialer,
    Heard,
    LegMoved,
    Nothing,
    Placing,
    Pressed,
)
from warmline.core.standing import history_of
from warmline.intake import acts
from warmline.intake.calls import hear
from warmline.intake.lost_calls import Told, settle_lost
from warmline.store import calls
from warmline.store.calls import Call
from warmline.store.due import know
from warmline.store.ids import lane_of, read_touch_ref
from warmline.store.workspaces import Workspace

NOW = TUESDAY + minutes(1)
SID, SID2 = "CA" + "1" * 32, "CA" + "2" * 32
LOST = CannotSay("Twilio knows no such call")


class Line:
    """One call, from the press of the button on."""

    def __init__(self, conn: psycopg.Connection, workspace: Workspace, lead: UUID, dialer: Dialer) -> None:
        self.conn, self.workspace, self.lead, self.dialer, self.now = conn, workspace, lead, dialer, NOW
        self.placing: Placing | None = None

    def press(self, task: UUID, now: datetime | None = None) -> Placing:
        self.now = now or self.now
        self.placing = acts.begin_call(
            self.conn, self.workspace, lane_of(self.lead), task, "sam", self.now, dialer=self.dialer
        )
        return self.placing

    @property
    def ref(self) -> str:
        assert self.placing is not None
        return self.placing.ref

    def hear(self, *heard: Heard) -> None:
        for one in heard:
            assert hear(self.conn, self.workspace, one, self.now) == Nothing()

    def connect(self, sid: str = SID) -> Any:
        return hear(self.conn, self.workspace, Pressed(self.ref, KEY, sid), self.now)

    def rep(self, leg: Any) -> LegMoved:
        return LegMoved(self.ref, "rep", leg, provider_id=SID)

    def their(self, leg: Any, seconds: int = 0, code: str = "") -> LegMoved:
        return LegMoved(self.ref, "lead", leg, seconds, code, SID)

    @property
    def call(self) -> Call:
        return self.of(self.ref)

    def of(self, ref: str) -> Call:
        found = calls.find(self.conn, self.workspace.id, *read_touch_ref(ref))
        assert found is not None
        return found

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        rows = self.conn.execute("select kind, data from events where lead_id = %s order by seq", (self.lead,))
        return [(str(kind), data) for kind, data in rows.fetchall()]

    def on_call(self) -> dict[str, datetime]:
        """Who is on the phone with the lead, as the story says."""
        known = know(self.conn, lane_of(self.lead), [self.lead])[self.lead]
        return history_of("", 0, NOW, "America/New_York", {}, {}, known.events).on_call

    def loses(self) -> None:
        """Nothing has been heard of any call for longer than one stays silent."""
        self.conn.execute(
            "update calls set ask_at = now() - interval '1 second', lost_at = now() - interval '1 second'"
            " where lost_at is not null"
        )

    def is_silent(self, during: timedelta) -> None:
        """So long nobody has heard anything of any call."""
        self.conn.execute("update calls set ask_at = ask_at - %(of)s, lost_at = lost_at - %(of)s", {"of": during})

    def asks(self, told: Told = LOST) -> int:
        """What has not been heard of is asked about, and its provider says `told`."""
        return settle_lost(self.conn, lambda lost: [told] * len(lost), lambda: NOW + minutes(6))

    def talks(self, sid: str = SID) -> None:
        self.connect(sid)
        self.hear(self.their("ringing"), self.their("answered"), Detected(self.ref, "human"))

    def hangs_up(self, seconds: int = 300) -> None:
        self.hear(self.their("ended", seconds), self.rep("ended"))

    def done(self, task: UUID) -> tuple[str, str]:
        row = self.conn.execute("select status, outcome from tasks where id = %s", (task,)).fetchone()
        assert row is not None
        return str(row[0]), str(row[1])


def open_call(conn: psycopg.Connection, lead: UUID) -> UUID:
    row = conn.execute(
        "select id from tasks where lead_id = %s and kind = 'call' and status = 'open'", (lead,)
    ).fetchone()
    assert row is not None, "no call is open"
    return UUID(str(row[0]))


def words_of(line: Line) -> list[Heard]:
    return [
        line.rep("ringing"), line.rep("answered"), line.their("ringing"), line.their("answered"),
        Detected(line.ref, "machine"), line.their("ended", 31), line.their("ended", 31), line.rep("ended"),
    ]  # fmt: skip


def steps_sent(line: Line) -> set[str]:
    return {
        step for (step,) in line.conn.execute("select step from touches where lead_id = %s", (line.lead,)).fetchall()
    }
