"""How many bytes a lead, an event, a decision and a touch take, and how much log a touch writes: for docs/scale.md.

    python -m tests.benchmarks.sizes --leads 2000

Leads come in by `accept`, and go through the first days of the starter's pricing playbook with every touch handed over.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

import psycopg

from tests.builders import TUESDAY, a_workspace
from tests.engine.hands import Hands
from warmline.core.lead import Draft
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.intake.accept import accept
from warmline.intake.submission import Given, Submission
from warmline.store.connect import connect
from warmline.store.due import lanes_due
from warmline.store.ids import LANES
from warmline.store.workspaces import Workspace

from .server import a_database, a_server

CONSENTS = (Given("express_written", ("sms", "voicemail"), "sms-2026-11", ""), Given("inquiry", ("email", "call")))


def measure(server: str, leads: int) -> list[str]:
    with a_database(server) as dsn, connect(dsn) as conn:
        workspace = a_workspace(conn)
        come_in(conn, workspace, leads)
        conn.execute("checkpoint")
        began = wal(conn)
        hands = Hands(conn, dsn)
        for hours in range(0, 24 * 8, 6):
            hands.now = TUESDAY + timedelta(hours=hours)
            go_on(conn, hands)
        written = wal(conn) - began
        conn.execute("vacuum analyze")
        touches = rows(conn, "touches")
        lines = [f"{leads} leads, {touches / leads:.1f} touches a lead, {written / touches:,.0f} bytes of log a touch"]
        for table in (
            "leads",
            "address_owners",
            "consents",
            "enrollments",
            "events",
            "decisions",
            "touches",
            "tasks",
        ):
            ((heap, total),) = conn.execute(
                "select pg_table_size(%s), pg_total_relation_size(%s)", (table, table)
            ).fetchall()
            count = rows(conn, table)
            lines.append(
                f"{table:<15} {count / leads:6.1f} a lead  {heap / count:6.0f} bytes a row  {total / count:6.0f} with indexes"
                f"  {total / touches:6.0f} a touch"
            )
        return lines


def come_in(conn: psycopg.Connection, workspace: Workspace, leads: int) -> None:
    for first in range(0, leads, 500):
        batch = [
            Submission(
                "pricing", Draft(phone=f"+1212{2_000_000 + number}", email=f"lead{number}@example.com", first_name="Ann"),
                form="pricing", consents=CONSENTS,
            )
            for number in range(first, min(first + 500, leads))
        ]  # fmt: skip
        accept(conn, workspace, batch, TUESDAY)


def go_on(conn: psycopg.Connection, hands: Hands) -> None:
    """Everything that is due, decided and handed over."""
    catalog = Catalog(conn)
    while lanes := lanes_due(conn, hands.now):
        for lane in lanes:
            tick(conn, lane, hands.now, catalog)
        for lane in range(LANES):
            while True:
                taken = hands.dispatcher.take([lane], 100)
                hands.dispatcher.settle([*taken.settled, *hands.send(taken.allowed)])
                if not (taken.allowed or taken.settled):
                    break


def wal(conn: psycopg.Connection) -> int:
    row = conn.execute("select pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    return int(row[0]) if row else 0


def rows(conn: psycopg.Connection, table: str) -> int:
    row = conn.execute(f"select count(*) from {table}".encode()).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sizes")
    parser.add_argument("--leads", type=int, default=2000)
    with a_server() as server:
        sys.stdout.write("\n".join(measure(server, parser.parse_args().leads)) + "\n")
