from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.builders import a_lead
from tests.cli.conftest import Run
from warmline.store import workspaces


@pytest.fixture
def published(run: Run, acme: Path) -> Path:
    run("apply", acme)
    return acme


def test_may_says_of_each_channel_whether_it_may_go_and_why(
    run: Run, published: Path, conn: psycopg.Connection
) -> None:
    a_lead(conn, workspaces.load(conn, "acme-roofing"))
    said = run("may", "(212) 555-0123", "--dir", published, "--at", "2026-11-24T10:30-05:00").out
    assert said.startswith("+12125550123  Ann Lee\n")
    assert "sms       may go" in said
    night = run("may", "(212) 555-0123", "--dir", published, "--at", "2026-11-24T23:30-05:00", "--brief").out
    assert "sms       waits until 25 Nov 2026 13:00 UTC" in night
    assert "opens 08:00 America/New_York, in 8 h 30 min" in night
    assert "no opt-out" not in night


def test_json_is_the_answer_and_nothing_else(run: Run, published: Path) -> None:
    told = json.loads(run("may", "+14015550123", "--dir", published, "--json").out)
    assert told["places"] == ["US", "US-RI"]
    assert [one["channel"] for one in told["channels"]] == ["sms", "call", "voicemail"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("hello",), "is no phone number or mail address"),
     (("+12125550123", "--at", "tomorrow"), "'tomorrow' is no instant"),
     (("+12125550123", "--at", "0001-01-01T00:00+14:00"), "is no instant"),
     (("+12125550123", "--at", "9998-01-01T00:00Z"), "the rules of the year 9998"),
     (("+12125550123", "--at", "2026-11-24T10:30"), "names no time zone"),
     (("ann@example.com", "--region", "FL"), "'FL' is no state"),
     (("ann@example.com", "--country", "Canada"), "is no country")],
)  # fmt: skip
def test_what_can_not_be_read_is_said(run: Run, published: Path, arguments: tuple[str, ...], said: str) -> None:
    answer = run("may", *arguments, "--dir", published)
    assert answer.code == 1
    assert said in answer.err
