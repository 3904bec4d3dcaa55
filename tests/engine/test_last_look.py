"""What is queued is judged by the rules of the moment at which it goes, not by those of its planning."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import psycopg
import pytest

from tests.builders import a_lead, a_workspace, enrolled, happened, starter_files
from tests.core.simulator import local
from tests.engine.hands import Hands

NEW_YORK = "America/New_York"
#: A text to Pennsylvania was planned; until 17 October 2026 its hours end at 21:00, from the 18th on at 19:00.
PLANNED = local(date(2026, 10, 14), "12:00", NEW_YORK)
NUDGE = """
name: Nudge
owner: {team: sales}
steps:
  nudge: {send: sms, template: demo-times, at: now}
after: close
"""


@pytest.fixture
def hands(conn: psycopg.Connection, dsn: str) -> Hands:
    a_workspace(conn, {"playbooks/nudge.yaml": NUDGE}, now=PLANNED)
    return Hands(conn, dsn, PLANNED)


@pytest.fixture
def lead(hands: Hands) -> UUID:
    place = a_workspace(hands.conn, {"playbooks/nudge.yaml": NUDGE}, now=PLANNED)
    lead = a_lead(hands.conn, place, phone="+12155550123", at=PLANNED)
    enrolled(hands.conn, place, "nudge", lead, at=PLANNED)
    assert hands.tick(lead).touches == 1
    return lead


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        (local(date(2026, 10, 16), "19:30", NEW_YORK), "sent"),
        (local(date(2026, 10, 19), "19:30", NEW_YORK), "held"),
        (local(date(2026, 10, 19), "18:59", NEW_YORK), "sent"),
    ],
    ids=["before the law", "after it, in the evening", "after it, in its hours"],
)
def test_a_law_that_came_into_force_meanwhile_binds_what_was_queued_before_it(
    hands: Hands, lead: UUID, moment: datetime, status: str
) -> None:
    hands.now = moment
    hands.hand_over(lead)
    assert hands.one("select status from touches") == status
    assert len(hands.sms.took) == (status == "sent")


def test_a_touch_that_is_queued_waits_while_a_person_is_on_the_phone_with_the_lead(hands: Hands, lead: UUID) -> None:
    place = a_workspace(hands.conn, {"playbooks/nudge.yaml": NUDGE}, now=PLANNED)
    happened(hands.conn, place, lead, "call.dialled", at=PLANNED, channel="call", data={"call": "c1", "task": "t1"})
    hands.hand_over(lead)
    assert hands.one("select status, reason from touches") == ("held", "human_live")
    assert hands.sms.took == []


def test_hours_that_the_workspace_drew_closer_meanwhile_bind_it_too(hands: Hands, lead: UUID) -> None:
    own = starter_files()["warmline.toml"].replace("[compliance]\n", '[compliance]\nhours = "mon-fri 13:00-14:00"\n')
    a_workspace(hands.conn, {"playbooks/nudge.yaml": NUDGE, "warmline.toml": own}, now=PLANNED)
    hands.dispatcher = hands.a_dispatcher()
    hands.hand_over(lead)
    assert hands.one("select status, reason from touches") == ("held", "quiet_hours")
    assert hands.sms.took == []
