"""A twin of the tables, partitioned by lane, that says which lanes a statement can touch. As a plugin: pytest -p tests.twin

Where a cluster has shards, PostgreSQL itself has partitions here, and its planner decides which of them a statement needs.
The plugin keeps every statement that the product sends while tests run. At the end each is explained on the twin, with the
values it was sent with, and what touches more than one lane at once is written to the file of WARMLINE_TWIN_REPORT.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import conftest
from warmline.store.connect import connect
from warmline.store.ids import LANES

HOUSE = Path(__file__).parents[1] / "src" / "warmline"
#: What reads all lanes, and may: numbers and lists for people, whole backups, migrations. None of it locks or writes.
REPORTS = ("store/measures.py", "store/orphans.py", "store/snapshots.py", "store/migrate.py", "store/pages/")

_sent: dict[str, tuple[Any, str]] = {}  # statement -> its values, and who sent it
_execute = psycopg.Cursor.execute


def spread(conn: psycopg.Connection) -> list[str]:
    """Make every table that has a lane anew, as one partition a lane. The tables must be empty. Returns their names."""
    names = lane_tables(conn)
    for name in names:
        keys = conn.execute(
            "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass"
            " and contype in ('p', 'u')",
            (name,),
        ).fetchall()
        indexes = conn.execute(
            "select pg_get_indexdef(indexrelid) from pg_index where indrelid = %s::regclass"
            " and not exists (select from pg_constraint c where c.conindid = indexrelid)",
            (name,),
        ).fetchall()
        statements = [
            f"create table twin (like {name} including defaults including constraints) partition by list (lane)",
            f"drop table {name}",
            f"alter table twin rename to {name}",
            *(
                f"create table {name}_of_lane_{lane} partition of {name} for values in ({lane})"
                for lane in range(LANES)
            ),
            *(f"alter table {name} add constraint {key} {text}" for key, text in keys),
            *(index for (index,) in indexes),
        ]
        for statement in statements:
            conn.execute(statement.encode())
    return names


def lane_tables(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'lane'"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def lanes_touched(conn: psycopg.Connection, statement: str, values: Any) -> set[str]:
    """The tables of which one scan, one update or one delete of the statement touches several lanes."""
    with conn.transaction(force_rollback=True):
        ((plan,),) = conn.execute(f"explain (format json) {statement}".encode(), values).fetchall()
    return set(_wide(plan[0]["Plan"]))


def _wide(node: dict[str, Any]) -> Iterator[str]:
    children = node.get("Plans", [])
    if node["Node Type"] in ("Append", "Merge Append"):  # of partitions, and not of the branches of a union
        scanned = [_table(child["Relation Name"]) for child in children if "Relation Name" in child]
        yield from {table for table in scanned if table and scanned.count(table) > 1}
        if node.get("Subplans Removed"):
            yield from {table for table in scanned if table}
    if node["Node Type"] == "ModifyTable" and len(node.get("Target Tables", [])) > 1:
        yield _table(node["Target Tables"][0]["Relation Name"]) or "?"
    for child in children:
        yield from _wide(child)


def _table(partition: str) -> str:
    found = re.fullmatch(r"(\w+)_of_lane_\d+", partition)
    return found[1] if found else ""


# --- as a plugin of pytest --------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("WARMLINE_TWIN_REPORT"):
        psycopg.Cursor.execute = _kept  # type: ignore[method-assign,assignment]
        conftest.Template.__exit__ = _report_and_end  # type: ignore[method-assign]


_end_template = conftest.Template.__exit__


def _kept(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
    if isinstance(query, str | bytes) and (sender := _sender()):
        text = query.decode() if isinstance(query, bytes) else query
        _sent[text] = (params, sender)
    return _execute(self, query, params, **options)


def _sender() -> str:
    """The product's file and function that sent it; "" when a test did, or what reports."""
    frame = sys._getframe(2)
    while frame is not None and any(
        part in frame.f_code.co_filename for part in ("psycopg", "contextlib", "store/rows.py")
    ):
        frame = frame.f_back  # type: ignore[assignment]
    path = Path(frame.f_code.co_filename)
    if HOUSE not in path.parents:
        return ""
    name = str(path.relative_to(HOUSE))
    return "" if name.startswith(REPORTS) else f"{name}:{frame.f_code.co_name}"


def _report_and_end(self: conftest.Template, *_: object) -> None:
    wide, seen = {}, []
    with connect(conftest.of(self.address, self.name)) as conn:  # nothing is copied from the template any more
        tables = re.compile(rf"\b({'|'.join(spread(conn))})\b")
        for statement, (values, sender) in list(_sent.items()):
            if not tables.search(statement):
                continue
            seen.append(sender)
            if found := lanes_touched(conn, statement, values):
                wide[f"{sender} {' '.join(statement.split())[:160]}"] = sorted(found)
    Path(os.environ["WARMLINE_TWIN_REPORT"]).write_text(json.dumps({"seen": sorted(seen), "wide": wide}, indent=1))
    _end_template(self)
