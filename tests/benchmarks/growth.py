"""Does the claim care how many wait? A claim of 100 while 100 thousand, a million and ten million enrollments wait."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median

import psycopg

from tests.builders import TUESDAY
from warmline.store.connect import connect
from warmline.store.ids import LANES

from .claim import Claims, look_at_claims
from .report import Bar, Found, Row, of_rounds
from .server import a_database

CLAIMED = 100
SIZES = (100_000, 1_000_000, 10_000_000)


def measure(server: str, *, sizes: tuple[int, ...] = SIZES, rounds: int = 5, looks: int = 6) -> Found:
    """Sizes take turns within a round, so that a busy moment hits all of them; ratios are of the same round."""
    with ExitStack() as stack:
        conns = [stack.enter_context(connect(stack.enter_context(a_database(server)))) for _ in sizes]
        for conn, size in zip(conns, sizes, strict=True):
            wait(conn, size)
        found: list[list[Claims]] = [[] for _ in sizes]
        for number in range(rounds + 1):
            for conn, claims in zip(conns, found, strict=True):
                seen = look_at_claims(conn, TUESDAY, CLAIMED, looks)
                if number:  # the first round warms caches up and is not counted
                    claims.append(seen)
        rows = [_row(conn, size, claims) for conn, size, claims in zip(conns, sizes, found, strict=True)]
    ratios = []
    for size, claims in zip(sizes[1:], found[1:], strict=True):
        times = [b.milliseconds / a.milliseconds for a, b in zip(found[0], claims, strict=True)]
        pages = f"{claims[-1].pages / found[0][-1].pages:.2f}x"
        what = f"claim at {size:,} waiting against {sizes[0]:,}"
        ratios.append(of_rounds(f"growth.ratio.{size}", what, "x", times, Bar(1.5, "at most"), {"pages": pages}))
    return Found([*rows, *ratios])


def wait(conn: psycopg.Connection, count: int) -> None:
    """`count` enrollments, spread over the lanes, a day of them overdue: with what the claim reads and nothing else.

    Random tails of ids, due times in no order: the table is laid out as it is after a long life, not as it is loaded.
    No fold is kept beside them (0.8 kB a row): reading it costs a claim the same at every size, and filling it long.
    """
    conn.execute("drop index one_voice, one_waiting, enrollments_of_lead, enrollments_due")
    conn.execute("alter table enrollments drop constraint enrollments_pkey, set (autovacuum_enabled = off)")
    conn.execute(
        """
        insert into enrollments (lane, id, lead_id, workspace_id, version_id, playbook, rank, status, due_at, seed, event,
          started_at)
        select n %% %(lanes)s, gen_random_uuid(), gen_random_uuid(), 1, 1, 'pricing', 90, 'running',
          %(now)s - interval '1 day' + (hashint8(n)::bigint + 2147483648) / 4294967296.0 * interval '30 days', n,
          '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', %(now)s - interval '2 days'
        from generate_series(1, %(count)s::bigint) n
        """,
        {"lanes": LANES, "now": TUESDAY, "count": count},
    )
    conn.execute("set maintenance_work_mem = '512MB'")
    conn.execute("alter table enrollments add primary key (lane, id)")
    conn.execute("create index enrollments_due on enrollments (lane, due_at) where status in ('running', 'handed_off')")
    conn.execute("vacuum analyze enrollments")


def _row(conn: psycopg.Connection, size: int, claims: list[Claims]) -> Row:
    sizes = conn.execute("select pg_relation_size('enrollments'), pg_relation_size('enrollments_due')").fetchone()
    assert sizes is not None
    beside = {
        "99th": f"{median(one.slow for one in claims):.2f} ms", "pages": f"{median(one.pages for one in claims):.0f}",
        "table": f"{sizes[0] / 1e6:,.0f} MB", "due index": f"{sizes[1] / 1e6:,.0f} MB",
    }  # fmt: skip
    what = f"claim of {CLAIMED} while {size:,} wait, in the server"
    return of_rounds(f"growth.claim.{size}", what, "ms", [one.milliseconds for one in claims], beside=beside)
