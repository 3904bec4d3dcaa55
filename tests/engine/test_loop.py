"""The whole engine in this process: everything moves by itself, and a stop leaves nothing half done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import a_lead, a_workspace, enrolled, starter_files, story
from tests.e2e.support import PATIENCE
from tests.far_ends.ports import closed_port
from tests.waiting import comes_about
from warmline.engine import loop
from warmline.engine.loop import Engine, Options
from warmline.store.clock import real_now
from warmline.store.ids import lane_of, new_id
from warmline.store.pages import attention
from warmline.store.workspaces import Workspace

from .test_mailbox import an_inbox, mail

SECRET = b"a secret of tests, thirty-two bytes"


def at_any_hour() -> dict[str, str]:
    """The starter, its first text and nothing else: it confirms the lead's own request, at any hour."""
    pricing = """
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90}
owner: {team: sales, by: round-robin}
steps:
  ack: {send: sms, template: ack, at: now, purpose: acknowledge}
"""
    return {"playbooks/pricing.yaml": pricing}


def a_new_lead(conn: psycopg.Connection, workspace: Workspace, number: int = 0) -> UUID:
    now = real_now()
    lead = a_lead(conn, workspace, phone=f"+1212555{number:04d}", email=f"a{number}@example.com", at=now)
    enrolled(conn, workspace, "pricing", lead, at=now)
    return lead


def running(dsn: str, body: Callable[[Engine], Awaitable[None]]) -> None:
    """Run an engine around `body`, then stop it."""

    async def both() -> None:
        engine = Engine(Options(dsn, SECRET, {}))
        task = asyncio.create_task(engine.run())
        try:
            await body(engine)
        finally:
            await comes_about(lambda: task.done() or hasattr(engine, "stop_async"))
            if not task.done():
                engine.stop()
            await asyncio.wait_for(task, PATIENCE)

    asyncio.run(both())


def count(conn: psycopg.Connection, where: str) -> int:
    row = conn.execute(f"select count(*) from {where}".encode()).fetchone()
    return int(row[0]) if row else 0


def test_a_lead_that_is_due_gets_its_text_with_no_hint_at_all(dsn: str, conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn, at_any_hour())
    lead = a_new_lead(conn, workspace)

    async def body(_: Engine) -> None:
        await comes_about(lambda: count(conn, "touches where sent_at is not null") == 1)
        await comes_about(lambda: count(conn, "enrollments where status = 'ended'") == 1)

    running(dsn, body)
    told = story(conn, lead)
    assert told.count("touch.planned") == told.count("touch.sent") == 1
    assert "ended" in told
    assert conn.execute("select count(*) from engines").fetchone() == (0,), "a clean stop takes its sign of life back"


def test_answers_that_nobody_asks_for_any_more_go_while_it_runs(dsn: str, conn: psycopg.Connection) -> None:
    conn.execute(
        "insert into answers (workspace_id, source, key, digest, answer, at)"
        " select 1, 'pricing', n::text, '', 'null', now() - n * interval '20 days' from generate_series(0, 2) n"
    )

    async def body(_: Engine) -> None:
        await comes_about(lambda: count(conn, "answers") == 2)

    running(dsn, body)
    assert conn.execute("select max(key) from answers").fetchone() == ("1",)


def test_settings_published_while_it_runs_count_for_what_goes_out_after(dsn: str, conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn, at_any_hour())

    async def body(_: Engine) -> None:
        a_new_lead(conn, workspace, 1)
        await comes_about(lambda: count(conn, "touches where sent_at is not null") == 1)
        settings = starter_files()["warmline.toml"].replace("rate = 10 ", "behaviour = {refuse = 1.0}\nrate = 10 ", 1)
        again = a_workspace(conn, {**at_any_hour(), "warmline.toml": settings})
        assert again.config_version > workspace.config_version
        while count(conn, "touches where status = 'failed'") == 0:
            a_new_lead(conn, again, 2 + count(conn, "leads"))
            await comes_about(lambda: count(conn, "touches where status in ('queued', 'sending')") == 0)
            await comes_about(lambda: count(conn, "touches") == count(conn, "leads"))

    running(dsn, body)
    assert conn.execute("select distinct reason from touches where status = 'failed'").fetchall() == [("opted_out",)]


def test_a_lead_of_the_sandbox_answers_as_it_is_told_and_is_handed_to_a_person(
    dsn: str, conn: psycopg.Connection
) -> None:
    told = "behaviour = {replies = 1.0, act_after = 0.05}\nrate = 10 "
    settings = starter_files()["warmline.toml"].replace("rate = 10 ", told, 1)
    workspace = a_workspace(conn, {**at_any_hour(), "warmline.toml": settings})
    lead = a_new_lead(conn, workspace)

    async def body(_: Engine) -> None:
        await comes_about(lambda: count(conn, "tasks where kind = 'hand_off' and status = 'open'") == 1)

    running(dsn, body)
    assert "replied" in story(conn, lead)


