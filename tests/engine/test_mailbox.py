"""What keeps a mailbox from being read is told, and forgotten when it is over. Reading itself: tests/e2e/test_mail.py."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from datetime import UTC, datetime
from time import monotonic
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from tests.builders import a_lead, a_workspace, starter_files, story
from tests.channels.reading.test_inbound import plain
from tests.e2e.support import PATIENCE, until
from tests.far_ends.imap import ImapServer
from tests.far_ends.ports import closed_port
from tests.waiting import ended_once
from warmline.engine import mailbox
from warmline.engine.mailbox import TRIES, Place, Reader, Watchers
from warmline.store import mailboxes, workspaces
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
        until(lambda: attention.mailbox(conn, workspace.id), PATIENCE, "the trouble was told")
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


def test_servers_that_hang_keep_a_stop_waiting_together_and_not_one_after_another(
    conn: psycopg.Connection, watchers: Watchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "LEFT_BEHIND", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes whoever comes, and says nothing
        for number in range(6):
            a_workspace(conn, mail(an_inbox(silent.getsockname()[1])), name=f"Acme {number}")
        watchers.look(conn)
        threads = [one for one in threading.enumerate() if one.name.startswith("mailbox")]
        until(lambda: len(held_locks(conn)) == 6, 60, "each has begun")
        began = monotonic()
        watchers.close()
        took = monotonic() - began
    for one in threads:
        one.join(60)
    assert (len(threads), any(one.is_alive() for one in threads)) == (6, False)
    assert took < 4


def test_settings_that_can_not_be_read_begin_the_mailboxes_of_others_only_once(
    conn: psycopg.Connection, watchers: Watchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version published them, say, while this one still runs."""
    server = a_server(0)
    for name in ("Acme", "Other"):
        a_workspace(conn, mail(an_inbox(server.port)), name=name)
    *_, unreadable = workspaces.published(conn)
    load = workspaces.load

    def loaded(conn: psycopg.Connection, workspace_id: int) -> Any:
        if workspace_id == unreadable:
            raise ValueError("of a later version")
        return load(conn, workspace_id)

    monkeypatch.setattr(workspaces, "load", loaded)
    begun = []
    for _ in range(2):
        with pytest.raises(ValueError, match="later version"):
            watchers.look(conn)
        begun.append([one for one in threading.enumerate() if one.name.startswith("mailbox")])
    watchers.close()
    assert (len(begun[0]), begun[1]) == (1, begun[0])


def held_locks(conn: psycopg.Connection) -> list[int]:
    query = (
        "select objid from pg_locks where locktype = 'advisory' and granted and database = "
        "(select oid from pg_database where datname = current_database())"
    )
    return [number for (number,) in conn.execute(query).fetchall()]


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
    Reader(conn, workspace, SimpleNamespace(name="hello"), folder, place, Counter())._take(7, [])  # type: ignore[arg-type]
    mark = mailboxes.mark(conn, workspace.id, "hello")
    assert (len(held), mark and mark.last_uid) == (2, 7)
    assert "opted.out" in story(conn, lead)


def a_server(count: int, **more: Any) -> ImapServer:
    mails = {uid: f"From: nobody{uid}@else.test\r\n\r\nHello {uid}\r\n".encode() for uid in range(1, count + 1)}
    return ImapServer(mails, **more).start()


def read_up_to(conn: psycopg.Connection) -> int:
    row = conn.execute("select max(last_uid) from mailboxes").fetchone()
    return int(row[0] or 0) if row else 0


def test_a_mail_that_the_server_does_not_hand_out_is_set_aside_after_three_tries_and_the_next_ones_are_read(
    conn: psycopg.Connection, watchers: Watchers
) -> None:
    server = a_server(3, refused={"UID FETCH 1 ": "NO [SERVERBUG] It could not be retrieved"})
    workspace = a_workspace(conn, mail(an_inbox(server.port)))
    watchers.look(conn)
    try:
        until(lambda: read_up_to(conn) == 3, PATIENCE, "all are read")
        until(lambda: server.seen == {2, 3}, PATIENCE, "what was read is marked as seen, and nothing else")
        until(lambda: attention.mailbox(conn, workspace.id) is None, PATIENCE, "the mailbox is well")
    finally:
        watchers.close()
        server.stop()
    assert sum(asked.startswith("UID FETCH 1 ") for asked in server.asked) == TRIES
    (first, *others) = conn.execute("select door, reason from quarantine order by received_at, door").fetchall()
    assert first[0] == "mail:inbox"
    assert "mail 1 of INBOX: NO [SERVERBUG]" in first[1]
    assert [door for door, _ in others] == ["signal:inbound"] * 2


def test_a_server_that_hands_out_nothing_for_a_while_loses_no_mail(
    conn: psycopg.Connection, watchers: Watchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "TRIES", 1)
    server = a_server(3, refused={"UID FETCH": "NO [OVERQUOTA] Account exceeded command or bandwidth limits"})
    workspace = a_workspace(conn, mail(an_inbox(server.port)))
    watchers.look(conn)
    try:
        until(lambda: sum("FETCH 1 " in asked for asked in server.asked) > 1, PATIENCE, "it was asked for often enough")
        told = attention.mailbox(conn, workspace.id)
        assert told is not None
        assert "bandwidth limits" in told.error
        assert read_up_to(conn) == 0
        server.refused.clear()
        until(lambda: read_up_to(conn) == 3, PATIENCE, "all are read")
    finally:
        watchers.close()
        server.stop()
    assert conn.execute("select distinct door from quarantine").fetchall() == [("signal:inbound",)]


def test_a_folder_that_takes_no_more_mails_is_told_and_new_ones_are_read(
    conn: psycopg.Connection, watchers: Watchers
) -> None:
    server = a_server(2, refused={"UID COPY": "NO [OVERQUOTA] Quota exceeded"})
    workspace = a_workspace(conn, mail(an_inbox(server.port) + 'processed = "Done"\n'))
    watchers.look(conn)
    try:
        until(lambda: attention.mailbox(conn, workspace.id), PATIENCE, "the trouble is told")
    finally:
        watchers.close()
        server.stop()
    told = attention.mailbox(conn, workspace.id)
    assert told is not None
    assert "does not move mails to Done: NO [OVERQUOTA]" in told.error
    assert (read_up_to(conn), sorted(server.mails), server.seen) == (2, [1, 2], {1, 2})
