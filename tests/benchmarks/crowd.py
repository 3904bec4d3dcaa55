"""A workspace that has been at work for a year: leads, their stories, touches, tasks and decisions, filled in by SQL.

Laid out as it would be after that year: events, touches and decisions lie in the order of time, so that the story of one
lead is spread over as many pages as it has events. Nothing is random: the same numbers give the same crowd.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.builders import TUESDAY
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.store.connect import connect
from warmline.store.ids import LANES, address_lane
from warmline.store.workspaces import Workspace

from .population import fill

YEAR = timedelta(days=365)

#: kind, days after the lead came in, step, channel, what is said; twenty, like two weeks of a playbook with answers.
STORY = (
    ("form.submitted", 0.0, "", "", "{}"), ("enrolled", 0.0, "", "", "{}"),
    ("touch.planned", 0.0001, "ack", "sms", "{}"), ("task.opened", 0.0001, "first-call", "call", "{}"),
    ("touch.sent", 0.0002, "ack", "sms", "{}"), ("touch.delivered", 0.0003, "ack", "sms", "{}"),
    ("task.done", 0.02, "first-call", "call", '{"outcome": "missed", "last": true}'),
    ("touch.planned", 0.05, "context", "email", "{}"), ("touch.sent", 0.0501, "context", "email", "{}"),
    ("opened", 0.2, "context", "email", "{}"), ("touch.planned", 1.0, "nudge", "sms", "{}"),
    ("touch.sent", 1.0001, "nudge", "sms", "{}"), ("touch.delivered", 1.0002, "nudge", "sms", "{}"),
    ("touch.planned", 3.0, "voicemail", "voicemail", "{}"), ("touch.sent", 3.0001, "voicemail", "voicemail", "{}"),
    ("task.opened", 5.0, "reconnect", "call", "{}"),
    ("task.done", 5.2, "reconnect", "call", '{"outcome": "missed", "last": true}'),
    ("touch.planned", 8.0, "insight", "email", "{}"), ("touch.sent", 8.0001, "insight", "email", "{}"),
    ("replied", 13.9, "", "sms", '{"text": "Can you call me on Thursday?"}'),
)  # fmt: skip
PLANNED = [place for place, (kind, *_) in enumerate(STORY, 1) if kind == "touch.planned"]
NAMES = ("Ann", "Ben", "Chloe", "Dmitri", "Eve", "Frank", "Grace", "Hugo", "Ian", "Judy", "Kei", "Liam")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Somebody of every kind, for the addresses of pages."""

    workspace: Workspace
    leads: list[UUID]
    tasks: list[str]
    events: int


def fill_crowd(dsn: str, workspace: Workspace, count: int, now: datetime) -> Crowd:
    """`count` leads, each with a story of twenty events, four or five touches, two decisions, two addresses, two consents."""
    with connect(dsn, "warmline bench fill") as conn:
        conn.execute("set synchronous_commit = off")
        conn.execute("set work_mem = '512MB'")
        conn.execute("set maintenance_work_mem = '768MB'")
        given = {
            "w": workspace.id, "count": count, "now": now, "year": YEAR, "lanes": LANES, "names": list(NAMES),
            "kinds": [one[0] for one in STORY], "days": [one[1] for one in STORY], "steps": [one[2] for one in STORY],
            "channels": [one[3] for one in STORY], "data": [one[4] for one in STORY], "planned": PLANNED,
            **_look(conn, workspace),
        }  # fmt: skip
        dropped = _drop_indexes(conn)
        for statement in _STATEMENTS:
            conn.execute(statement, given if b"%(" in statement else None)
        _own_addresses(conn, workspace.id)
        for definition in dropped:
            conn.execute(definition)
        conn.execute("vacuum analyze")
        conn.execute("checkpoint")
        return _somebody(conn, workspace)


def _look(conn: psycopg.Connection, workspace: Workspace) -> dict[str, Any]:
    """What the engine writes of a look, taken from one real one, and the version it went by."""
    fill(conn, workspace, 1)
    catalog = Catalog(conn)
    for lane in range(LANES):
        tick(conn, lane, TUESDAY, catalog)
    row = conn.execute("select version_id, rules, result, lead::text, body::text from decisions").fetchone()
    assert row is not None
    return dict(zip(("version", "rules", "result", "lead", "body"), row, strict=True))


