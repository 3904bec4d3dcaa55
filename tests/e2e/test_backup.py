"""A backup taken while leads come in, put back in another folder: whole, held, and then the live one that repeats nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from tests.far_ends.ports import closed_port
from warmline.machine.postgres import Postgres
from warmline.store import snapshots
from warmline.store.connect import connect
from warmline.store.orphans import count_orphans

from .support import PATIENCE, WARMLINE, Machine, answers, until
from .traffic import House, a_house_at_work, post

#: Rows that are only ever added: what the backup has of them, the original has too.
LEDGERS = ("events", "decisions", "consents", "address_owners", "playbook_versions")


@pytest.fixture
def copy() -> Iterator[Path]:
    """A folder for the copy: a short path that every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder / "acme"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_backup_taken_under_load_is_put_back_whole_and_goes_on_without_repeating_anything(
    dsn: str, tmp_path: Path, copy: Path
) -> None:
    file = tmp_path / "acme.warmline"
    with a_house_at_work(tmp_path, dsn) as house, house.machine.explained():
        with house.leads():
            until(lambda: len(house.answered) >= 20 and len(house.arrived()) >= 20, PATIENCE, "the house is at work")
            before = dict(house.answered)
            house.machine.run(*WARMLINE, "backup", str(tmp_path / "acme"), "--to", str(file))
            wanted = len(house.answered) + 20
            until(lambda: len(house.answered) >= wanted, PATIENCE, "it went on meanwhile")
        for name in ("engine-1", "engine-2", "web"):
            house.machine.processes[name].kill()  # the original is gone for good
        sent = len(house.arrived())

        environment = {
            "DATABASE_URL": "", "WARMLINE_DIR": str(copy), "TWILIO_AUTH_TOKEN": "token-of-tests",
            "WARMLINE_SECRET": "a secret of tests that is long enough for it", "WARMLINE_LEASE": "3",
        }  # fmt: skip
        with Machine(copy.parent, environment) as machine, machine.explained():
            assert "Restored" in machine.run(*WARMLINE, "restore", str(file), str(copy))
            port = closed_port()
            machine.start("up", *WARMLINE, "up", str(copy), "--port", str(port), "--no-open")
            url = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{url}/healthz"), PATIENCE, "the copy answers")
            address = Postgres(copy / ".warmline" / "postgres").address()
            assert address is not None
            with connect(dsn) as original, connect(address) as restored:
                compare(original, restored, before)
                late = post(f"{url}/in/pricing", a_late_lead(), "late")
                assert late, "leads are accepted while it is held"
                until(lambda: "engine.held" in said(machine), PATIENCE, "the engine says that it waits")
                assert len(house.arrived()) == sent, "held: nothing left"

                assert "Live" in machine.run(*WARMLINE, "resume", "--yes")
                until(lambda: LATE in told(house), PATIENCE, "who came in after the restore is answered")
                until(
                    lambda: not unrest(restored), PATIENCE, lambda: f"it comes to rest: {unrest(restored)}", every=0.5
                )
                ((workspace,),) = restored.execute("select id from workspaces").fetchall()
                assert count_orphans(restored, workspace) == 0
                leads = [lead for (lead,) in restored.execute("select id from leads").fetchall()]
            twice = [to for to, count in Counter(told(house)).items() if count > 1]
            assert twice == [], "nobody got the same again"
            for lead in leads[:5]:
                machine.run(*WARMLINE, "why", str(lead), "--replay")  # exit code 1 when an answer differs
            assert machine.run(*WARMLINE, "orphans").strip() == "0"
            assert machine.processes["up"].stop() == 0


LATE = "+12125559999"


def a_late_lead() -> dict[str, str]:
    return {"name": "Bob Late", "phone_number": LATE, "email": "late@example.com", "agree": "yes"}


def compare(original: psycopg.Connection, restored: psycopg.Connection, before: dict[str, str]) -> None:
    """What the copy holds is what the original held at one instant."""
    held = snapshots.held(restored)
    assert held is not None
    for table in LEDGERS:
        # The mark that a proof is sealed is no part of what was said: each of the two seals in its own time.
        then, now = rows(restored, table, but="sealed"), rows(original, table, but="sealed")
        assert then, table
        assert then <= now, f"{table} has rows that the original never had"
    leads = {lead for (lead,) in restored.execute("select id from leads").fetchall()}
    assert {UUID(lead) for lead in before.values()} <= leads, "everything accepted before it began is in it"
    # One instant: no event without its lead, no touch without its enrollment.
    assert restored.execute("select count(*) from events where lead_id not in (select id from leads)").fetchone() == (
        0,
    )
    assert restored.execute(
        "select count(*) from touches where enrollment_id not in (select id from enrollments)"
    ).fetchone() == (0,)


def rows(conn: psycopg.Connection, table: str, but: str) -> set[str]:
    """Each row in words, but for one column."""
    query = sql.SQL("select (to_jsonb(t) - {})::text from {} t").format(but, sql.Identifier(table))
    return {row for (row,) in conn.execute(query).fetchall()}


def told(house: House) -> list[str]:
    """The phone or mail address of every message that the provider accepted."""
    return [one["to"] for one in house.messages()]


def said(machine: Machine) -> str:
    return machine.processes["up"].log.read_text(errors="replace")


def unrest(conn: psycopg.Connection) -> int:
    row = conn.execute(
        "select (select count(*) from touches where status in ('queued', 'sending'))"
        " + (select count(*) from enrollments where status = 'running')"
    ).fetchone()
    return int(row[0]) if row else 0
