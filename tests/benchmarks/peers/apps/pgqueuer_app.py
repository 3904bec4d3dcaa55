"""pgqueuer: `prepare COUNT` installs it and enqueues, `work` drains the queue."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode
from psycopg.conninfo import conninfo_to_dict
from side_effect import DSN, FOR_ASYNCPG, arguments, jobs


def place() -> dict[str, str]:
    named = conninfo_to_dict(DSN)
    return {"host": named["host"], "port": named["port"], "user": named["user"], "database": named["dbname"]}


async def prepare(count: int) -> None:
    conn = await asyncpg.connect(**place())
    queries = Queries(AsyncpgDriver(conn))
    if not await queries.schema_is_installed():
        await queries.install()
    payloads = [json.dumps(job).encode() for job in jobs(count)]
    await queries.enqueue(["touch"] * count, payloads, [0] * count)
    await conn.close()


async def work() -> None:
    async with asyncpg.create_pool(**place(), min_size=16, max_size=16) as pool:
        queue = PgQueuer(AsyncpgPoolDriver(pool))

        @queue.entrypoint("touch")
        async def touch(job: Job) -> None:
            one = arguments(json.loads(job.payload))
            await pool.execute(
                FOR_ASYNCPG, one["lane"], one["touch"], one["lead"], one["workspace"], one["enrollment"], one["version"]
            )

        await queue.run(batch_size=100, mode=QueueExecutionMode.drain)
        await asyncio.to_thread(signal.pause)  # the bench reads how much CPU this took, and then ends it


if __name__ == "__main__":
    uvloop.run(prepare(int(sys.argv[2])) if sys.argv[1] == "prepare" else work())
