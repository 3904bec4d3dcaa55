"""A mail whose connection has to be opened first is looked at once more when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from tests.engine.hands import SECRET, Hands, a_stop
from tests.engine.test_rooms import queued, running
from tests.far_ends.smtp import CUT, WAIT, Mailbox, serve_smtp
from tests.waiting import comes_about
from warmline.channels import build
from warmline.channels.contract import Channel
from warmline.channels.secrets import resolve
from warmline.engine.dispatch import Dispatcher
from warmline.engine.hints import AsyncHints
from warmline.engine.sending import Prepared
from warmline.store.workspaces import Workspace

LOGIN = ("8BITMIME", "AUTH PLAIN")


def by_smtp(box: Mailbox, **settings: object) -> dict[str, Channel]:
    table = {
        "provider": "smtp", "host": "127.0.0.1", "port": box.port, "from": "Sam at Acme <sam@acme.test>", "tls": "none",
        "user": "sam", "password": "env:SMTP", **settings,
    }  # fmt: skip
    return {
        "email": build(
            "email", table, partial(resolve, environ={"SMTP": "password"}), "http://127.0.0.1:8000", SECRET, {}
        )
    }


def at_work(
    hands: Hands, dsn: str, body: Callable[[AsyncHints, Mailbox], Awaitable[None]], faults: dict[str, str] | None = None,
    **server: Any,
) -> Mailbox:  # fmt: skip
    """A dispatcher and a mail server with a login, while `body` goes on. Returns the server."""
    boxes: list[Mailbox] = []

    async def both(hints: AsyncHints) -> None:
        async with serve_smtp(faults, extensions=LOGIN, **server) as box:
            boxes.append(box)
            hands.channels = by_smtp(box)
            await body(hints, box)
            await hands.channels["email"].close()

    running(hands, dsn, both)
    return boxes[0]


async def settled(hands: Hands) -> None:
    await comes_about(lambda: not hands.one("select count(*) from touches where status in ('queued', 'sending')"))


def one_after_the_other(hands: Hands, dsn: str, workspace: Workspace, count: int, **server: Any) -> Mailbox:
    """So many mails, each when the one before it is sent. Returns the server."""

    async def body(hints: AsyncHints, _: Mailbox) -> None:
        for number in range(count):
            await asyncio.to_thread(lambda number=number: queued(hands, workspace, 3, by_mail=True, first=number))
            hints.add({3})
            await settled(hands)

    return at_work(hands, dsn, body, **server)


def test_a_stop_that_comes_while_the_connection_is_being_opened_holds_the_mail(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    [lead] = queued(hands, workspace, 3, by_mail=True)

    async def body(hints: AsyncHints, box: Mailbox) -> None:
        hints.add({3})
        await box.silent.wait()
        await asyncio.to_thread(a_stop, hands, workspace, lead)
        box.go_on.set()
        await settled(hands)
        [other] = await asyncio.to_thread(lambda: queued(hands, workspace, 3, by_mail=True, first=1))
        hints.add({3})
        await settled(hands)
        assert hands.one("select status from touches where lead_id = %s", other) == "sent"

    box = at_work(hands, dsn, body, {"AUTH": WAIT})
    assert hands.one("select status, reason from touches where lead_id = %s", lead) == ("refused", "opted_out")
    assert [recipient for _, recipient, _ in box.accepted] == ["ann1@example.com"]
    assert box.connections == 1, "the connection was open, and the next mail had it"


def test_mails_over_a_connection_that_is_open_are_not_looked_at_again(
    hands: Hands, dsn: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look = Dispatcher.last_look

    def counted(self: Dispatcher, prepared: list[object]) -> object:
        if prepared:
            looks.append(len(prepared))
        return look(self, prepared)  # type: ignore[arg-type]

    monkeypatch.setattr(Dispatcher, "last_look", counted)
    one_after_the_other(hands, dsn, workspace, 3)
    assert hands.all("select status from touches") == ["sent"] * 3
    assert looks == [1, 1, 1, 1], "one more for the mail that had a connection opened"


def test_a_connection_that_can_not_be_opened_leaves_the_mail_in_the_queue(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    queued(hands, workspace, 3, by_mail=True)

    async def body(hints: AsyncHints, _: Mailbox) -> None:
        hints.add({3})
        await comes_about(lambda: hands.one("select count(*) from touches where error <> ''"))

    at_work(hands, dsn, body, {"CONNECT": CUT})
    status, tries, error = hands.one("select status, tries, error from touches")
    assert (status, tries) == ("queued", 1)
    assert error.startswith("No session with the mail server")


def test_a_mail_is_claimed_again_when_the_look_at_its_open_connection_fails_in_an_unforeseen_way(
    hands: Hands, dsn: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(hands, workspace, 3, by_mail=True)
    told: list[Mailbox] = []
    look, looks = Dispatcher.last_look, []

    def fails_once(self: Dispatcher, prepared: list[Prepared]) -> object:
        looks.extend(prepared)
        if len(looks) == 2:
            raise RuntimeError("a fault of ours")
        return look(self, prepared)

    monkeypatch.setattr(Dispatcher, "last_look", fails_once)
    monkeypatch.setattr("warmline.engine.dispatch.FAULT", timedelta(0))

    async def body(hints: AsyncHints) -> None:
        async with serve_smtp(extensions=LOGIN) as box:
            told.append(box)
            hands.channels = by_smtp(box)
            hints.add({3})
            await comes_about(lambda: hands.one("select status from touches") == "sent")
            await hands.channels["email"].close()

    running(hands, dsn, body)
    assert hands.one("select tries, excused from touches") == (2, 1)
    assert len(told[0].accepted) == told[0].connections == 1


def test_an_unforeseen_failure_to_open_a_connection_has_certainly_sent_nothing(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    """Two dots in the name of a mail server: it is looked up nowhere, and the error is of no kind that a network gives."""
    queued(hands, workspace, 3, by_mail=True)

    async def body(hints: AsyncHints) -> None:
        async with serve_smtp() as box:
            hands.channels = by_smtp(box, host="smtp..acme.test", tls="starttls")
            hints.add({3})
            await comes_about(lambda: bool(hands.one("select count(*) from touches where error <> ''")))

    running(hands, dsn, body)
    assert hands.one("select status, tries, excused from touches") == ("queued", 1, 0)


def test_a_kept_connection_that_was_closed_sends_the_mail_back_for_a_new_look(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    box = one_after_the_other(hands, dsn, workspace, 2, mails_per_connection=1)
    assert len(box.accepted) == box.connections == 2
    assert hands.all("select status from touches") == ["sent"] * 2
    assert sorted(hands.all("select tries from touches")) == [1, 2]


def test_a_mail_whose_connection_took_too_much_of_the_lease_is_claimed_again(
    hands: Hands, dsn: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = iter((False, True))  # when it is sent, and once the connection is there
    monkeypatch.setattr(Prepared, "is_late", lambda *_: next(late, False))
    box = one_after_the_other(hands, dsn, workspace, 1)
    assert hands.one("select status, tries from touches") == ("sent", 2)
    assert len(box.accepted) == box.connections == 1


def test_a_mail_is_claimed_again_when_the_database_goes_away_while_its_connection_is_opened(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    queued(hands, workspace, 3, by_mail=True)
    boxes: list[Mailbox] = []

    async def body(hints: AsyncHints, box: Mailbox) -> None:
        boxes.append(box)
        hints.add({3})
        await box.silent.wait()
        hands.conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'cut look'"
        )
        box.go_on.set()
        await comes_about(lambda: hands.one("select status from touches") != "sending")

    with suppress(psycopg.OperationalError):  # told to the engine, which begins anew
        at_work(hands, dsn, body, {"AUTH": WAIT})
    assert hands.one("select status from touches") == "queued"
    assert (boxes[0].connections, boxes[0].accepted) == (1, [])
