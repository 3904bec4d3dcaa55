"""The short soak of every run of the suite; `./run soak` is the long one. docs/faults.md tells what is done and counted."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from tests.builders import a_lead, a_workspace, enrolled
from tests.e2e.soak import account
from tests.e2e.soak.plan import DISK, FAULTS, KILLS, plan
from tests.e2e.soak.run import Options, soak
from tests.engine.hands import Hands
from warmline.engine.rescue import ASK_FOR
from warmline.intake import acts
from warmline.store.ids import lane_of

SHORT = Options(seed=20, minutes=1, kills=24, a_second=3, ask_for=20)


def test_a_plan_has_every_kind_of_kill_and_fault_and_is_the_same_for_the_same_seed() -> None:
    steps = plan(SHORT.seed, 40)
    assert set(steps) == {*KILLS, *FAULTS, DISK}
    assert sum(step in KILLS for step in steps) == 40
    assert steps.count(DISK) == 1
    assert plan(SHORT.seed, 40) == steps != plan(SHORT.seed + 1, 40)


@pytest.mark.parametrize("how", ["asked", "withdrawn", "opted out"])
def test_the_account_notices_an_unknown_touch_that_nobody_is_asked_about(
    conn: psycopg.Connection, dsn: str, how: str
) -> None:
    """An opt-out takes back whatever was to be done for the lead; nothing else may take back this question."""
    place, hands = a_workspace(conn), Hands(conn, dsn)
    lead = a_lead(conn, place)
    enrolled(conn, place, "pricing", lead)
    hands.tick(lead)
    hands.last_look(hands.prepare(lead))
    hands.lease_runs_out(ago=ASK_FOR)
    hands.rescue()
    if how == "withdrawn":
        conn.execute(
            "update tasks set status = 'cancelled', outcome = 'settled', done_at = now() where kind = 'unknown'"
        )
    if how == "opted out":
        acts.opt_out(conn, place, lane_of(lead), lead, "sam", hands.now, evidence="STOP")
    (line,) = [
        one for one in account.unknown(seen(conn), account.read_books(seen(conn))) if "unknown touches" in one.what
    ]
    assert (line.found, len(line.breaches)) == {"withdrawn": ("1 / 1", 1)}.get(how, ("1 / 0", 0))


def seen(conn: psycopg.Connection) -> Any:
    """What the account asks of the soak's place, of a database alone; the provider has nothing to say."""

    def rows(query: str) -> list[Any]:
        return conn.execute(query.encode()).fetchall()

    database = SimpleNamespace(rows=rows, count=lambda query: rows(query)[0][0])
    return SimpleNamespace(database=database, provider_says=lambda _what: [])


@pytest.mark.slow
def test_kills_and_faults_lose_no_lead_and_double_no_message() -> None:
    result = soak(SHORT, lambda line: print(line, file=sys.stderr))  # noqa: T201 - what it did is to be read
    print(f"\n{result.table()}")  # noqa: T201 - and so is the account
    assert result.breaches == [], f"the logs are in {result.folder}"
    assert result.kills >= 20
    assert set(result.done) >= set(KILLS)
