"""Tables that can be spread over a cluster: every key holds the lane, and every statement that works names one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from tests.twin import lane_tables, lanes_touched, spread

HOUSE = Path(__file__).parents[2]
#: What works on leads: intake, what providers and people do, the tick, handing over, receipts, rescue.
TESTS = ("tests/intake/test_accept.py", "tests/intake/test_inbound.py", "tests/intake/test_acts.py",
         "tests/engine/test_tick.py",
         "tests/engine/test_dispatch.py", "tests/engine/test_dispatch_of_many.py", "tests/engine/test_dispatch_process.py",
         "tests/engine/test_rescue.py", "tests/engine/test_loop.py", "tests/store/test_due.py",
         "tests/store/test_touches.py", "tests/store/test_writes.py", "tests/insight/test_replay.py",
         "tests/store/test_ledger.py", "tests/intake/test_contact.py", "tests/intake/test_forget.py",
         "tests/intake/test_unread.py", "tests/engine/test_numbers.py", "tests/intake/test_lost_calls.py",
         "tests/intake/test_merge.py", "tests/intake/test_visits.py")  # fmt: skip


def test_every_unique_key_of_a_leads_rows_holds_the_lane(conn: psycopg.Connection) -> None:
    rows = conn.execute(
        """
        select indrelid::regclass::text, indexrelid::regclass::text,
          exists (select from pg_attribute a where a.attrelid = indrelid and a.attnum = any(indkey) and a.attname = 'lane')
        from pg_index where indisunique and indrelid = any(%s::regclass[])
        """,
        (lane_tables(conn),),
    ).fetchall()
    assert {table for table, _, _ in rows} == set(lane_tables(conn)), "each has a key at all"
    assert [index for _, index, has in rows if not has] == []


def test_nothing_that_a_cluster_refuses_is_used(conn: psycopg.Connection) -> None:
    """No triggers, and no foreign key of a lead's rows: they would have to reach another shard."""
    tables = lane_tables(conn)
    assert conn.execute(
        "select count(*) from pg_trigger where tgrelid = any(%s::regclass[])", (tables,)
    ).fetchone() == (0,)
    keys = conn.execute(
        "select conname from pg_constraint where contype = 'f' and conrelid = any(%s::regclass[])", (tables,)
    ).fetchall()
    assert keys == []


def test_the_twin_tells_one_lane_from_several(conn: psycopg.Connection) -> None:
    assert "enrollments" in spread(conn)
    one = "select id from enrollments where lane = %s and status = 'running' order by due_at limit 5 for update skip locked"
    assert lanes_touched(conn, one, (3,)) == set()
    several = "select id from enrollments where lane = any(%s) for update skip locked"
    assert lanes_touched(conn, several, ([3, 4],)) == {"enrollments"}
    joined = "update leads l set status = 'won' from (values (1::smallint), (2)) w (lane) where l.lane = w.lane"
    assert lanes_touched(conn, joined, None) == {"leads"}
    assert lanes_touched(conn, "delete from touches where id = gen_random_uuid()", None) == {"touches"}
    each = "(select lane from tasks where lane = 1 limit 1) union all (select lane from tasks where lane = 2 limit 1)"
    assert lanes_touched(conn, each, None) == set()


@pytest.mark.long
def test_every_statement_that_works_on_leads_names_one_lane(tmp_path: Path) -> None:
    """The statements that the product sends under its own tests, each explained on tables that are partitioned by lane."""
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.twin", "-p", "no:cacheprovider", "-q", "-m", "not slow and not long",
         *TESTS],
        cwd=HOUSE, env={**os.environ, "WARMLINE_TWIN_REPORT": str(report)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found = json.loads(report.read_text())
    senders = Counter(sender.partition(":")[0] for sender in found["seen"])
    print(f"\n{len(found['seen'])} statements on leads' tables, from {dict(senders)}")  # noqa: T201 - to be read
    for name in (
        "due",
        "touches",
        "writes",
        "events",
        "leads",
        "address_owners",
        "enrollments",
        "receipts",
        "tasks",
        "stops",
    ):
        assert senders[f"store/{name}.py"], f"nothing of store/{name}.py was sent"
    assert found["wide"] == {}
