from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Run

LIST = "First Name,Email,Tel,Budget\nAnn,ann@example.com,212 555 0142,5000\nBob,bob@example.com,,\nEve,,12,\n"


@pytest.fixture
def people(run: Run, acme: Path, tmp_path: Path) -> Path:
    """A list of two leads and one row that is none."""
    run("apply", acme)
    path = tmp_path / "people.csv"
    path.write_text(LIST)
    return path


def test_a_list_comes_in_and_what_cannot_be_read_is_kept_with_its_reason(
    run: Run, acme: Path, people: Path, conn: psycopg.Connection
) -> None:
    said = run("import", people, "--source", "referral", "--dir", acme)
    assert said.code == 0, said.err
    assert "3 rows: 2 new leads" in said.out
    leads = conn.execute("select first_name, phone, fields ->> 'Budget' from leads order by 1").fetchall()
    assert leads == [("Ann", "+12125550142", "5000"), ("Bob", None, None)]
    rejects = people.with_name("people.rejects.csv").read_text().splitlines()
    assert rejects[0] == "First Name,Email,Tel,Budget,why it was not taken"
    assert rejects[1].startswith("Eve,,12,,")


def test_the_same_list_again_brings_nobody_new(run: Run, acme: Path, people: Path, conn: psycopg.Connection) -> None:
    run("import", people, "--source", "referral", "--dir", acme)
    said = run("import", people, "--source", "referral", "--dir", acme)
    assert "3 rows: 0 new leads, 0 entered a playbook, 2 had come in before." in said.out
    assert conn.execute("select count(*) from leads").fetchone() == (2,)


def test_a_dry_run_shows_the_columns_and_stores_nothing(
    run: Run, acme: Path, people: Path, conn: psycopg.Connection
) -> None:
    said = run("import", people, "--source", "referral", "--dry-run", "--dir", acme)
    assert "Tel" in said.out
    assert "phone" in said.out
    assert "fields.Budget" in said.out
    assert "3 rows: 2 can be read, 1 can't. Nothing was stored." in said.out
    assert conn.execute("select count(*) from leads").fetchone() == (0,)
    assert not people.with_name("people.rejects.csv").exists()


def test_a_column_can_be_named_as_ours(run: Run, acme: Path, people: Path, conn: psycopg.Connection) -> None:
    run("import", people, "--source", "referral", "--map", "company=Budget", "--dir", acme)
    assert conn.execute("select company from leads where first_name = 'Ann'").fetchone() == ("5000",)


def test_nobody_is_left_behind_by_an_import(run: Run, acme: Path, people: Path) -> None:
    run("import", people, "--source", "referral", "--dir", acme)
    assert run("orphans", "--dir", acme).out == "0\n"


def test_json_is_the_counts_and_nothing_else(run: Run, acme: Path, people: Path) -> None:
    told = json.loads(run("import", people, "--source", "referral", "--json", "--dir", acme).out)
    assert (told["rows"], told["created"], told["rejected"]) == (3, 2, 1)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--source", "referal"], "There is no source referal. Did you mean referral?"),
        (["--source", "referral", "--map", "phone"], "Write our field = theirs"),
        (["--source", "referral", "--map", "phone=Mobile"], "has no column 'Mobile'"),
        (
            ["--source", "referral", "--map", "mobil=Tel", "--map", "post=Email"],
            "No column is a phone number or a mail address",
        ),
    ],
)
def test_a_slip_is_said_plainly(run: Run, acme: Path, people: Path, arguments: list[str], text: str) -> None:
    said = run("import", people, *arguments, "--dir", acme)
    assert said.code == 1
    assert text in said.err


def test_a_missing_file_is_named(run: Run, acme: Path, people: Path, tmp_path: Path) -> None:
    said = run("import", tmp_path / "none.csv", "--source", "referral", "--dir", acme)
    assert said.code == 1
    assert "none.csv can't be read: No such file or directory" in said.err


def test_our_field_may_go_by_another_name_and_one_of_the_leads_own_is_shown_as_such(
    run: Run, acme: Path, people: Path, conn: psycopg.Connection
) -> None:
    said = run(
        "import", people, "--source", "referral", "--map", "phone_number=Tel", "--map", "phne=Budget", "--dir", acme
    )
    assert "fields.phne" in said.out
    assert "fields.phone_number" not in said.out
    assert conn.execute("select phone, fields ->> 'phne' from leads where first_name = 'Ann'").fetchone() == (
        "+12125550142", "5000",
    )  # fmt: skip


def test_two_names_for_one_field_of_ours_are_not_the_same_field(
    run: Run, acme: Path, people: Path, conn: psycopg.Connection
) -> None:
    people.write_text("Line,Handy,Email\n+12125550142,+12125550143,ann@example.com\n")
    run("import", people, "--source", "referral", "--map", "phone=Line", "--map", "mobile=Handy", "--dir", acme)
    found = conn.execute("select phone, fields ->> 'mobile' from leads where email = 'ann@example.com'").fetchone()
    assert found == ("+12125550142", "+12125550143")


def test_a_list_that_was_read_wrongly_is_corrected_by_reading_it_again(
    run: Run, acme: Path, people: Path, conn: psycopg.Connection
) -> None:
    run("import", people, "--source", "referral", "--map", "phne=Tel", "--dir", acme)
    assert conn.execute("select phone from leads where first_name = 'Ann'").fetchone() == (None,)
    run("import", people, "--source", "referral", "--dir", acme)
    assert conn.execute("select phone, addresses->>phone from leads where first_name = 'Ann'").fetchone() == (
        "+12125550142", "ok",
    )  # fmt: skip
    assert conn.execute("select count(*) from leads").fetchone() == (2,)


def test_a_list_of_which_nothing_can_be_read_is_no_success(run: Run, acme: Path, people: Path) -> None:
    people.write_text("Email,Tel\nnobody,12\n")
    said = run("import", people, "--source", "referral", "--dir", acme)
    assert said.code == 1
    assert "+1 201 555 0123; Email: 'nobody' is no mail address" in people.with_name("people.rejects.csv").read_text()


def test_a_list_that_is_refused_leaves_the_rejects_of_an_earlier_one_as_they_were(
    run: Run, acme: Path, people: Path
) -> None:
    rejects = people.with_name("people.rejects.csv")
    rejects.write_text("corrected by hand\n")
    people.write_text("a,b\n1,2\n")
    assert run("import", people, "--source", "referral", "--dir", acme).code == 1
    assert rejects.read_text() == "corrected by hand\n"
    assert {path.name for path in people.parent.iterdir() if "rejects" in path.name} == {rejects.name}


def test_it_is_said_when_no_playbook_takes_the_leads_of_a_list(run: Run, acme: Path, people: Path) -> None:
    said = run("import", people, "--source", "referral", "--dir", acme)
    assert "No playbook asks for leads of a list, so a person has a task for each of them." in said.err
    again = run("import", people, "--source", "referral", "--dir", acme)
    assert "No playbook asks" not in again.err
