"""Clicks that wait to be judged: durable, told once, and nothing planned goes out while they wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, story
from tests.intake.test_inbound import a_touch, one
from warmline.channels.contract import Signal
from warmline.core.visits import HIDDEN, HOLD
from warmline.intake import visits
from warmline.intake.inbound import receive
from warmline.intake.visits import TRY_AGAIN, settle_due
from warmline.store.connect import connect
from warmline.store.events import NewEvent, append
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

BROWSER = {
    "method": "GET", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "accept": "text/html", "languages": "en", "ip": "198.51.100.7",
}  # fmt: skip
SCANNER = {**BROWSER, "ip": "203.0.113.40"}


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    lead_id = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead_id)
    return lead_id


@pytest.fixture
def mail(conn: psycopg.Connection, lead: UUID) -> str:
    """Sent on Tuesday at half past ten."""
    return a_touch(conn, lead, channel="email")


def after(seconds: float) -> datetime:
    return TUESDAY + timedelta(seconds=seconds)


def click(
    conn: psycopg.Connection, workspace: Workspace, mail: str, seconds: float, link: int | str = 0,
    who: dict[str, str] = BROWSER, **more: str,
) -> None:  # fmt: skip
    data = {"url": "https://acme.test/a", "link": str(link), **who, **more}
    signal = Signal("clicked", after(seconds), touch_id=mail, key=f"click:{mail}:{link}", data=data)
    receive(conn, workspace, [signal], after(seconds))


def told(conn: psycopg.Connection) -> list[str | None]:
    rows = conn.execute("select data->>'automated' from events where kind = 'clicked' order by seq").fetchall()
    return [mark for (mark,) in rows]


def test_an_early_click_waits_and_counts_when_nothing_spoke_against_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    click(conn, workspace, mail, 60)
    assert told(conn) == []
    assert settle_due(conn, after(69)) == 0
    assert settle_due(conn, after(70)) == 1
    assert told(conn) == [None]
    assert one(conn, "select data->>'visited_at' from events where kind = 'clicked'") == after(60).isoformat()
    assert one(conn, "select count(*) from doubtful_clicks") == 0
    assert settle_due(conn, after(80)) == 0


def test_a_late_click_counts_at_once(conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str) -> None:
    click(conn, workspace, mail, 3600)
    assert told(conn) == [None]


def test_late_is_counted_from_the_delivery_where_that_is_known(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    receive(conn, workspace, [Signal("delivered", after(3590), touch_id=mail, key="d")], after(3590))
    click(conn, workspace, mail, 3600)
    assert told(conn) == []


def test_a_click_is_judged_by_when_the_mail_was_delivered_and_not_by_when_we_heard_of_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    delivered = Signal("delivered", after(5), touch_id=mail, key="d")
    clicked = [
        Signal("clicked", after(1200 + number), touch_id=mail, key=f"c{number}", data={**BROWSER, "link": str(number)})
        for number in range(2)
    ]
    receive(conn, workspace, [delivered, *clicked], after(1800))
    assert told(conn) == [None, "burst"]


def test_a_delivery_that_is_reported_later_than_the_click_says_nothing_of_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    receive(conn, workspace, [Signal("delivered", after(1800), touch_id=mail, key="d")], after(1800))
    data = {**BROWSER, "link": "a"}
    receive(conn, workspace, [Signal("clicked", after(1200), touch_id=mail, key="c", data=data)], after(1800))
    assert told(conn) == [None]


def test_what_is_planned_waits_for_the_judgement(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    a_touch(conn, lead, "queued", "sms", step="nudge")
    click(conn, workspace, mail, 60)
    until = after(60) + HOLD
    assert one(conn, "select ready_at from touches where status = 'queued'") == until
    assert one(conn, "select due_at from enrollments where status = 'running'") == until


def test_what_else_is_told_meanwhile_does_not_cut_the_judgement_short(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    click(conn, workspace, mail, 60)
    until = after(60) + HOLD
    text = a_touch(conn, lead, "sending", "sms", step="nudge")
    receive(conn, workspace, [Signal("delivered", after(62), touch_id=text, key="d")], after(62))
    assert one(conn, "select due_at from enrollments where status = 'running'") == until
    told = NewEvent(lane=lane_of(lead), lead_id=lead, workspace_id=workspace.id, kind="touch.sent", at=after(63))
    append(conn, [told], after(63))
    assert one(conn, "select due_at from enrollments where status = 'running'") == until
    receive(conn, workspace, [Signal("delivered", until, touch_id=mail, key="m")], until)
    assert one(conn, "select due_at from enrollments where status = 'running'") == until


def test_a_click_that_can_not_be_told_for_long_keeps_no_lead_from_being_looked_at(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    click(conn, workspace, mail, 60)
    conn.execute("update doubtful_clicks set counts_at = %s", (after(60) + TRY_AGAIN,))
    receive(conn, workspace, [Signal("delivered", after(65), touch_id=mail, key="m")], after(65))
    assert one(conn, "select due_at from enrollments where status = 'running'") == after(65)


def test_a_scan_of_all_links_hands_nobody_over_and_the_person_after_it_does(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    for number in range(3):
        click(conn, workspace, mail, 2.1 + number / 10, number, SCANNER)
    settle_due(conn, after(60))
    assert told(conn) == ["burst"] * 3
    assert one(conn, "select count(*) from tasks") == 0
    click(conn, workspace, mail, 300)
    settle_due(conn, after(311))
    assert told(conn) == ["burst"] * 3 + [None]
    assert one(conn, "select kind, status from tasks") == ("hand_off", "open")
    assert one(conn, "select status from leads") == "handed_off"


def test_the_hidden_link_gives_away_what_came_before_and_after_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    click(conn, workspace, mail, 60, 0, SCANNER)
    click(conn, workspace, mail, 66, HIDDEN, SCANNER)
    click(conn, workspace, mail, 120, 1, SCANNER)
    click(conn, workspace, mail, 125, 1, BROWSER | {"user_agent": BROWSER["user_agent"] + " Other"})
    settle_due(conn, after(200))
    assert told(conn) == ["hidden_link"] * 3 + [None]


def test_the_person_at_the_link_that_a_scanner_has_in_doubt_is_a_doubt_of_its_own(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    click(conn, workspace, mail, 60, 0, SCANNER)
    click(conn, workspace, mail, 64, 0, BROWSER)
    click(conn, workspace, mail, 64.5, 0, BROWSER)
    assert one(conn, "select count(*) from doubtful_clicks") == 2
    settle_due(conn, after(100))
    assert told(conn) == [None]  # one link, one person: the second visit is the same event


def test_a_second_click_on_the_same_link_is_the_same_event_and_no_second_hand_over(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    for seconds in (3600, 3700, 3800):
        click(conn, workspace, mail, seconds)
    assert told(conn) == [None]
    assert one(conn, "select note from tasks").count("Clicked") == 1


def test_a_provider_that_tells_a_click_twice_is_heard_once(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    data = {"ip": "203.0.113.9", "url": "https://a.test", "link": "https://a.test", "told_by": "provider"}
    for agent in ("curl/8", BROWSER["user_agent"]):
        signal = Signal(
            "clicked", after(3600), touch_id=mail, key="sendgrid:e1:clicked", data=data | {"user_agent": agent}
        )
        receive(conn, workspace, [signal], after(3600))
    assert told(conn) == ["robot"]


def test_two_engines_settle_a_click_once(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str, dsn: str
) -> None:
    for number in range(8):
        click(conn, workspace, mail, 60 + 10.5 * number, number)

    def settle(_: int) -> int:
        with connect(dsn) as own:
            return settle_due(own, after(600))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(settle, range(4)))
    assert told(conn) == [None] * 8
    assert one(conn, "select count(*) from doubtful_clicks") == 0


def test_a_click_that_cannot_be_told_holds_up_no_other_and_is_tried_again(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    click(conn, workspace, mail, 60, 0)
    click(conn, workspace, mail, 75, 1)
    real, failing = visits._tell_of, iter([True])

    def broken(*given: Any) -> None:
        if next(failing, False):
            raise ValueError("a bug")
        real(*given)

    monkeypatch.setattr(visits, "_tell_of", broken)
    assert settle_due(conn, after(100)) == 2
    assert told(conn) == [None]
    assert one(conn, "select counts_at from doubtful_clicks") == after(100) + TRY_AGAIN
    settle_due(conn, after(100) + TRY_AGAIN)
    assert told(conn) == [None, None]


def test_a_doubt_about_a_lead_that_is_gone_goes_too(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    click(conn, workspace, mail, 60)
    conn.execute("delete from leads where lane = %s and id = %s", (lane_of(lead), lead))
    settle_due(conn, after(100))
    assert one(conn, "select count(*) from doubtful_clicks") == 0
    assert "clicked" not in story(conn, lead)


def test_an_open_is_told_at_once_and_a_scanners_hidden_click_marks_the_opens_after_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, mail: str
) -> None:
    click(conn, workspace, mail, 60, HIDDEN, SCANNER)
    for seconds, who, key in ((65, SCANNER, "open"), (70, BROWSER | {"user_agent": "Thunderbird"}, "open")):
        receive(conn, workspace, [Signal("opened", after(seconds), touch_id=mail, key=key, data=who)], after(seconds))
    marks = conn.execute("select data->>'automated' from events where kind = 'opened' order by seq").fetchall()
    assert marks == [("hidden_link",), (None,)]
