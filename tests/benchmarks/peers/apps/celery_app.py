"""Celery on Redis: `prepare COUNT` enqueues; the worker is Celery's own command."""

from __future__ import annotations

import os
import sys
from typing import Any

import psycopg
from celery import Celery
from side_effect import DSN, FOR_PSYCOPG, arguments, jobs

late = "BENCH_ACKS_LATE" in os.environ
app = Celery("bench", broker=f"redis://127.0.0.1:{os.environ['BENCH_REDIS']}/0")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=late,
    worker_prefetch_multiplier=4 if late else 64,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)
_connections: list[psycopg.Connection] = []


@app.task(name="touch")
def touch(job: dict[str, Any]) -> None:
    if not _connections:  # one for each process of the pool
        _connections.append(psycopg.connect(DSN, autocommit=True))
    _connections[0].execute(FOR_PSYCOPG, arguments(job))


if __name__ == "__main__":
    with app.producer_pool.acquire(block=True) as producer:
        for job in jobs(int(sys.argv[2])):
            touch.apply_async((job,), producer=producer)
