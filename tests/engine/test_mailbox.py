"""What keeps a mailbox from being read is told, and forgotten when it is over. Reading itself: tests/e2e/test_mail.py."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import psycopg
import pytest

from tests.builders import a_lead, a_workspace, starter_files, story
from tests.channels.reading.test_inbound import plain
from tests.e2e.support import until
from tests.far_ends.ports import closed_port
from tests.waiting import ended_once
from warmline.engine.mailbox import Place, Reader, Watchers
from warmline.store import mailboxes
from warmline.store.pages import attention

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


def mail(inbox: str) -> dict[str, str]:
    """The starter's settings with a mail server, and a mailbox where one is named."""
    email = f'\n[channels.email]\nprovider = "smtp"\nhost = "127.0.0.1"\nfrom = "Acme <hello@acme.test>"\n{inbox}\n'
    toml = re.sub(r"\n\[channels\.email\]\n(?:(?!\[).*\n)*", lambda _: email, starter_files()["warmline.toml"])
    return {"warmline.toml": toml}


def an_inbox(port: int, word: str = "MAILBOX") -> str:
    return f'[channels.email.inbox]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nuser = "hello"\npassword = "env:{word}"\n'


@pytest.fixture
def watchers(dsn: str) -> Watchers:
    return Watchers(Place(dsn, b"a key of thirty-two bytes for it", {"MAILBOX": "secret-word"}, lambda: NOW))


def test_a_mailbox_out_of_reach_is_told_until_it_is_gone_from_the_settings(
    conn: psycopg.Connection, watchers: Watchers
) -> None:
    port = closed_port()
    workspace = a_workspace(conn, mail(an_inbox(port)))
    watchers.look(conn)
    try:
        until(lambda: attention.mailbox(conn, workspace.id), 60, "the trouble was told")
        told = attention.mailbox(conn, workspace.id)
        assert told is not None
        assert told.since == NOW
        assert "127.0.0.1" in told.name
        assert "secret-word" not in told.error
        a_workspace(conn, mail(""))
        watchers.look(conn)
        assert attention.mailbox(conn, workspace.id) is None
    finally:
        watchers.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("mailbox")]


def test_settings_that_can_not_be_used_here_are_told(conn: psycopg.Connection, watchers: Watchers) -> None:
    workspace = a_workspace(conn, mail(an_inbox(closed_port(), word="NOT_SET_HERE")))
    watchers.look(conn)
    told = attention.mailbox(conn, workspace.id)
    watchers.close()
    assert told is not None
    assert told.name == ""
    assert "NOT_SET_HERE" in told.error


def test_a_mail_that_is_ended_in_a_ring_of_locks_is_read_again_before_the_next_one(
    conn: psycopg.Connection, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = a_workspace(conn, mail(""))
    lead = a_lead(conn, workspace, email="ann@lead.test")
    mailboxes.begin(conn, workspace.id, "hello", 1, 6, NOW)
    folder = SimpleNamespace(fetch=lambda _: plain("STOP"))
    place = Place(dsn, b"a key of thirty-two bytes for it", {}, lambda: NOW)
    held = ended_once(monkeypatch)
    Reader(conn, workspace, SimpleNamespace(name="hello"), folder, place)._take(7)  # type: ignore[arg-type]
    mark = mailboxes.mark(conn, workspace.id, "hello")
    assert (len(held), mark and mark.last_uid) == (2, 7)
    assert "opted.out" in story(conn, lead)
