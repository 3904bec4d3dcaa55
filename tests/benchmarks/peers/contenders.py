"""Each peer: its program, and the settings its own documentation gives for speed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import environment

APPS = Path(__file__).with_name("apps")


@dataclass(frozen=True, slots=True)
class Contender:
    """`jobs`: how many fill some seconds; `bar`: how many times as many Warmline is to make."""

    key: str
    name: str
    jobs: int
    bar: float
    prepare: tuple[str, ...]  # arguments to the environment's Python that install the queue and put the jobs into it
    work: tuple[str, ...]  # those that run its worker
    settings: str
    processes: int = 1  # that its worker starts by itself
    environ: dict[str, str] = field(default_factory=dict)


def contenders() -> list[Contender]:
    celery = ("-m", "celery", "-A", "celery_app", "worker", "--concurrency", "2", "--loglevel", "ERROR")
    celery += ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return [
        Contender(
            "pgqueuer", f"pgqueuer {environment.pinned('pgqueuer')}", 8_000, 10,
            ("pgqueuer_app.py", "prepare"), ("pgqueuer_app.py", "work"),
            "2 processes, each an asyncpg pool of 16, drain mode, batches of 100",
        ),
        Contender(
            "celery", f"Celery {environment.pinned('celery')}, Redis", 2_500, 25,
            ("celery_app.py", "prepare"), celery,
            "prefork 2, prefetch 64, results ignored, no gossip, mingle, heartbeat or events", 2,
        ),
        Contender(
            "celery_late", f"Celery {environment.pinned('celery')}, Redis, acks late", 2_500, 25,
            ("celery_app.py", "prepare"), (*celery, "-O", "fair"),
            "the durable setting: acks_late, prefetch 4, -O fair", 2, {"BENCH_ACKS_LATE": "1"},
        ),
        Contender(
            "procrastinate", f"Procrastinate {environment.pinned('procrastinate')}", 2_500, 35,
            ("procrastinate_app.py", "prepare"), ("procrastinate_app.py", "work"),
            "2 processes, each concurrency 100 and a pool of 20, successful jobs deleted",
        ),
    ]  # fmt: skip


def prepare(one: Contender, surroundings: dict[str, str], jobs: int) -> None:
    command = [environment.python(), *one.prepare, str(jobs)]
    subprocess.run(command, cwd=APPS, env=_environ(one, surroundings), check=True)


@contextmanager
def a_worker(one: Contender, surroundings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [environment.python(), *one.work]
    process = subprocess.Popen(command, cwd=APPS, env=_environ(one, surroundings), stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _environ(one: Contender, surroundings: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    # Celery warns of root, which a container's bench may well be; nothing here comes from outside.
    return {**kept, "PYTHONWARNINGS": "ignore", **surroundings, **one.environ}