def test_every_connection_cut_at_once_costs_nothing(dsn: str, conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn, at_any_hour())

    async def body(_: Engine) -> None:
        for number in range(4):
            a_new_lead(conn, workspace, number)
            await comes_about(lambda: count(conn, "pg_stat_activity where application_name = 'warmline look'") == 1)
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where pid <> pg_backend_pid() and datname = current_database()"
            )
        await comes_about(lambda: count(conn, "touches where status in ('sent', 'delivered', 'unknown')") == 4)

    running(dsn, body)
    assert count(conn, "touches") == 4


def test_a_stop_ends_it_soon_with_nothing_half_done(dsn: str, conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn, at_any_hour())
    leads = [a_new_lead(conn, workspace, number) for number in range(30)]

    async def body(_: Engine) -> None:
        await comes_about(lambda: count(conn, "touches where sent_at is not null") > 0)

    running(dsn, body)
    assert count(conn, "touches where status = 'sending'") == 0
    mine = "pg_stat_activity where application_name like 'warmline %' and datname = current_database()"
    asyncio.run(comes_about(lambda: count(conn, mine) == 0))  # PostgreSQL notices a closed connection a moment later
    still = {row[0] for row in conn.execute("select lead_id from touches where status = 'queued'").fetchall()}
    due = {row[0] for row in conn.execute("select lead_id from enrollments where due_at is not null").fetchall()}
    assert still | due | {row[0] for row in conn.execute("select lead_id from touches").fetchall()} == set(leads)


@pytest.mark.parametrize("speed", [3600])
def test_a_faster_clock_keeps_its_appointments(dsn: str, conn: psycopg.Connection, speed: float) -> None:
    """An hour passes in a second: what is due in two hours goes out in about two seconds, and not before its time."""
    workspace = a_workspace(conn, at_any_hour())
    now = real_now()
    conn.execute("insert into clocks (id, base, real_base, speed) values (1, %s, %s, %s)", (now, now, speed))
    lead = a_lead(conn, workspace, at=now)
    due_at = now + timedelta(minutes=10)
    enrolled(conn, workspace, "pricing", lead, at=due_at, due_at=due_at)

    async def body(_: Engine) -> None:
        await comes_about(lambda: count(conn, "touches where sent_at is not null") == 1)

    running(dsn, body)
    row = conn.execute("select created_at from touches where lane = %s", (lane_of(lead),)).fetchone()
    assert row is not None
    assert row[0] >= due_at


@pytest.mark.slow
def test_what_has_gathered_is_decided_by_processes_of_its_own(
    dsn: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "BATCH", 16)  # a share of one lead a lane: all the others have gathered
    workspace = a_workspace(conn, at_any_hour())
    for number in range(150):
        a_new_lead(conn, workspace, number)

    async def body(_: Engine) -> None:
        await comes_about(lambda: count(conn, "pg_stat_activity where application_name = 'warmline decider'") > 0)
        await comes_about(lambda: count(conn, "touches where sent_at is not null") == 150)

    running(dsn, body)
    assert count(conn, "events where kind = 'touch.planned'") == 150
    mine = "pg_stat_activity where application_name like 'warmline %' and datname = current_database()"
    asyncio.run(comes_about(lambda: count(conn, mine) == 0))


def test_the_mails_of_a_database_that_is_held_are_left_to_the_original(dsn: str, conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn, mail(an_inbox(closed_port(), word="NOT_SET_HERE")))
    conn.execute("insert into restores (id, taken_at, restored_at) values (%s, now(), now())", (new_id(),))
    asks = (
        "select 1 from pg_stat_activity where datname = current_database() and application_name = 'warmline mailboxes'"
        " and query like '%restores%' and state = 'idle'"
    )

    async def body(_engine: Engine) -> None:
        await comes_about(lambda: conn.execute(asks).fetchone() is not None)
        assert attention.mailbox(conn, workspace.id) is None
        conn.execute("update restores set resumed_at = now()")
        await comes_about(lambda: attention.mailbox(conn, workspace.id) is not None)

    running(dsn, body)


def test_what_of_the_upkeep_fails_keeps_the_rest_of_it_from_nothing(
    dsn: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is not sealed, say. Opt-outs that nobody read in time, and lost calls, are nobody's to wait for it."""
    engine, done = Engine(Options(dsn, SECRET, {})), list[str]()

    def fails(*_: object) -> None:
        done.append("seal_all")
        if len(done) > 5:
            engine.stopping.set()
        raise ValueError("a fault of ours")

    def last(*_: object) -> None:
        done.append("ask_about_calls")
        if done.count("ask_about_calls") == 2:
            engine.stopping.set()

    monkeypatch.setattr(loop, "UPKEEP", 0.01)
    monkeypatch.setattr(loop, "seal_all", fails)
    monkeypatch.setattr(loop, "ask_about_calls", last)
    engine.forever("upkeep", engine.upkeep)
    assert done == ["seal_all", "ask_about_calls"] * 2
