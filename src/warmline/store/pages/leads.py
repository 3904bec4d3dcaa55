"""Finding leads: by name, number or address, filtered, page after page, in the same time at a million leads.

Search goes through indexes by prefix or exact address. Filters walk the newest leads in bounded stretches: a page looks
at no more than STRETCH leads and says where it stopped, so that a rare status never turns into a scan of the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from .. import address_owners
from ..ids import lane_of
from ..rows import encode, read
from . import CALLED, free
from .cursors import read_cursor, write_cursor

PAGE = 50
#: In place of the key of an owner, which never begins so: leads that nobody has who is there.
NOBODY = "-"
STRETCH = 5_000
#: Leads of one kind of hit that a search without filters looks at: more than it shows.
ENOUGH = 200


class Line(msgspec.Struct):
    """One lead of the list. `playbook` and `next_at` are of the enrollment that runs or waits, if there is one."""

    id: UUID
    name: str
    company: str
    email: str | None
    phone: str | None
    status: str
    owner: str | None
    source: str
    created_at: datetime
    playbook: str | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show. `owner` is a key, or NOBODY; `after` is a cursor from `Page.next`; `addresses` are the numbers or the
    address that `text` may mean."""

    text: str = ""
    addresses: tuple[str, ...] = ()
    status: str = ""
    owner: str = ""
    playbook: str = ""
    after: str = ""

    @property
    def filters(self) -> bool:
        return bool(self.status or self.owner or self.playbook)


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of what follows, "" at the end; `stopped`: the stretch ended before the page was full, and in a
    search before everybody was looked at."""

    lines: list[Line]
    next: str
    stopped: bool


class _Mark(msgspec.Struct, array_like=True):
    at: datetime
    id: UUID


class _Found(msgspec.Struct):
    lines: list[Line]
    last: _Mark | None
    looked: int


def find(conn: psycopg.Connection, workspace_id: int, wanted: Wanted) -> Page:
    """Raises ValueError for a cursor that `find` did not write."""
    if wanted.text:
        size = STRETCH if wanted.filters else ENOUGH
        found = _search(conn, workspace_id, wanted, size)
        return Page(found.lines, "", wanted.filters and found.looked == size)
    size = STRETCH if wanted.filters else PAGE + 1
    found = read(conn, _walk(wanted), _params(workspace_id, wanted, size), _Found)[0]
    if len(found.lines) > PAGE:
        last = found.lines[PAGE - 1]
        return Page(found.lines[:PAGE], write_cursor(last.created_at, last.id), False)
    if found.looked == size and found.last is not None:
        return Page(found.lines, write_cursor(found.last.at, found.last.id), True)
    return Page(found.lines, "", False)


_LINE = f"""
  l.id, {CALLED} as name,
  l.company, l.email, l.phone, l.status, l.owner, l.source, l.created_at, e.playbook, e.due_at as next_at
"""
_RUN = """
  left join lateral (
    select playbook, due_at from enrollments e where e.lane = l.lane and e.lead_id = l.id and e.status <> 'ended'
    order by e.status = 'scheduled', e.started_at desc limit 1
  ) e on true
