"""Procrastinate: `prepare COUNT` installs it and defers, `work` runs a worker."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from psycopg_pool import AsyncConnectionPool
from side_effect import DSN, FOR_PSYCOPG, arguments, jobs

logging.getLogger("procrastinate").setLevel(logging.ERROR)  # it minds that this program is the main one
app = App(connector=PsycopgConnector(conninfo=DSN, max_size=20))
pool = AsyncConnectionPool(DSN, min_size=20, max_size=20, open=False, kwargs={"autocommit": True})


@app.task(name="touch")
async def touch(job: dict[str, Any]) -> None:
    async with pool.connection() as conn:
        await conn.execute(FOR_PSYCOPG, arguments(job))


async def prepare(count: int) -> None:
    with psycopg.connect(DSN, autocommit=True) as conn:
        installed = conn.execute("select to_regclass('procrastinate_jobs') is not null").fetchone()
    async with app.open_async():
        if installed == (False,):
            await app.schema_manager.apply_schema_async()
        await touch.batch_defer_async(*({"job": job} for job in jobs(count)))


async def work() -> None:
    async with app.open_async(), pool:
        await app.run_worker_async(concurrency=100, delete_jobs="successful", listen_notify=True)


if __name__ == "__main__":
    asyncio.run(prepare(int(sys.argv[2])) if sys.argv[1] == "prepare" else work())
