"""The ledger: whatever is changed, removed or slipped in shows, and so does a chain that was written anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace
from warmline.core.ledger import Head
from warmline.engine.seal import seal_all
from warmline.store import ledger, suppressions
from warmline.store.connect import connect
from warmline.store.ids import lane_of, new_id


def sealed(conn: psycopg.Connection, leads: int = 6) -> None:
    """Some leads with four proofs each, and three suppressions of which one was lifted, all of it in the ledger."""
    place = a_workspace(conn)
    for number in range(leads):
        a_lead(conn, place, phone=f"+1212555{1000 + number}", email=f"ann{number}@example.com")
    rows = [
        {
            "id": new_id(), "workspace_id": place.id, "scope": "address", "value": f"+1303555{1000 + number}",
            "channels": [], "reason": "opted_out", "evidence": "STOP", "at": TUESDAY,
        }
        for number in range(3)
    ]  # fmt: skip
    suppressions.add(conn, rows)
    suppressions.lift(conn, [{"id": rows[0]["id"], "why": "a new form"}], TUESDAY + timedelta(days=1))
    seal_all(conn, lambda: TUESDAY + timedelta(days=2))


def broken(conn: psycopg.Connection, heads: tuple[Head, ...] = ()) -> list[str]:
    return [one.what for one in ledger.verify(conn, heads).broken]


def test_what_nobody_touched_is_whole(conn: psycopg.Connection) -> None:
    sealed(conn)
    found = ledger.verify(conn)
    assert found.is_whole
    assert (found.records, found.unsealed) == (24 + 3, 0)
    assert found.entries == 24 + 3 + 1
    assert ledger.lanes_unsealed(conn) == []
    assert seal_all(conn, lambda: TUESDAY) == 0


def test_what_came_in_just_now_is_counted_apart_and_sealed_next(conn: psycopg.Connection) -> None:
    sealed(conn)
    place = a_workspace(conn)
    a_lead(conn, place, phone="+12125559999")
    assert ledger.verify(conn).unsealed == 4
    assert seal_all(conn, lambda: TUESDAY) == 4
    assert (ledger.verify(conn).unsealed, ledger.verify(conn).is_whole) == (0, True)


@pytest.mark.parametrize(
    "tampering",
    [
        "update consents set level = 'express_written' where id = (select id from consents where level = 'inquiry' limit 1)",
        "update consents set wording_text = wording_text || ' and calls' where id = (select id from consents limit 1)",
        "update consents set at = at - interval '1 microsecond' where id = (select id from consents limit 1)",
        "update consents set phone = '+12125550000' where id = (select id from consents limit 1)",
        "update suppressions set evidence = '' where id = (select id from suppressions where lifted_at is null limit 1)",
        "update suppressions set lifted_at = null, lifted_why = '' where lifted_at is not null",
        "update suppressions set lifted_at = null, lifted_why = '', sealed = 1 where lifted_at is not null",
        "update suppressions set lifted_why = 'another reason' where lifted_at is not null",
        "update ledger set digest = sha256('x') where (lane, number) = (select lane, number from ledger limit 1)",
        "update ledger set at = at + interval '1 second' where (lane, number) = (select lane, number from ledger limit 1)",
    ],
)
def test_whatever_is_changed_shows(conn: psycopg.Connection, tampering: str) -> None:
    sealed(conn)
    conn.execute(tampering)  # type: ignore[call-overload]
    assert any("changed" in what for what in broken(conn))


def test_whatever_is_removed_shows_and_so_does_its_entry(conn: psycopg.Connection) -> None:
    sealed(conn)
    conn.execute("delete from consents where id = (select id from consents limit 1)")
    assert [what.rpartition(": ")[2] for what in broken(conn)] == ["removed"]
    conn.execute(
        "delete from ledger l where not exists (select from consents c where c.id = l.record_id)"
        " and not exists (select from suppressions s where s.id = l.record_id)"
    )
    # An entry taken out of the middle leaves a gap. The last one of a chain leaves none: a head kept elsewhere does.
    conn.execute("delete from ledger where number = 1 and lane = (select lane from ledger where number = 2 limit 1)")
    assert "entry 1 of the chain: removed" in broken(conn)


def test_a_proof_that_only_says_it_was_sealed_was_slipped_in(conn: psycopg.Connection) -> None:
    sealed(conn)
    conn.execute(
        "insert into consents (lane, id, lead_id, workspace_id, level, channels, at, sealed)"
        " select lane, %s, lead_id, workspace_id, 'express_written', channels, at, true from consents limit 1",
        (new_id(),),
    )
    assert [what.rpartition(": ")[2] for what in broken(conn)] == ["slipped in"]


def test_a_chain_written_anew_shows_against_a_head_that_was_kept_elsewhere(conn: psycopg.Connection) -> None:
    sealed(conn)
    heads = ledger.verify(conn).heads
    assert broken(conn, heads) == []
    lane = heads[-1].lane
    conn.execute("update consents set level = 'express_written' where lane = %s", (lane,))
    conn.execute("delete from ledger where lane = %s", (lane,))
    conn.execute("update consents set sealed = false where lane = %s", (lane,))
    conn.execute("update suppressions set sealed = 0")
    conn.execute("delete from ledger where lane = %s", (ledger.FIRST_LANE,))
    conn.execute("update consents set sealed = false where lane = %s", (ledger.FIRST_LANE,))
    seal_all(conn, lambda: TUESDAY + timedelta(days=2, seconds=1))
    assert broken(conn) == []
    assert any("written anew" in what for what in broken(conn, heads))
    conn.execute("delete from ledger where lane = %s and number = %s", (lane, heads[-1].number))
    assert any("not there any more" in what for what in broken(conn, heads))


def test_processes_that_seal_at_once_make_one_chain_without_a_gap(conn: psycopg.Connection, dsn: str) -> None:
    place = a_workspace(conn)
    for number in range(40):
        a_lead(conn, place, phone=f"+1212555{1000 + number}")

    def seal(_: int) -> None:
        with connect(dsn, "warmline seal") as own:
            for _again in range(40):
                for lane in ledger.lanes_unsealed(own):
                    ledger.seal(own, lane, TUESDAY, limit=1)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(seal, range(3))) == [None] * 3
    seal_all(conn, lambda: TUESDAY)
    found = ledger.verify(conn)
    assert (found.is_whole, found.entries, found.unsealed) == (True, 160, 0)


def test_the_records_of_a_lane_stand_in_its_own_chain(conn: psycopg.Connection) -> None:
    sealed(conn)
    rows = conn.execute("select l.lane, c.lead_id from ledger l join consents c on c.id = l.record_id").fetchall()
    assert rows
    assert all(lane == lane_of(lead_id) for lane, lead_id in rows)
