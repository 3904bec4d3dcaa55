"""Erasing a lead: nothing that tells who it was is left in any table, and its wish outlives it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from tests.builders import TUESDAY, a_lead, a_workspace
from tests.intake.test_accept import INQUIRY, WRITTEN, a_submission, take
from tests.waiting import PATIENCE, held_up
from warmline.channels.contract import Signal
from warmline.core.tokens import PREFIX
from warmline.engine.catalog import Catalog
from warmline.engine.seal import seal_all
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.case import NoSuchLeadError
from warmline.intake.erased import in_force
from warmline.intake.forget import forget
from warmline.intake.inbound import receive
from warmline.store import address_owners, ledger, quarantine
from warmline.store.ids import lane_of, touch_ref
from warmline.store.orphans import count_orphans
from warmline.store.workspaces import Workspace

LATER = TUESDAY + timedelta(days=1)
TYPED = {"name": "Zelda Quux", "phone": "(212) 555-0123", "email": "Zelda@Example.com", "hobby": "falconry"}


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def everything(conn: psycopg.Connection) -> str:
    """Every row of every table, as text."""
    tables = conn.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    ).fetchall()
    return "\n".join(
        str(row) for (table,) in tables for row in conn.execute(f"select t::text from {table} t".encode()).fetchall()
    )


def erased(conn: psycopg.Connection, place: Workspace, *, opted_out: bool) -> UUID:
    lead = take(conn, place, a_submission(**TYPED))[0].lead
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    acts.add_note(conn, place, lane_of(lead), lead, "sam", TUESDAY, note="Zelda likes falconry")
    if opted_out:
        acts.opt_out(conn, place, lane_of(lead), lead, "sam", TUESDAY, evidence="Zelda says stop")
    seal_all(conn, lambda: TUESDAY)
    forget(conn, place, lead, "kim", LATER)
    return lead


@pytest.mark.parametrize("opted_out", [True, False])
def test_no_table_holds_the_person_any_more_and_the_ledger_is_whole(
    conn: psycopg.Connection, place: Workspace, opted_out: bool
) -> None:
    lead = erased(conn, place, opted_out=opted_out)
    left = everything(conn).lower()
    for said in ("zelda", "quux", "falconry", "2125550123", "zelda@example.com", "203.0.113.9"):
        assert said not in left, said
    assert ledger.verify(conn).broken == ()
    seal_all(conn, lambda: LATER)
    assert ledger.verify(conn).is_whole
    assert count_orphans(conn, place.id) == 0
    rows = conn.execute("select level, at from consents where lead_id = %s", (lead,)).fetchall()
    assert sorted(level for level, _ in rows) == ["express_written", "inquiry"]


def test_the_address_that_comes_in_again_is_suppressed_from_the_first_moment(
    conn: psycopg.Connection, place: Workspace
) -> None:
    erased(conn, place, opted_out=True)
    again = replace(a_submission(**TYPED), consents=(INQUIRY,))
    new = take(conn, place, again, at=LATER + timedelta(days=400))[0]
    assert new.reason == "opted_out"
    values = {value for (value,) in conn.execute("select value from suppressions where lifted_at is null").fetchall()}
    assert {"+12125550123", "zelda@example.com"} <= values
    assert {value for value in values if value.startswith(PREFIX)}


def test_new_written_consent_of_its_own_lifts_what_stood_under_the_token(
    conn: psycopg.Connection, place: Workspace
) -> None:
    erased(conn, place, opted_out=False)
    all_channels = replace(WRITTEN, channels=("sms", "voicemail", "email", "call"))
    new = take(conn, place, replace(a_submission(**TYPED), consents=(all_channels,)), at=LATER)[0]
    assert new.playbook == "pricing"
    assert conn.execute("select count(*) from suppressions where lifted_at is null").fetchone() == (0,)


def test_an_address_written_down_by_hand_is_known_again_too(conn: psycopg.Connection, place: Workspace) -> None:
    erased(conn, place, opted_out=True)
    other = a_lead(conn, place, phone="+13035550111", email="bo@example.com")
    acts.correct_address(conn, place, lane_of(other), other, "sam", LATER, address="zelda@example.com")
    assert conn.execute(
        "select reason from suppressions where value = 'zelda@example.com' and lifted_at is null"
    ).fetchall() == [("opted_out",)]


def test_a_token_of_one_workspace_says_nothing_in_another(conn: psycopg.Connection, place: Workspace) -> None:
    erased(conn, place, opted_out=True)
    other = a_workspace(conn, name="Other")
    assert take(conn, other, a_submission(**TYPED), at=LATER)[0].playbook == "pricing"
    with pytest.raises(NoSuchLeadError):
        forget(conn, other, erased(conn, place, opted_out=False), "kim", LATER)


# --- a lead that was merged -----------------------------------------------------------------------------------------------


@pytest.fixture
def parts(conn: psycopg.Connection, place: Workspace) -> list[UUID]:
    """Three leads that became one, by two merges: the first became a part of the second, the second of the third."""
    first = take(conn, place, a_submission(**TYPED))[0].lead
    tick(conn, lane_of(first), TUESDAY, Catalog(conn))
    conn.execute(
        "update touches set status = 'sent', address = '+12125550123', body = 'Hi Zelda', sent_at = %s", (TUESDAY,)
    )
    second = a_lead(conn, place, phone="+12125550177", email=None, first_name="Zelda", last_name="Quux")
    third = a_lead(conn, place, phone=None, email="zelda@work.example", first_name="Zelda", last_name="Quux")
    seal_all(conn, lambda: TUESDAY)
    acts.merge(conn, place, second, first, "kim", TUESDAY)
    acts.merge(conn, place, third, second, "kim", TUESDAY)
    return [first, second, third]


@pytest.mark.parametrize("named", [0, 1, 2])
def test_all_that_was_merged_is_erased_together_whichever_part_is_named(
    conn: psycopg.Connection, place: Workspace, parts: list[UUID], named: int
) -> None:
    assert forget(conn, place, parts[named], "kim", LATER) == 4
    left = everything(conn).lower()
    for said in ("zelda", "quux", "falconry", "2125550123", "2125550177", "example.com", "work.example", "203.0.113.9"):
        assert said not in left, said
    seal_all(conn, lambda: LATER)
    assert ledger.verify(conn).is_whole
    assert conn.execute("select count(*) from events where kind = 'erased'").fetchone() == (3,)
    assert count_orphans(conn, place.id) == 0


def test_a_part_that_an_erasure_of_long_ago_left_behind_can_still_be_named(
    conn: psycopg.Connection, place: Workspace, parts: list[UUID]
) -> None:
    first, _, third = parts
    conn.execute("update events set data = '{}' where kind = 'merged' and lead_id = %s", (third,))
    forget(conn, place, first, "kim", LATER)
    assert "zelda" not in everything(conn).lower()


# --- what comes at the same time or afterwards ----------------------------------------------------------------------------


def erased_while_it_waits(conn: psycopg.Connection, dsn: str, place: Workspace, lead: UUID, signal: Signal) -> None:
    conn.execute("begin")
    forget(conn, place, lead, "kim", LATER)
    with held_up(conn, dsn, lambda own: receive(own, place, [signal], LATER)) as done:
        conn.execute("commit")
        done.result(timeout=PATIENCE)


def test_a_stop_that_waits_for_a_lead_which_is_erased_is_in_force_for_its_number_as_the_erasure_is(
    conn: psycopg.Connection, dsn: str, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    erased_while_it_waits(
        conn, dsn, place, lead, Signal("inbound", LATER, sender="+12125550123", text="STOP", key="k1")
    )
    assert in_force(conn, place, {"+12125550123"})
    assert "2125550123" not in everything(conn)
    assert conn.execute("select kind from events where lead_id = %s", (lead,)).fetchall() == [("erased",)]


def test_a_complaint_that_waits_for_a_lead_which_is_erased_writes_its_address_down_nowhere(
    conn: psycopg.Connection, dsn: str, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    complaint = Signal("unsubscribed", LATER, sender="ann@example.com", key="k1", data={"how": "complaint"})
    erased_while_it_waits(conn, dsn, place, lead, complaint)
    assert in_force(conn, place, {"ann@example.com"})
    assert "ann@example.com" not in everything(conn)
    assert conn.execute("select kind from events where lead_id = %s", (lead,)).fetchall() == [("erased",)]


def test_a_voicemail_that_waits_for_a_lead_which_is_erased_is_one_of_somebody_unknown(
    conn: psycopg.Connection, dsn: str, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    voicemail = Signal("voicemail", LATER, sender="+12125550123", key="k1", data={"recording": "RE1", "seconds": "8"})
    erased_while_it_waits(conn, dsn, place, lead, voicemail)
    assert conn.execute("select kind from events where lead_id = %s", (lead,)).fetchall() == [("erased",)]
    assert conn.execute("select status from leads").fetchall() == [("closed",)]
    assert conn.execute("select door from quarantine").fetchall() == [("signal:voicemail",)]


def test_an_erasure_that_waits_for_an_address_does_not_hold_the_lead(
    conn: psycopg.Connection, dsn: str, place: Workspace
) -> None:
    """Addresses before leads, as intake takes them: else the two wait for each other."""
    lead = a_lead(conn, place)
    conn.execute("begin")
    address_owners.hold(conn, place.id, ["ann@example.com"])
    with held_up(conn, dsn, lambda own: forget(own, place, lead, "kim", LATER)) as done:
        conn.execute("select from leads where id = %s for update nowait", (lead,))
        conn.execute("commit")
        assert done.result(timeout=PATIENCE) == 2


def test_an_erasure_that_waits_for_the_ledger_holds_no_suppression(
    conn: psycopg.Connection, dsn: str, place: Workspace
) -> None:
    """Who seals takes the chain first and the suppressions then: else the two wait for each other."""
    lead = a_lead(conn, place)
    acts.opt_out(conn, place, lane_of(lead), lead, "sam", TUESDAY, evidence="stop")
    conn.execute("begin")
    ledger.hold(conn, ledger.FIRST_LANE)
    with held_up(conn, dsn, lambda own: forget(own, place, lead, "kim", LATER)) as done:
        conn.execute("select from suppressions for update nowait")
        conn.execute("commit")
        done.result(timeout=PATIENCE)
    seal_all(conn, lambda: LATER)
    assert ledger.verify(conn).is_whole


@pytest.mark.parametrize("kind", ["delayed", "failed"])
def test_what_a_provider_tells_in_its_own_words_afterwards_is_not_written_down(
    conn: psycopg.Connection, place: Workspace, parts: list[UUID], kind: str
) -> None:
    row = conn.execute("select lane, id from touches").fetchone()
    assert row is not None
    forget(conn, place, parts[0], "kim", LATER)
    told = Signal(kind, LATER, touch_ref(*row), key="k1", reason="unknown", code="550", text="No such user: Zelda")
    receive(conn, place, [told], LATER)
    assert "zelda" not in everything(conn).lower()


def a_visit(kind: str, ref: str) -> Signal:
    data = {"url": "https://acme.test/x", "link": "0", "user_agent": "Mozilla/5.0 Zelda", "ip": "203.0.113.9"}
    return Signal(kind, LATER, ref, key=f"{kind}:{ref}:0", data=data)


@pytest.mark.parametrize("kind", ["opened", "clicked", "unsubscribed"])
def test_what_is_done_with_an_old_mail_afterwards_is_not_written_down(
    conn: psycopg.Connection, place: Workspace, parts: list[UUID], kind: str
) -> None:
    row = conn.execute("select lane, id from touches").fetchone()
    assert row is not None
    forget(conn, place, parts[0], "kim", LATER)
    before = everything(conn)
    receive(conn, place, [a_visit(kind, touch_ref(*row))], LATER)
    assert everything(conn) == before


def test_an_answer_to_an_old_mail_afterwards_is_one_of_somebody_unknown(
    conn: psycopg.Connection, place: Workspace, parts: list[UUID]
) -> None:
    row = conn.execute("select lane, id from touches").fetchone()
    assert row is not None
    forget(conn, place, parts[0], "kim", LATER)
    told = Signal("inbound", LATER, touch_ref(*row), key="m1", sender="new@example.com", text="Hello again")
    receive(conn, place, [told], LATER)
    assert conn.execute("select reason from quarantine").fetchall() == [
        ("No lead has the address 'new@example.com', and no source lists this text as a keyword.",)
    ]
    assert conn.execute("select count(*) from tasks where status = 'open'").fetchone() == (0,)
    assert conn.execute("select status from leads").fetchall() == [("closed",)] * len(parts)


def test_a_stop_of_somebody_who_was_erased_writes_the_address_down_nowhere(
    conn: psycopg.Connection, place: Workspace
) -> None:
    erased(conn, place, opted_out=False)
    before = everything(conn)
    receive(conn, place, [Signal("inbound", LATER, key="s1", sender="+12125550123", text="STOP")], LATER)
    assert everything(conn) == before


def test_what_waits_in_quarantine_and_names_the_person_is_emptied_and_other_items_are_not(
    conn: psycopg.Connection, place: Workspace
) -> None:
    def keep(body: str, reason: str = "unread") -> UUID:
        return quarantine.keep(conn, place.id, "source:pricing", reason, body, "text/plain", {}, TUESDAY)

    named = [keep("call (212) 555-0123"), keep("x", "No lead has '+12125550123'"), keep("email=ZELDA%40example.com")]
    other = keep("call (212) 555-0124, zelda@example.comb")
    quarantine.settle(conn, named[0], "replayed", "kim", TUESDAY)
    erased(conn, place, opted_out=False)
    rows = dict(conn.execute("select id, (status, reason, body)::text from quarantine").fetchall())
    assert [rows[one] for one in named] == ['(replayed,erased,"")', *['(dismissed,erased,"")'] * 2]
    assert "555-0124" in rows[other]
    assert rows[other].startswith("(open,")
