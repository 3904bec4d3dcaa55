"""docs/states.md can't drift: its states are the database's, its pictures are its tables, its functions exist."""

import ast
import re
from pathlib import Path

import psycopg
import pytest

from warmline.core.condition import STATUSES

HOUSE = Path(__file__).parents[2]
TABLES = {"Lead": "leads", "Enrollment": "enrollments", "Touch": "touches", "Task": "tasks", "Call": "calls"}
PAGE = {
    part.split("\n", 1)[0]: part
    for part in re.split(r"^## ", (HOUSE / "docs" / "states.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
}


def test_every_thing_with_a_status_has_a_section() -> None:
    assert list(PAGE) == list(TABLES)


def test_the_states_are_those_the_database_allows(conn: psycopg.Connection) -> None:
    written = {table: set(rows(section, "State")) for section, table in TABLES.items()}
    assert written == {table: allowed(conn, table, "status") for table in TABLES.values()}


def test_conditions_know_the_same_states_of_a_lead() -> None:
    assert set(STATUSES) == set(rows("Lead", "State"))


def test_the_kinds_of_tasks_are_those_the_database_allows(conn: psycopg.Connection) -> None:
    assert set(rows("Task", "Kind")) == allowed(conn, "tasks", "kind")


@pytest.mark.parametrize("section", TABLES)
def test_the_picture_shows_the_arrows_of_the_table(section: str) -> None:
    drawn = re.findall(r"^  (\S+) --> (\S+)$", PAGE[section], re.MULTILINE)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {(start, end) for one in arrows(section) for start in quoted(one[0]) for end in quoted(one[1])}


@pytest.mark.parametrize("section", TABLES)
def test_every_arrow_joins_states_and_every_state_can_be_reached(section: str) -> None:
    states = set(rows(section, "State"))
    starts = {state for one in arrows(section) for state in quoted(one[0])}
    ends = {state for one in arrows(section) for state in quoted(one[1])}
    assert starts <= states | {"[*]"}
    assert ends == states


@pytest.mark.parametrize("section", TABLES)
def test_every_arrow_names_functions_that_exist(section: str) -> None:
    for _, _, cause, made_by in arrows(section):
        assert quoted(made_by), cause
        for name in quoted(made_by):
            file, _, function = name.partition(":")
            assert function in functions(HOUSE / "src" / "warmline" / file), name


def rows(section: str, first: str) -> list[str]:
    """The first column of the table of a section whose heading is `first`."""
    table = PAGE[section].split(f"| {first} | ", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def arrows(section: str) -> list[list[str]]:
    """From, to, cause, made by."""
    table = PAGE[section].split("| From | To |", 1)[1].split("\n\n", 1)[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def allowed(conn: psycopg.Connection, table: str, column: str) -> set[str]:
    """The words of the check that is about this column alone."""
    ((text,),) = conn.execute(
        """
        select pg_get_constraintdef(c.oid)
        from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'c' and cardinality(c.conkey) = 1 and c.conrelid = %s::regclass and a.attname = %s
        """,
        (table, column),
    ).fetchall()
    return set(re.findall(r"'([a-z_]+)'::text", text))
