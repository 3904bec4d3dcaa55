"""Cases of the rules that need a story: what a STOP ends and what may follow it, bounces of either side, opens and scanners.

Cases that a number and an instant tell are in tests/rules/test_jurisdictions.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, minutes, starter_files, story
from warmline import rules
from warmline.channels.contract import Signal
from warmline.core.gate import Ask, check
from warmline.core.standing import Asked, facts_of, history_of
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.inbound import receive
from warmline.rules.binding import places_known, policy_of, zones_known
from warmline.store.due import know
from warmline.store.ids import lane_of, new_id, touch_ref
from warmline.store.tasks import open_many
from warmline.store.workspaces import Workspace

PHONE = "+12125550123"
CHANNELS = ("sms", "voicemail", "call", "email")


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, place: Workspace) -> UUID:
    return a_lead(conn, place, phone=PHONE, at=TUESDAY - timedelta(days=1))


def a_workspace_that_keeps_channels_apart(conn: psycopg.Connection) -> Workspace:
    settings = starter_files()["warmline.toml"].replace('opt_out = "all"', 'opt_out = "channel"')
    return a_workspace(conn, {"warmline.toml": settings})


def refused(conn: psycopg.Connection, place: Workspace, lead_id: UUID, now: datetime) -> dict[str, str]:
    """Channel -> the rule that refuses it, "" where none does."""
    known = know(conn, lane_of(lead_id), [lead_id])[lead_id]
    history = history_of("", 0, now, "America/New_York", {}, {}, known.events)
    binding = policy_of(place.config, now.date()).rules(places_known(known))
    found = {}
    for channel in CHANNELS:
        facts = facts_of(known, zones_known(known), history, channel, True, Asked())
        facts.human_live = ""
        verdict = check(Ask(channel, office=False), facts, binding, now)  # type: ignore[arg-type] # one of CHANNELS
        found[channel] = verdict.rule if verdict.result == "refuse" else ""
    return found


def text(
    conn: psycopg.Connection, place: Workspace, words: str, key: str, said: datetime, heard: datetime
) -> list[str]:
    return receive(conn, place, [Signal("inbound", said, sender=PHONE, text=words, key=key)], heard)


def test_case_6_a_stop_by_text_ends_every_channel_and_is_confirmed_once_within_five_minutes(
    conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    assert set(refused(conn, place, lead, TUESDAY).values()) == {""}
    (confirmation,) = text(conn, place, "STOP", "k1", TUESDAY, TUESDAY + minutes(1))
    assert "opted out" in confirmation
    assert text(conn, place, "stop!!", "k2", TUESDAY + minutes(2), TUESDAY + minutes(2)) == []  # never a second
    assert set(refused(conn, place, lead, TUESDAY + minutes(3)).values()) == {"opted_out"}


def test_case_6_a_confirmation_that_would_come_after_six_minutes_is_not_sent(
    conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    assert text(conn, place, "STOP", "k1", TUESDAY, TUESDAY + minutes(6)) == []
    assert "opted.out" in story(conn, lead)


def test_case_6_yes_lifts_nothing_and_a_start_word_is_its_own_proof_for_texts_only(
    conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    text(conn, place, "STOP", "k1", TUESDAY, TUESDAY)
    later = TUESDAY + timedelta(hours=1)
    text(conn, place, "Yes", "k2", later, later)
    assert refused(conn, place, lead, later)["sms"] == "opted_out"
    text(conn, place, "START", "k3", later, later)
    found = refused(conn, place, lead, later + minutes(1))
    assert (found["sms"], found["voicemail"], found["call"], found["email"]) == ("", *["suppressed"] * 3)
    proof = conn.execute("select level, channels, wording_text from consents where source = 'sms'").fetchall()
    assert proof == [("express", ["sms"], "Texted START")]


def sent_mail(conn: psycopg.Connection, place: Workspace, lead: UUID) -> str:
    """A mail that has gone out; its reference."""
    enrolled(conn, place, "pricing", lead)
    conn.execute("update leads set phone = null where id = %s", (lead,))
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    row = conn.execute(
        "update touches set status = 'sent', sent_at = %s, address = 'ann@example.com', provider = 'smtp'"
        " where lead_id = %s and channel = 'email' returning lane, id",
        (TUESDAY, lead),
    ).fetchone()
    assert row is not None
    return touch_ref(*row)


def report(conn: psycopg.Connection, place: Workspace, ref: str, kind: str, **more: Any) -> None:
    receive(conn, place, [Signal(kind, TUESDAY + minutes(5), touch_id=ref, key="r1", **more)], TUESDAY + minutes(5))


@pytest.mark.parametrize(
    ("code", "state", "mail"), [("5.1.1", "bounced", "no_address"), ("5.7.515", "ok", "")], ids=["theirs", "ours"]
)
def test_case_10_a_bounce_for_our_own_fault_leaves_the_lead_and_one_for_the_address_stops_it(
    conn: psycopg.Connection, place: Workspace, lead: UUID, code: str, state: str, mail: str
) -> None:
    classes = rules.provider_errors().classes_by_code()["smtp"]
    report(conn, place, sent_mail(conn, place, lead), "bounced", reason=classes[code], code=code)
    row = conn.execute("select addresses->>email from leads where id = %s", (lead,)).fetchone()
    assert row == (state,)
    assert refused(conn, place, lead, TUESDAY + timedelta(hours=2))["email"] == mail
    assert conn.execute("select status from leads where id = %s", (lead,)).fetchone() == ("open",)


def test_case_11_an_open_alone_and_two_links_at_once_are_no_human_signal(
    conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    ref = sent_mail(conn, place, lead)
    now = TUESDAY + timedelta(seconds=2)
    opened = Signal("opened", now, touch_id=ref, key="o1", data={"agent": "Mozilla/5.0", "ip": "203.0.113.9"})
    clicks = [
        Signal("clicked", now, touch_id=ref, key=f"c{n}", data={"url": f"https://acme.test/{n}", "link": str(n),
               "agent": "Mozilla/5.0", "ip": "203.0.113.9"})
        for n in (1, 2)
    ]  # fmt: skip
    receive(conn, place, [opened, *clicks], now)
    assert "handed.off" not in story(conn, lead)
    assert conn.execute("select status from leads where id = %s", (lead,)).fetchone() == ("open",)


@pytest.mark.parametrize(
    ("day", "ended"), [(datetime(2027, 1, 30, 17, tzinfo=UTC), False), (datetime(2027, 2, 1, 17, tzinfo=UTC), True)]
)
def test_case_12_the_law_that_one_withdrawal_ends_all_flips_on_its_day_where_a_workspace_keeps_channels_apart(
    conn: psycopg.Connection, day: datetime, ended: bool
) -> None:
    place = a_workspace_that_keeps_channels_apart(conn)
    lead = a_lead(conn, place, phone=PHONE, at=day - timedelta(days=1))
    text(conn, place, "STOP", "k1", day, day)
    found = refused(conn, place, lead, day + minutes(1))
    assert found["sms"]
    assert found["voicemail"]
    assert found["call"]
    assert bool(found["email"]) is ended
    assert ("opted_out",) * ended == tuple(
        status for (status,) in conn.execute("select status from leads where status = 'opted_out'").fetchall()
    )


def test_by_default_one_withdrawal_ends_all_on_every_day(
    conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    text(conn, place, "STOP", "k1", TUESDAY, TUESDAY)
    assert set(refused(conn, place, lead, TUESDAY + minutes(1)).values()) == {"opted_out"}


def test_where_channels_are_kept_apart_the_playbook_goes_on_with_the_others(conn: psycopg.Connection) -> None:
    place = a_workspace_that_keeps_channels_apart(conn)
    lead = a_lead(conn, place, phone=PHONE)
    enrolled(conn, place, "pricing", lead)
    text(conn, place, "STOP", "k1", TUESDAY, TUESDAY)
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    rows = conn.execute("select channel, status from touches where lead_id = %s", (lead,)).fetchall()
    assert rows == [("email", "queued")]
    assert conn.execute("select status from leads where id = %s", (lead,)).fetchone() == ("open",)


def test_where_channels_are_kept_apart_what_a_person_was_told_ends_all_as_the_page_says(
    conn: psycopg.Connection,
) -> None:
    place = a_workspace_that_keeps_channels_apart(conn)
    lead = a_lead(conn, place, phone=PHONE)
    enrolled(conn, place, "pricing", lead)
    acts.opt_out(conn, place, lane_of(lead), lead, "sam", TUESDAY, evidence="Leave me alone, on the phone")
    assert set(refused(conn, place, lead, TUESDAY + minutes(1)).values()) == {"opted_out"}
    assert conn.execute("select status from leads").fetchall() == [("opted_out",)]
    assert conn.execute("select status from enrollments").fetchall() == [("ended",)]


@pytest.mark.parametrize(
    ("sender", "said", "left"),
    [(PHONE, "STOP", {"review"}), ("ann@example.com", "unsubscribe", {"call", "review"})],
    ids=["by text", "by mail"],
)
def test_where_channels_are_kept_apart_an_opt_out_ends_the_reading_of_a_doubtful_reply_and_the_calls_that_it_names(
    conn: psycopg.Connection, sender: str, said: str, left: set[str]
) -> None:
    place = a_workspace_that_keeps_channels_apart(conn)
    lead = a_lead(conn, place, phone=PHONE)
    enrolled(conn, place, "pricing", lead)
    text(conn, place, "Not interested", "k1", TUESDAY, TUESDAY)
    row = {"id": new_id(), "lane": lane_of(lead), "lead_id": lead, "workspace_id": place.id, "kind": "call",
           "title": "Call Ann", "due_at": TUESDAY, "opened_at": TUESDAY}  # fmt: skip
    open_many(conn, [row])
    now = TUESDAY + minutes(2)
    receive(conn, place, [Signal("inbound", now, sender=sender, text=said, key="k2")], now)
    # The doubt has frozen the playbook: without a task nobody would hand the lead back to it.
    rows = conn.execute("select kind from tasks where lead_id = %s and status = 'open'", (lead,)).fetchall()
    assert {kind for (kind,) in rows} == left