def _drop_indexes(conn: psycopg.Connection) -> list[str]:
    """Built once at the end they cost a fraction. Returns the statements that make them again."""
    indexes = conn.execute(
        """
        select i.indexrelid::regclass::text, i.indrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid),
          pg_get_indexdef(i.indexrelid)
        from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u')
        where i.indrelid = any(%s::regclass[])
        """,
        (list(FILLED),),
    ).fetchall()
    again = []
    for name, table, constraint, as_constraint, as_index in indexes:
        if constraint:
            conn.execute(f"alter table {table} drop constraint {constraint}".encode())
            again.append(f"alter table {table} add constraint {constraint} {as_constraint}")
        else:
            conn.execute(f"drop index {name}".encode())
            again.append(as_index)
    return again


def _own_addresses(conn: psycopg.Connection, workspace_id: int) -> None:
    """The lane of an address is its CRC, which PostgreSQL knows from version 18 on only: made here."""
    with conn.transaction(), conn.cursor(name="addresses") as source:
        source.itersize = 20_000
        source.execute("select json_object_keys(addresses), id from leads where workspace_id = %s", (workspace_id,))
        with (
            connect(conn.info.dsn) as other, other.cursor() as target,
            target.copy("copy address_owners (lane, workspace_id, value, lead_id) from stdin") as copy,
        ):  # fmt: skip
            for value, lead_id in source:
                copy.write_row((address_lane(value), workspace_id, value, lead_id))


def _somebody(conn: psycopg.Connection, workspace: Workspace, most: int = 200) -> Crowd:
    leads = conn.execute(
        "select id from leads where workspace_id = %s order by md5(id::text) limit %s", (workspace.id, most)
    ).fetchall()
    tasks = conn.execute(
        "select lane || '/' || id from tasks where workspace_id = %s and status = 'open' limit %s", (workspace.id, most)
    ).fetchall()
    events = conn.execute("select count(*) from events").fetchone()
    assert events is not None
    return Crowd(workspace, [one for (one,) in leads], [one for (one,) in tasks], events[0])


FILLED = (
    "leads", "address_owners", "consents", "enrollments", "events", "touches", "tasks", "decisions",
)  # fmt: skip

