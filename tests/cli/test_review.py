from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.builders import a_lead, enrolled, happened
from tests.cli.conftest import Run
from warmline.store import workspaces
from warmline.store.clock import real_now


@pytest.fixture
def reviewed(run: Run, acme: Path, conn: psycopg.Connection) -> Path:
    """A workspace in which two leads got the first text of `pricing`, and one of them answered."""
    run("apply", acme)
    place, began = workspaces.load(conn, "acme-roofing"), real_now() - timedelta(hours=5)
    for number in range(2):
        lead = a_lead(conn, place, phone=f"+1212555{number:04d}", email=f"ann{number}@example.com")
        within = enrolled(conn, place, "pricing", lead, at=began)
        happened(conn, place, lead, "touch.sent", at=began, enrollment_id=within, step="ack", channel="sms")
        if number:
            happened(
                conn,
                place,
                lead,
                "replied",
                at=began + timedelta(hours=3),
                step="ack",
                channel="sms",
                enrollment_id=within,
            )
    return acme


def test_each_step_is_a_line_with_who_answered_and_how_sure_that_is(run: Run, reviewed: Path) -> None:
    said = run("review", "pricing", "--dir", reviewed)
    assert said.code == 0
    line = next(line for line in said.out.splitlines() if line.strip().startswith("ack"))
    assert line.split() == ["ack", "sms", "2", "1", "50%", "(9", "to", "91)", "-", "-", "-"]
    assert "1 answered, 50% (9 to 91); 0 meetings" in said.out
    assert "first answer after 3 h" in said.out


def test_no_line_is_wider_than_a_terminal_of_eighty(run: Run, reviewed: Path) -> None:
    tables = [line for line in run("review", "pricing", "--dir", reviewed).out.splitlines() if "  " in line]
    assert tables
    assert max(map(len, tables)) <= 80


def test_without_a_name_all_playbooks_stand_side_by_side(run: Run, reviewed: Path) -> None:
    said = run("review", "--dir", reviewed)
    assert said.code == 0
    lines = [line.split() for line in said.out.splitlines() if line.strip()]
    assert ["pricing", "2", "2", "1", "50%", "(9", "to", "91)", "-", "-"] in lines
    assert any(line[0] == "slow-nurture" for line in lines)


def test_a_playbook_that_nobody_entered_lately_says_so(run: Run, reviewed: Path) -> None:
    said = run("review", "demo", "--dir", reviewed)
    assert said.code == 0
    assert "Nobody has entered it" in said.out


def test_one_that_is_not_published_is_named_with_the_nearest(run: Run, reviewed: Path) -> None:
    said = run("review", "princing", "--dir", reviewed)
    assert said.code == 1
    assert "There is no published playbook princing. Did you mean pricing?" in said.err


def test_as_json_it_has_the_stable_names(run: Run, reviewed: Path) -> None:
    told = json.loads(run("review", "pricing", "--dir", reviewed, "--json").out)
    assert told["review"]["steps"][0]["answers"] == {"replied": 1}
    assert told["review"]["answered"]["of"] == 2
    assert len(json.loads(run("review", "--dir", reviewed, "--json").out)) == 11
