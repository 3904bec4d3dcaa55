"""GET /metrics: counts in Prometheus' text form, over every workspace. Reasons have the names of the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ...insight.measures import Measures, measure
from ...store import workspaces
from .. import database
from ..kept import kept
from .http import Request, Response, text

OVER = timedelta(hours=1)
KEPT = 30  # seconds: the counts look at every lead


async def show(_request: Request) -> Response:
    body = await asyncio.to_thread(_read)
    return text(200, body, b"text/plain; version=0.0.4; charset=utf-8")


def _read() -> str:
    registry = CollectorRegistry()
    gauges = _gauges(registry)
    with database.connection() as conn:
        now = database.now(conn)
        for key in workspaces.keys(conn):
            place = workspaces.load(conn, key)
            _fill(gauges, kept(("measures", place.id), KEPT, partial(measure, conn, place.id, key, now, OVER)))
    return generate_latest(registry).decode()


def _gauges(registry: CollectorRegistry) -> dict[str, Gauge]:
    table = {
        "leads": ("Leads by status", ["workspace", "status"]),
        "touches_last_hour": (
            "Touches of the last hour by channel and what became of them",
            ["workspace", "channel", "status"],
        ),
        "holds_last_hour": ("Touches the gate held in the last hour, by rule", ["workspace", "reason"]),
        "refusals_last_hour": ("Touches the gate refused in the last hour, by rule", ["workspace", "reason"]),
        "tasks_open": ("Open tasks by kind", ["workspace", "kind"]),
        "waiting": (
            "Leads that wait for a person's decision: orphans, parked, unknown, quarantined",
            ["workspace", "why"],
        ),
        "engines": ("Engines that gave a sign of life within half a minute, over every workspace", []),
        "looks_due": ("Enrollments due to be looked at, over every workspace", []),
        "touches_due": ("Touches due to be handed over, over every workspace", []),
    }
    return {
        name: Gauge(f"warmline_{name}", words, labels, registry=registry) for name, (words, labels) in table.items()
    }


def _fill(gauges: dict[str, Gauge], found: Measures) -> None:
    for status, count in found.leads.items():
        gauges["leads"].labels(found.workspace, status).set(count)
    for channel, receipts in found.touches.items():
        for status, count in receipts.items():
            gauges["touches_last_hour"].labels(found.workspace, channel, status).set(count)
    for name, counts in (("holds", found.holds), ("refusals", found.refusals)):
        for reason, count in counts.items():
            gauges[f"{name}_last_hour"].labels(found.workspace, reason).set(count)
    for kind, count in found.tasks.items():
        gauges["tasks_open"].labels(found.workspace, kind).set(count)
    for why in ("orphans", "parked", "unknown", "quarantined"):
        gauges["waiting"].labels(found.workspace, why).set(getattr(found, why))
    gauges["engines"].set(found.engines)
    gauges["looks_due"].set(found.queue.looks)
    gauges["touches_due"].set(found.queue.touches)
