"""The stories of a playbook's runs, for `warmline review` and its page. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import psycopg

from warmline.core.review import Run

from .pages import BY_NO_MACHINE
from .rows import read


def runs(
    conn: psycopg.Connection, workspace_id: int, playbook: str, since: datetime, kinds: Sequence[str], most: int
) -> list[Run]:
    """The newest that began since then, at most `most`, each with what happened to its lead since it began, in that order.
    What a merge tells again has happened to the other lead."""
    return read(
        conn,
        f"""
        with newest as (
          select lane, id, lead_id, status, end_reason, started_at from enrollments
          where workspace_id = %(workspace)s and playbook = %(playbook)s and started_at >= %(since)s and status <> 'scheduled'
          order by started_at desc limit %(most)s
        )
        select json_agg(json_build_array(
          n.id, l.source, extract(epoch from n.started_at)::float8, n.status, n.end_reason, t.told))::text
        from newest n join leads l on l.lane = n.lane and l.id = n.lead_id
        cross join lateral (
          select coalesce(json_agg(
            json_build_array(kind, extract(epoch from at)::float8, enrollment_id, step, channel, data->>'outcome')
            order by at, seq), '[]') as told
          from events v
          where v.lane = n.lane and v.lead_id = n.lead_id and v.at >= n.started_at and v.kind = any(%(kinds)s)
            and {BY_NO_MACHINE} and data->>'merged' is null
        ) t
        """,  # noqa: S608 - only fixed text is joined in
        {"workspace": workspace_id, "playbook": playbook, "since": since, "kinds": list(kinds), "most": most},
        Run,
    )
