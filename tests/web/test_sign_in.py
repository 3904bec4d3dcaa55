"""Signing in by a one-time link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings

from warmline.store import sign_ins
from warmline.store.clock import real_now
from warmline.store.workspaces import Workspace
from warmline.web import environment


@pytest.fixture
def stranger(site: str) -> Any:
    from django.test import Client

    return Client(headers={"host": "localhost"}, enforce_csrf_checks=True)


def cookies_of(client: Any) -> dict[str, Any]:
    """By what they are for: session, csrf."""
    return {name.split("_")[1]: cookie for name, cookie in client.cookies.items()}


def test_looking_at_a_link_does_not_use_it_up(stranger: Any, conn: psycopg.Connection, place: Workspace) -> None:
    address = f"/sign-in/{sign_ins.create(conn, place.id, 'sam', real_now())}"
    for _ in range(3):
        assert "Sign in as Sam Rivera" in stranger.get(address).content.decode()
    token = cookies_of(stranger)["csrf"].value
    assert stranger.post(address, {"csrfmiddlewaretoken": token}).status_code == 302
    assert stranger.get("/").status_code == 200


def test_a_link_works_once(
    sign_in: Callable[..., Any], stranger: Any, conn: psycopg.Connection, place: Workspace
) -> None:
    token = sign_ins.create(conn, place.id, "sam", real_now())
    assert sign_ins.use(conn, token, real_now()) is not None
    assert sign_ins.use(conn, token, real_now()) is None
    assert stranger.get(f"/sign-in/{token}").status_code == 410


def test_a_link_lives_for_half_an_hour(conn: psycopg.Connection, place: Workspace) -> None:
    token = sign_ins.create(conn, place.id, "sam", real_now())
    assert sign_ins.look(conn, token, real_now() + timedelta(minutes=29)) is not None
    assert sign_ins.use(conn, token, real_now() + timedelta(minutes=31)) is None


def test_links_and_sessions_that_have_had_their_time_are_not_kept(
    stranger: Any, conn: psycopg.Connection, place: Workspace
) -> None:
    from django.contrib.sessions.models import Session

    sign_ins.create(conn, place.id, "jo", real_now() - timedelta(hours=1))
    Session.objects.create(session_key="old", session_data="", expire_date=real_now() - timedelta(days=1))
    address = f"/sign-in/{sign_ins.create(conn, place.id, 'sam', real_now())}"
    stranger.get(address)
    stranger.post(address, {"csrfmiddlewaretoken": cookies_of(stranger)["csrf"].value})
    kept = conn.execute("select person from sign_ins where workspace_id = %s", (place.id,)).fetchall()
    assert kept == [("sam",)]
    assert not Session.objects.filter(session_key="old").exists()


def test_the_database_keeps_no_token(conn: psycopg.Connection, place: Workspace) -> None:
    token = sign_ins.create(conn, place.id, "sam", real_now())
    kept = conn.execute("select hash from sign_ins where workspace_id = %s", (place.id,)).fetchall()
    assert kept
    assert all(token not in hash for (hash,) in kept)


def test_signing_in_needs_the_form_of_the_page(stranger: Any, conn: psycopg.Connection, place: Workspace) -> None:
    token = sign_ins.create(conn, place.id, "sam", real_now())
    answer = stranger.post(f"/sign-in/{token}")
    assert answer.status_code == 403
    assert "no longer valid" in answer.content.decode()
    assert sign_ins.look(conn, token, real_now()) is not None


def test_who_has_left_is_signed_out_at_the_next_page(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    client = sign_in("jo")
    assert client.get("/leads").status_code == 200
    conn.execute("update people set active = false where workspace_id = %s and key = 'jo'", (place.id,))
    assert client.get("/leads").headers["location"].startswith("/sign-in")


def test_signing_out_ends_the_session(sign_in: Callable[..., Any]) -> None:
    client = sign_in("sam")
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert client.get("/leads").status_code == 302


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(sign_in: Callable[..., Any]) -> None:
    cookie = cookies_of(sign_in("sam"))["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_two_installations_on_one_machine_have_cookies_of_their_own(sign_in: Callable[..., Any]) -> None:
    """Browsers send a cookie to every port of a host."""
    names = sorted(sign_in("sam").cookies)
    ours, mark = settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_NAME.rpartition("_")[2]
    assert names == [f"warmline_csrf_{mark}", ours]
    assert len(mark) == len(environment.read().mark)
