"""Hints: quick, and never needed."""

from __future__ import annotations

import asyncio
import threading

import psycopg

from tests.e2e.support import PATIENCE, until
from warmline.engine.hints import AsyncHints, Hints, listen


def test_lanes_added_from_any_thread_are_taken_once() -> None:
    hints = Hints()
    workers = [threading.Thread(target=hints.add, args=((lane,),)) for lane in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert hints.take(5) == {0, 1, 2, 3, 4}
    assert hints.take(0) == set()


def test_a_wait_ends_with_the_first_hint() -> None:
    hints = Hints()
    found: list[set[int]] = []
    waiter = threading.Thread(target=lambda: found.append(hints.take(60)))
    waiter.start()
    hints.add((7,))
    waiter.join(PATIENCE)
    assert found == [{7}]


def test_an_event_loop_hears_what_a_thread_adds_and_wakes_for_a_stop_without_lanes() -> None:
    async def run() -> tuple[set[int], set[int], set[int]]:
        hints = AsyncHints(asyncio.get_running_loop())
        await asyncio.to_thread(hints.add, (3, 4))
        heard = await hints.take(60)
        silence = await hints.take(0.01)
        hints.wake()
        return heard, silence, await hints.take(60)

    assert asyncio.run(run()) == ({3, 4}, set(), set())


def test_hints_after_the_loop_has_closed_are_nobodys_concern() -> None:
    loop = asyncio.new_event_loop()
    hints = AsyncHints(loop)
    loop.close()
    hints.add((1,))


def test_what_intake_notifies_is_heard_and_listening_survives_a_cut_connection(
    dsn: str, conn: psycopg.Connection
) -> None:
    hints, stopping = Hints(), threading.Event()
    listener = threading.Thread(target=listen, args=(dsn, hints, stopping))
    listener.start()
    try:
        heard(conn, hints, "3 17", {3, 17})
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'warmline listen'"
        )
        heard(conn, hints, "5 nonsense", {5})
    finally:
        stopping.set()
        listener.join()


def heard(conn: psycopg.Connection, hints: Hints, payload: str, lanes: set[int]) -> None:
    """Notify until it is heard: a hint before the listener listens is lost, as hints may be, and one that was told twice may
    be heard a second time after the next."""

    def told() -> bool:
        conn.execute("select pg_notify('warmline', %s)", (payload,))
        return hints.take(0.1) == lanes

    until(told, PATIENCE, f"lanes {lanes} are heard")