"""


def _walk(wanted: Wanted) -> str:
    after = "and created_at <= %(at)s and (created_at < %(at)s or id > %(id)s)" if wanted.after else ""
    return f"""
      with stretch as materialized (
        select lane, id, created_at, status, owner from leads where workspace_id = %(w)s {after}
        order by created_at desc, id limit %(size)s
      ), picked as materialized (
        select lane, id from stretch s where {_conditions(wanted)} order by created_at desc, id limit %(page)s
      ), lines as (
        select {_LINE} from picked p join leads l on l.lane = p.lane and l.id = p.id {_RUN}
      )
      select json_build_array(json_build_object(
        'lines', coalesce((select json_agg(x order by x.created_at desc, x.id) from lines x), '[]'),
        'last', (select json_build_array(created_at, id) from stretch order by created_at, id desc limit 1),
        'looked', (select count(*) from stretch)))::text
    """  # noqa: S608 - only fixed conditions are joined in


def _conditions(wanted: Wanted) -> str:
    """Of a lead `s`: that it fits the filters."""
    conditions = ["true"]
    if wanted.status:
        conditions.append("s.status = %(status)s")
    if wanted.owner:
        conditions.append(free("s") if wanted.owner == NOBODY else "s.owner = %(owner)s")
    if wanted.playbook:
        conditions.append(
            "exists (select 1 from enrollments e where e.lane = s.lane and e.lead_id = s.id"
            " and e.playbook = %(playbook)s and e.status <> 'ended')"
        )
    return " and ".join(conditions)


def _params(workspace_id: int, wanted: Wanted, size: int) -> dict[str, Any]:
    at, lead_id = read_cursor(wanted.after) if wanted.after else (None, None)
    return {
        "w": workspace_id, "status": wanted.status, "owner": wanted.owner, "playbook": wanted.playbook,
        "at": at, "id": lead_id, "size": size, "page": PAGE + 1,
    }  # fmt: skip


def _search(conn: psycopg.Connection, workspace_id: int, wanted: Wanted, size: int) -> _Found:
    """Exact address first, then names and mail addresses that begin so. Several words are the beginnings of those of the
    name, in either order of first and last name. At most `size` of each kind of hit are looked at."""
    text = wanted.text.strip()
    owners = address_owners.find(conn, workspace_id, wanted.addresses)
    owned = [{"lane": lane_of(one), "id": one} for one in owners.values()]
    address = text.lower()
    begin, *more = text.lower().replace(",", " ").split() or [text]
    return read(
        conn,
        f"""
        with hits as materialized (
          select lane, id, 0 as place from json_to_recordset(%(owned)s::json) as w (lane smallint, id uuid)
          union all (select lane, id, 1 from leads where workspace_id = %(w)s and lower(last_name) ~>=~ %(begin)s
            and lower(last_name) ~<~ %(begin_end)s and lower(last_name || ' ' || first_name) like %(words)s limit %(size)s)
          union all (select lane, id, 2 from leads where workspace_id = %(w)s and lower(first_name) ~>=~ %(begin)s
            and lower(first_name) ~<~ %(begin_end)s and lower(first_name || ' ' || last_name) like %(words)s limit %(size)s)
          union all (select lane, id, 3 from leads where workspace_id = %(w)s and email ~>=~ %(address)s
            and email ~<~ %(address_end)s limit %(size)s)
        ), firsts as (
          select lane, id, min(place) as place from hits group by 1, 2
        ), picked as materialized (
          select s.lane, s.id, f.place from firsts f join leads s on s.lane = f.lane and s.id = f.id
          where s.workspace_id = %(w)s and {_conditions(wanted)} order by f.place, s.created_at desc limit %(page)s
        ), lines as (
          select {_LINE}, p.place from picked p join leads l on l.lane = p.lane and l.id = p.id {_RUN}
        )
        select json_build_array(json_build_object(
          'lines', coalesce((select json_agg(x order by x.place, x.created_at desc) from lines x), '[]'), 'last', null,
          'looked', (select coalesce(max(n), 0) from (select count(*) as n from hits group by place) c)))::text
        """,  # noqa: S608 - only fixed text is joined in
        {
            **_params(workspace_id, wanted, size), "page": PAGE,
            "address": address, "address_end": _after(address),
            "owned": encode(owned),
            "begin": begin, "begin_end": _after(begin), "words": " ".join(map(_like, (begin, *more))),
        },
        _Found,
    )[0]  # fmt: skip


def _like(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word) + "%"


def _after(prefix: str) -> str:
    """The first text, byte by byte, that does not begin with `prefix`."""
    return prefix + "\U0010ffff"
