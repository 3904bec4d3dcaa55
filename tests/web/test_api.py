"""The JSON beside the pages: the same words as `warmline why` and `may`, for whoever is signed in and for nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.web.conftest import make_place
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.insight.may import may
from warmline.insight.story import story
from warmline.store.clock import real_now
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

SignIn = Callable[..., Any]


def test_why_tells_every_rule_in_the_words_of_the_command_and_the_page(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    tick(conn, lane_of(lead), real_now(), Catalog(conn))
    answer = sign_in("sam").get(f"/api/v1/leads/{lead}/why")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    decision = next(line for line in answer.json()["lines"] if line["kind"] == "decision")
    told = next(line for line in story(conn, place, lead, real_now()).lines if line.kind == "decision")
    assert [one["saw"] for one in decision["did"][0]["findings"]] == [one.saw for one in told.did[0].findings]
    page = sign_in("sam").get(f"/leads/{lead}").content.decode()
    for finding in told.did[0].findings:
        assert finding.saw.replace("'", "&#x27;") in page
    assert sign_in("sam").get("/api/v1/leads/ann@example.com/why").json()["lead"]["id"] == str(lead)


def test_may_says_what_the_box_says(sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID) -> None:
    client = sign_in("sam")
    answer = client.get("/api/v1/may", {"to": "(401) 555-0123", "at": "2026-11-28T17:00-05:00"}).json()
    sms = next(one for one in answer["channels"] if one["channel"] == "sms")
    found = next(
        one for one in may(conn, place, "+14015550123", _instant(answer["at"])).channels if one.channel == "sms"
    )
    assert [one["flip"] for one in sms["findings"]] == [one.flip for one in found.findings]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"to": "nobody"}, "no phone number"),
        ({"to": "+14015550123", "at": "noon"}, "is no instant"),
        ({"to": "+14015550123", "at": "2026-11-28T17:00"}, "names no time zone"),
        ({"to": "+14015550123", "at": "0001-01-01T00:00+14:00"}, "is no instant"),
        ({"to": "+14015550123", "at": "9998-01-01T00:00Z"}, "the rules of the year 9998"),
        ({"to": "+14015550123", "country": "ZZ"}, "is no country"),
        ({}, "no phone number"),
    ],
)
def test_a_question_that_can_not_be_read_says_what_to_write(sign_in: SignIn, asked: dict[str, str], said: str) -> None:
    answer = sign_in("sam").get("/api/v1/may", asked)
    assert answer.status_code == 422
    assert said in answer.json()["error"]


def test_a_stranger_and_another_workspace_get_nothing(sign_in: SignIn, conn: psycopg.Connection, lead: UUID) -> None:
    from django.test import Client

    stranger = Client(headers={"host": "localhost"})
    for path in (f"/api/v1/leads/{lead}/why", "/api/v1/may?to=%2B14015550123"):
        answer = stranger.get(path)
        assert (answer.status_code, list(answer.json())) == (401, ["error"])
        assert "www-authenticate" in answer.headers
        assert "ann@example.com" not in answer.content.decode()
    other = sign_in("kim", make_place(conn)).get(f"/api/v1/leads/{lead}/why")
    assert other.status_code == 404
    assert "ann@example.com" not in json.dumps(other.json())


def test_what_is_not_there_or_takes_another_method_is_told_as_json(sign_in: SignIn, lead: UUID) -> None:
    client = sign_in("sam", enforce_csrf_checks=True)
    nothing, posted = client.get("/api/v1/nothing"), client.post(f"/api/v1/leads/{lead}/why")
    assert [nothing.status_code, posted.status_code] == [404, 405]
    assert posted.headers["allow"] == "GET, HEAD"
    assert all(one.headers["content-type"] == "application/json" and one.json()["error"] for one in (nothing, posted))
    assert client.get("/nothing").headers["content-type"].startswith("text/html")


def _instant(text: str) -> datetime:

    return datetime.fromisoformat(text)
