"""What people ask about first, as `warmline may` and `warmline why` tell it, and the page's box in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest

from tests.builders import a_lead, a_workspace, enrolled
from tests.cli.conftest import Run, Said
from tests.core.simulator import local
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.insight.may import may
from warmline.intake.registries import import_registry
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

CHICAGO, NEW_YORK, DENVER = "America/Chicago", "America/New_York", "America/Denver"
NUDGE = """
name: Nudge
owner: {team: sales}
steps:
  nudge: {send: sms, template: demo-times, at: now}
after: close
"""
MAIL = """
name: Mail
owner: {team: sales}
steps:
  note: {send: email, template: demo-agenda, at: now}
after: close
"""
CALL = """
name: Call
owner: {team: sales}
steps:
  call: {call: owner, at: now, hours: legal}
after: close
"""


class Situation(NamedTuple):
    """`now` is the instant; `said` are words of the finding that decides."""

    playbook: str
    lead: dict[str, Any]
    now: datetime
    said: Sequence[str]


SITUATIONS = {
    "a Saturday in Rhode Island": Situation(
        "nudge", {"phone": "+14015550123"}, local(date(2026, 11, 28), "17:00", NEW_YORK),
        ("17:00 America/New_York", "opens 09:00 America/New_York, in 1 d 16 h", "5-61-3.6"),
    ),
    "an 850 number at half past eight in New York": Situation(
        "nudge", {"phone": "+18505550123"}, local(date(2026, 6, 9), "08:30", NEW_YORK),
        ("07:30 America/Chicago, 08:30 America/New_York", "opens 08:00 America/Chicago, in 30 min"),
    ),
    "a Texas Sunday a minute before noon": Situation(
        "nudge", {"phone": "+12145550123"}, local(date(2026, 6, 14), "11:59", CHICAGO),
        ("11:59 America/Chicago", "opens 12:00 America/Chicago, in 1 min"),
    ),
    "the night the clocks go forward": Situation(
        "nudge", {"phone": "+12125550123"}, local(date(2026, 3, 7), "22:00", NEW_YORK),
        ("22:00 America/New_York", "opens 08:00 America/New_York, in 9 h"),
    ),
    "the night the clocks go back": Situation(
        "nudge", {"phone": "+12125550123"}, local(date(2026, 10, 31), "22:00", NEW_YORK),
        ("22:00 America/New_York", "opens 08:00 America/New_York, in 11 h"),
    ),
    "a Canadian inquiry six months and a day old": Situation(
        "mail",
        {"phone": None, "country": "CA", "region": "CA-ON", "consents": {"email": "inquiry"},
         "at": datetime(2026, 5, 25, 17, tzinfo=UTC)},
        datetime(2026, 11, 26, 17, tzinfo=UTC),
        ("has no consent for email; marketing needs an inquiry of the lead's own", "which ran out on 25 Nov 2026"),
    ),
    "a scrub 32 days old": Situation(
        "call", {"phone": "+12125550123", "consents": {"call": "express"}}, local(date(2026, 6, 9), "12:00", NEW_YORK),
        ("the registry us.national was asked with a file 32 days old, and it may be 31", "of the last 31 days"),
    ),
}  # fmt: skip


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    books = {"playbooks/nudge.yaml": NUDGE, "playbooks/mail.yaml": MAIL, "playbooks/call.yaml": CALL}
    return a_workspace(conn, books, now=datetime(2026, 1, 1, tzinfo=UTC))


def looked_at(conn: psycopg.Connection, place: Workspace, one: Situation) -> UUID:
    """The lead, whom the engine has looked at at that instant, under a registry's file of 32 days before."""
    import_registry(
        conn, place, "us.national", ["212,5559999\n"], as_of=one.now.date() - timedelta(days=32), name="dnc.txt",
        who="kim", now=one.now,
    )  # fmt: skip
    lead = a_lead(conn, place, **({"at": one.now - timedelta(days=1)} | one.lead))
    enrolled(conn, place, one.playbook, lead, at=one.now)
    tick(conn, lane_of(lead), one.now, Catalog(conn))
    return lead


@pytest.mark.parametrize("name", SITUATIONS)
def test_why_says_what_held_or_refused_and_what_would_change_it(
    run: Run, conn: psycopg.Connection, place: Workspace, name: str
) -> None:
    one = SITUATIONS[name]
    told = run("why", looked_at(conn, place, one))
    for words in one.said:
        assert words in told.out, told.out


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_box_and_may_say_the_same_in_the_same_words(
    run: Run, conn: psycopg.Connection, place: Workspace, name: str
) -> None:
    one = SITUATIONS[name]
    lead = looked_at(conn, place, one)
    conn.execute("delete from enrollments")  # the box asks what may go, whatever runs
    ref = one.lead.get("phone") or "ann@example.com"
    told: Said = run("may", ref, "--at", one.now.isoformat())
    channel = {"nudge": "sms", "mail": "email", "call": "call"}[one.playbook]
    found = next(c for c in may(conn, place, ref, one.now).channels if c.channel == channel)
    assert found.result in ("hold", "refuse")
    assert may(conn, place, ref, one.now).lead == lead
    words = " ".join(f"{looked.saw} {looked.flip} {looked.cite}" for looked in found.findings)
    for said in one.said:
        assert said in told.out
        assert said in words
