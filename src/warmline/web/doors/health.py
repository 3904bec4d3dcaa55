"""GET /healthz: the process answers. GET /readyz: the database answers too, and its schema is current."""

from __future__ import annotations

import asyncio

import psycopg
from psycopg_pool import PoolTimeout

from ...store import migrate
from .. import database
from .http import Request, Response, text


async def live(_request: Request) -> Response:
    return text(200, "ok\n")


async def ready(_request: Request) -> Response:
    problem = await asyncio.to_thread(_problem)
    return text(503, problem + "\n") if problem else text(200, "ready\n")


def _problem() -> str:
    try:
        with database.connection() as conn:
            if not migrate.is_current(conn):
                return "The database schema is older than this program. Run `warmline migrate`."
    except (psycopg.OperationalError, PoolTimeout) as error:
        return f"The database does not answer: {error}"
    return ""
