"""Importing lists: whatever a spreadsheet writes, streamed, and twice the same."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import TUESDAY, a_workspace, starter_files
from warmline.core.settings import Source
from warmline.insight.may import may
from warmline.intake.csv import REASON, Counts, UnreadableListError, header_of, import_list, preview
from warmline.store.workspaces import Workspace

LIST = Source("list", form="list")


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def run(conn: Any, workspace: Any, text: str | bytes, **more: Any) -> tuple[Counts, list[list[str]]]:
    rejects = io.StringIO()
    body = text.encode() if isinstance(text, str) else text
    counts = import_list(conn, workspace, LIST, io.BytesIO(body), lambda: TUESDAY, rejects=rejects, **more)
    return counts, list(csv.reader(io.StringIO(rejects.getvalue())))


def one(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    return row[0] if row and len(row) == 1 else row


def test_a_list_comes_in_and_what_is_wrong_comes_back(conn: psycopg.Connection, workspace: Workspace) -> None:
    text = 'Full Name,E-Mail,Phone,Roof\n"Lee, Ann",ann@example.com,212-555-0123,slate\nBob,nobody,,\n,,,\n'
    counts, rejects = run(conn, workspace, text)
    assert (counts.rows, counts.created, counts.rejected) == (2, 1, 1)
    assert one(conn, "select first_name, last_name, phone, fields->>'Roof' from leads") == (
        "Ann",
        "Lee",
        "+12125550123",
        "slate",
    )
    assert rejects[0] == ["Full Name", "E-Mail", "Phone", "Roof", REASON]
    assert rejects[1] == ["Bob", "nobody", "", "", "E-Mail: 'nobody' is no mail address. Write: ann@example.com"]


def test_what_came_back_is_corrected_there_and_comes_in_as_often_as_it_takes(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    rejects = [["name", "email"], ["Ann", "ann"], ["Bob", "bob"]]
    for corrected in ("", "ann@example.com", "bob@example.com"):
        rejects[1][1] = corrected or rejects[1][1]
        text = io.StringIO()
        csv.writer(text).writerows(rejects)
        _, rejects = run(conn, workspace, text.getvalue())
    assert len(rejects) == 1
    found = conn.execute("select first_name, email, fields from leads order by 1").fetchall()
    assert found == [("Ann", "ann@example.com", {}), ("Bob", "bob@example.com", {})]
    assert list(preview(["email", ""], {})) == ["email"]


def test_the_same_file_again_changes_nothing(conn: psycopg.Connection, workspace: Workspace) -> None:
    text = "name,email\n" + "".join(f"P{n},p{n}@example.com\n" for n in range(1500))
    first, _ = run(conn, workspace, text)
    before = one(
        conn, "select (select count(*) from events), (select count(*) from tasks), (select count(*) from consents)"
    )
    second, _ = run(conn, workspace, text)
    assert (first.created, second.created, second.repeated) == (1500, 0, 1500)
    assert (
        one(conn, "select (select count(*) from events), (select count(*) from tasks), (select count(*) from consents)")
        == before
    )


@pytest.mark.parametrize("body", [
    "\ufeffname;email\nJosé;jose@example.com\n".encode(), "name\temail\r\nJosé\tjose@example.com\r\n".encode("utf-16"),
    "name,email\nJosé,jose@example.com".encode("cp1252"),
])  # fmt: skip
def test_what_spreadsheets_write_is_read(conn: psycopg.Connection, workspace: Workspace, body: bytes) -> None:
    assert run(conn, workspace, body)[0].created == 1
    assert one(conn, "select first_name from leads") == "José"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_names_of_an_old_spreadsheet_are_read_also_where_the_first_one_stands_far_down(
    conn: psycopg.Connection, workspace: Workspace, encoding: str
) -> None:
    plain = "".join(f"Ann,ann{number}@example.com\n" for number in range(4_000))
    rows = f"first_name,email\n{plain}José,jose@example.com\n".encode(encoding)
    assert rows.index("José".encode(encoding)) > 64 * 1024
    run(conn, workspace, rows)
    assert one(conn, "select first_name from leads where email = 'jose@example.com'") == "José"


def test_one_broken_byte_in_a_list_of_utf_8_spoils_its_own_row_only(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    rows = "first_name,email\nJosé,jose@example.com\n".encode() + b"Zo\xeb,zoe@example.com\n"
    run(conn, workspace, rows)
    assert conn.execute("select first_name from leads order by 1").fetchall() == [("José",), ("Zo\ufffd",)]


def test_a_dry_run_stores_nothing(conn: psycopg.Connection, workspace: Workspace) -> None:
    counts, rejects = run(conn, workspace, "email\na@example.com\nx\n", dry_run=True)
    assert (counts.rows, counts.rejected, len(rejects)) == (2, 1, 2)
    assert one(conn, "select count(*) from leads") == 0


def test_columns_are_mapped_and_the_mapping_is_shown_before(conn: psycopg.Connection, workspace: Workspace) -> None:
    text = b"Contact,Tel.,Notes\nann@example.com,2125550123,x\n"
    assert header_of(io.BytesIO(text)) == ["Contact", "Tel.", "Notes"]
    assert preview(["Contact", "Tel.", "Notes"], {"email": "Contact"}) == {
        "Contact": "email",
        "Tel.": "phone",
        "Notes": "fields.Notes",
    }
    assert run(conn, workspace, text, mapping={"email": "Contact"})[0].created == 1
    with pytest.raises(UnreadableListError, match=r"It has: Contact, Tel\., Notes"):
        run(conn, workspace, text, mapping={"email": "Mail"})


@pytest.mark.parametrize(("body", "said"), [(b"", "empty"), (b"\n\n", "empty"), (b"a,b,a\n", "Two columns")])
def test_a_file_that_is_no_list_says_what_to_do(
    conn: psycopg.Connection, workspace: Workspace, body: bytes, said: str
) -> None:
    with pytest.raises(UnreadableListError, match=said):
        run(conn, workspace, body)


def test_rows_with_too_many_cells_or_a_missing_quote_are_named(conn: psycopg.Connection, workspace: Workspace) -> None:
    long = '"' + "x" * 200_000
    counts, rejects = run(conn, workspace, f"name,email\nA,a@example.com,extra\nB,b@example.com\n{long}\n")
    assert (counts.created, counts.rejected) == (1, 2)
    assert "3 cells" in rejects[1][-1]
    assert "quote missing" in rejects[2][-1]


def test_a_quote_that_is_missing_says_which_lines_were_lost_to_it(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    rows = "".join(f"P{number},p{number}@example.com\n" for number in range(9_000))
    counts, rejects = run(conn, workspace, f'name,email\nA,a@example.com\n"B,b@example.com\n{rows}', dry_run=True)
    last = 9_003 - (counts.rows - 2)  # all but the first and the one that says so
    assert rejects[1][-1].startswith(f"Lines 3 to {last} can't be read: one cell goes over all of them")


def test_progress_is_told_to_the_end(conn: psycopg.Connection, workspace: Workspace) -> None:
    told: list[tuple[int, int]] = []
    text = "email\n" + "".join(f"p{n}@example.com\n" for n in range(2500))
    run(conn, workspace, text, progress=lambda counts: told.append((counts.rows, counts.bytes_read)), dry_run=True)
    assert [rows for rows, _ in told] == [1000, 2000, 2500]
    assert told[-1][1] == len(text)


@given(st.binary(max_size=300))
def test_no_file_makes_it_raise_anything_but_its_own_error(body: bytes) -> None:
    try:
        counts, rejects = run(None, type("W", (), {"config": None})(), b"email\n" + body, dry_run=True)
    except UnreadableListError:
        return
    assert counts.rejected == len(rejects) - 1


def test_proofs_are_of_the_day_that_the_list_names_and_a_day_nobody_can_read_proves_nothing(
    conn: psycopg.Connection,
) -> None:
    settings = starter_files()["warmline.toml"] + (
        '\n[sources.fair]\nconsent = [{level = "inquiry", channels = ["call"], at = "asked_on"}]\n'
    )
    place = a_workspace(conn, {"warmline.toml": settings})
    rows = b"phone,asked_on\n2125550101,2026-06-01\n2125550102,last week\n2125550103,\n2125550104,2031-01-01\n"
    rows += b"2125550105,0001-01-01T00:00:00+14:00\n2125550106,0001-01-01\n2125550107,9999-12-31T23:59:59-14:00\n"
    import_list(conn, place, place.config.sources["fair"], io.BytesIO(rows), lambda: TUESDAY)
    found = dict(
        conn.execute(
            "select l.phone, c.at from leads l left join consents c on c.lead_id = l.id order by l.phone"
        ).fetchall()
    )
    assert found == {
        "+12125550101": datetime(2026, 6, 1, tzinfo=UTC),
        "+12125550102": None,
        "+12125550103": None,
        "+12125550104": TUESDAY,  # what is still to come is taken for now
        "+12125550105": None,
        "+12125550106": None,
        "+12125550107": None,
    }
    (notes,) = conn.execute(
        "select data->'notes' from events where kind = 'lead.imported' and data->>'notes' like '%last week%'"
    ).fetchall()
    assert "no day such as 2026-11-26" in notes[0][0]
    assert (
        next(one for one in may(conn, place, "+12125550101", TUESDAY).channels if one.channel == "call").rule
        == "no_consent"
    )
