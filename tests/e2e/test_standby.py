"""The primary dies under load, with its disk; the standby is promoted: nothing accepted is lost, nothing is sent twice."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from warmline.store.connect import connect
from warmline.store.orphans import count_orphans

from .standby import Pair
from .support import PATIENCE, until
from .traffic import House, a_house_at_work

BEFORE, AFTER = 40, 40  # leads accepted before the primary dies, and after the standby is promoted


@pytest.fixture
def pair() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/tmp"))  # a short path that every account may enter
    folder.chmod(0o755)
    pair = Pair(folder)
    try:
        pair.make_standby()
        yield pair
    finally:
        pair.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_the_primary_dies_under_load_and_the_standby_goes_on_with_nothing_lost_and_nothing_twice(
    pair: Pair, tmp_path: Path
) -> None:
    with a_house_at_work(tmp_path, pair.address) as house, house.machine.explained():
        with house.leads():
            until(
                lambda: len(house.answered) >= BEFORE and len(house.arrived()) >= BEFORE,
                PATIENCE,
                "the house is at work",
            )
            pair.destroy_primary()
            dead = time.monotonic()
            before = len(house.answered), len(house.arrived())
            promoting = pair.promote()
            promoted, told = time.monotonic(), len(house.arrived())
            until(lambda: len(house.arrived()) > told, PATIENCE, "something is sent again", every=0.1)
            sending = time.monotonic() - promoted
            until(lambda: len(house.answered) > before[0], PATIENCE, "leads are accepted again", every=0.1)
            accepting = time.monotonic() - promoted
            until(lambda: len(house.answered) >= before[0] + AFTER, PATIENCE, "it goes on")
        with connect(pair.address) as conn:
            until(lambda: not unrest(conn), PATIENCE, lambda: f"everything comes to rest: {unrest(conn)}", every=0.5)
            table = [
                ("accepted / handed over when the primary died", f"{before[0]} / {before[1]}"),
                ("seconds: promoted after the order / dead until promoted", f"{promoting:.1f} / {promoted - dead:.1f}"),
                ("seconds after promotion: sending again / accepting again", f"{sending:.1f} / {accepting:.1f}"),
                *account(house, conn),
            ]
            print("\n" + "\n".join(f"{what:<60} {found}" for what, found in table))  # noqa: T201 - to be read
        for name in ("engine-1", "engine-2"):
            assert house.machine.processes[name].stop() == 0, f"{name} stops cleanly"


def account(house: House, conn: psycopg.Connection) -> list[tuple[str, Any]]:
    """Everything that was promised, looked up on the promoted server."""
    refs = Counter(house.arrived())
    touches = {
        row[0]: row[1:]
        for row in conn.execute("select lane || '-' || replace(id::text, '-', ''), status, lead_id, step from touches")
    }
    stories: dict[UUID, set[str]] = {
        row[0]: set(row[1]) for row in conn.execute("select lead_id, array_agg(kind) from events group by 1")
    }
    lost = [
        lead for lead in house.answered.values() if not {"form.submitted", "enrolled"} <= stories.get(UUID(lead), set())
    ]
    twice = [ref for ref, count in refs.items() if count > 1]
    steps = Counter(touches[ref][1:] for ref in refs if ref in touches)
    again = [step for step, count in steps.items() if count > 1]
    astray = [ref for ref in refs if ref not in touches or touches[ref][0] in ("queued", "sending", "held", "refused")]
    unproved = [ref for ref, row in touches.items() if row[0] in ("sent", "delivered") and ref not in refs]
    unknown = {row[1] for row in touches.values() if row[0] == "unknown"}
    shown = {row[0] for row in conn.execute("select lead_id from tasks where kind = 'unknown'")}
    ((workspace,),) = conn.execute("select id from workspaces").fetchall()
    assert (lost, twice, again, astray, unproved, unknown - shown) == ([], [], [], [], [], set())
    assert count_orphans(conn, workspace) == 0
    return [
        ("answered 202 / messages at the provider", f"{len(house.answered)} / {sum(refs.values())}"),
        ("lost / touches twice / steps twice / unexplained / unproved", "0 / 0 / 0 / 0 / 0"),
        ("touches by status", dict(Counter(row[0] for row in touches.values()))),
        ("orphans", 0),
    ]


def unrest(conn: psycopg.Connection) -> int:
    row = conn.execute(
        "select (select count(*) from touches where status in ('queued', 'sending'))"
        " + (select count(*) from enrollments where status = 'running')"
    ).fetchone()
    return int(row[0]) if row else 0