#: Leads came in evenly over the year. Who came in the last hundred days is under way or with a person; the others are over.
_STATEMENTS = (
    b"""
    create unlogged table crowd as
    select n, (n %% %(lanes)s)::smallint as lane, at, md5('enrollment' || n)::uuid as enrollment,
      (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
        || substr(md5(n::text), 4, 14) || to_hex(n %% %(lanes)s))::uuid as id,
      case when now_days > 100 then (array['lost', 'closed', 'lost', 'won', 'opted_out'])[1 + n %% 5]
           when n %% 25 = 0 then 'handed_off' else 'open' end as status,
      least(1.0, now_days / 14.0) as pace
    from (select n, %(now)s::timestamptz - (%(count)s::int - n + 1)::float8 / %(count)s::int * %(year)s::interval as at,
            (%(count)s::int - n + 1)::float8 / %(count)s::int * 365 as now_days
          from generate_series(1, %(count)s::int) n) one
    """,
    b"""
    insert into leads (lane, id, workspace_id, status, owner, first_name, last_name, company, email, phone, addresses,
      country, source, fields, created_at, updated_at)
    select lane, id, %(w)s, status, (array['sam', 'jo'])[1 + n %% 2], (%(names)s::text[])[1 + n %% 12],
      case when n %% 50 = 0 then 'Miller' else 'Name' || n %% 20000 end, case when n %% 3 = 0 then 'Company ' || n %% 5000
      else '' end, email, phone, json_build_object(email, 'ok', phone, 'ok'), 'US', 'website', '{"budget": "10000"}', at, at
    from crowd
    cross join lateral (select 'lead' || n || '@example' || n %% 900 || '.com' email, '+1415' || 2000000 + n phone) a
    order by n
    """,
    b"""
    insert into consents (lane, id, lead_id, workspace_id, level, channels, at, wording, source)
    select lane, md5(level || n)::uuid, id, %(w)s, level, channels, at, 'sms-2026-11', 'website' from crowd
    cross join (values ('express_written', array['sms', 'voicemail']), ('inquiry', array['email', 'call'])) c (level, channels)
    """,
    b"""
    insert into enrollments (lane, id, lead_id, workspace_id, version_id, playbook, rank, status, due_at, seed, event,
      started_at, ended_at, end_reason)
    select lane, enrollment, c.id, %(w)s, v.id, v.key, v.rank, kind, case when kind <> 'ended' then
      %(now)s::timestamptz + n %% 10000 * interval '1 minute' end, n,
      '{"kind": "form.submitted", "form": "pricing", "source": "website", "after_hours": false}', at,
      case when kind = 'ended' then at + interval '14 days' end, case when kind = 'ended' then 'finished' else '' end
    from (select *, case status when 'open' then 'running' when 'handed_off' then 'handed_off' else 'ended' end as kind
          from crowd) c
    join playbook_versions v on v.id = %(version)s
    """,
    b"""
    insert into events (lane, lead_id, seq, workspace_id, kind, at, enrollment_id, step, channel, touch_id, data)
    select lane, id, nextval('event_seq'), %(w)s, kind, at, enrollment, step, channel, touch, data::json from (
      select c.lane, c.id, s.kind, c.at + s.days * c.pace * interval '1 day' as at, c.enrollment, s.step, s.channel,
        case when s.kind like 'touch.%%' or s.kind = 'opened' then md5(c.n || s.step)::uuid end as touch, s.data
      from crowd c cross join unnest(%(kinds)s::text[], %(days)s::float8[], %(steps)s::text[], %(channels)s::text[],
        %(data)s::text[]) s (kind, days, step, channel, data)
      order by at) e
    """,
    b"""
    insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template, status,
      ready_at, tries, address, body, provider, provider_id, created_at, handed_at, sent_at)
    select lane, md5(n || step)::uuid, id, %(w)s, enrollment, %(version)s, step, channel, 'marketing', 'nudge', 'sent', at, 1,
      '+1415' || 2000000 + n, 'Hi, here is what you asked us for. Is this still something for you this month?', 'sandbox',
      'SM' || md5(n || step), at, at, at
    from (select c.n, c.lane, c.id, c.enrollment, (%(steps)s::text[])[p] as step, (%(channels)s::text[])[p] as channel,
            c.at + (%(days)s::float8[])[p] * c.pace * interval '1 day' as at
          from crowd c cross join unnest(%(planned)s::int[]) p order by at) t
    """,
    b"""
    insert into tasks (lane, id, lead_id, workspace_id, enrollment_id, step, kind, title, script, owner, due_at, status,
      outcome, opened_at, done_at, done_by)
    select lane, md5('call' || n)::uuid, id, %(w)s, enrollment, 'first-call', 'call', 'Call back', 'discovery',
      (array['sam', 'jo'])[1 + n %% 2], at, 'done', 'missed', at, at + interval '20 minutes', 'sam' from crowd order by n
    """,
    b"""
    insert into tasks (lane, id, lead_id, workspace_id, enrollment_id, kind, title, owner, due_at, status, opened_at)
    select lane, md5('open' || n)::uuid, id, %(w)s, enrollment, case status when 'handed_off' then 'hand_off' else 'call' end,
      'Call back', case when n %% 10 > 0 then (array['sam', 'jo'])[1 + n %% 2] end,
      %(now)s::timestamptz + (n %% 2880 - 60) * interval '1 minute', 'open', at
    from crowd where status = 'handed_off' or (status = 'open' and n %% 40 = 1)
    """,
    b"""
    insert into decisions (lane, lead_id, seq, workspace_id, enrollment_id, version_id, rules, seen, at, result, lead, body)
    select lane, id, nextval('decision_seq'), %(w)s, enrollment, %(version)s, %(rules)s, 9223372036854775807,
      at, %(result)s, %(lead)s::json, %(body)s::json
    from (select c.*, c.at + days * c.pace * interval '1 day' from crowd c cross join unnest(array[0.0001, 1.0]) days) c
    """,
    b"""
    insert into traces (lane, digest, findings) select l, digest, findings from traces
    cross join generate_series(0, %(lanes)s - 1) l on conflict do nothing
    """,
    b"drop table crowd",
)
