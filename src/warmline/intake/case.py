"""One lead in hand: locked, read, and changed in one transaction by a signal or by a person's act.

    with taken(conn, workspace, lead_id, now) as case:
        case.happened("replied", text="Yes")
        case.person_takes_over("reply")

Events are written at the end, and what runs for the lead is woken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from warmline.core.enrol import CLOSED
from warmline.core.events import SIGNAL_TITLES
from warmline.core.routing import next_rep
from warmline.store import (
    address_owners,
    enrollments,
    events,
    leads,
    merges,
    playbooks,
    receipts,
    rotations,
    stops,
    tasks,
)
from warmline.store.events import NewEvent
from warmline.store.hints import notify
from warmline.store.ids import new_id
from warmline.store.races import LostRaceError
from warmline.store.workspaces import Workspace

from .judge import HAND_OFF_WITHIN, LIVE_TASKS, REVIEW_WITHIN
from .person import Person, person_of
from .setting import Setting, setting_of


class NoSuchLeadError(Exception):
    """This workspace has no lead of that id."""


@dataclass(slots=True)
class Case:
    conn: psycopg.Connection
    workspace: Workspace
    setting: Setting
    person: Person
    known_keys: frozenset[str]
    now: datetime
    events: list[NewEvent] = field(default_factory=list)
    not_before: datetime | None = None  # nothing planned goes out sooner: something is still to be judged

    @property
    def id(self) -> UUID:
        return self.person.id

    @property
    def lane(self) -> int:
        return self.person.lane

    @property
    def is_free(self) -> bool:
        """No run speaks for the lead and no person has it: what it asks for now may start one."""
        return self.person.run is None and self.person.status in ("open", *CLOSED)

    @property
    def is_erased(self) -> bool:
        """Whoever it was has been erased: it has no address left, and is no part of another lead (see `taken`)."""
        return not self.person.addresses

    def happened(
        self,
        kind: str,
        *,
        enrollment: UUID | None = None,
        step: str = "",
        channel: str = "",
        touch: UUID | None = None,
        key: str | None = None,
        **data: Any,
    ) -> None:
        """Record an event. Without an enrollment named it belongs to the one that runs."""
        self.events.append(
            NewEvent(
                lane=self.lane, lead_id=self.id, workspace_id=self.workspace.id, kind=kind, at=self.now,
                enrollment_id=enrollment or (self.person.run.id if self.person.run else None), step=step,
                channel=channel, touch_id=touch, key=key, data=data,
            )
        )  # fmt: skip

    def ask(self, kind: str, title: str, due_at: datetime, note: str = "", owner: str | None = None) -> None:
        """Open a task that belongs to no step; where one of the kind is open it hears the note instead."""
        task_id = new_id()
        row = {
            "lane": self.lane, "id": task_id, "lead_id": self.id, "workspace_id": self.workspace.id,
            "enrollment_id": self.person.run.id if self.person.run else None, "kind": kind, "title": title,
            "note": note, "owner": owner or self.owner, "due_at": due_at, "opened_at": self.now,
        }  # fmt: skip
        tasks.open_many(self.conn, [row])
        if kind not in self.person.tasks:
            self.happened("task.opened", task=kind, title=title)
            self.person.tasks[kind] = task_id

    @property
    def owner(self) -> str | None:
        """Who has the lead. One who has left has it no more."""
        return self.workspace.config.here(self.person.owner)

    def office_time(self, within: timedelta) -> datetime:
        """When so much office time has passed from now on."""
        return self.setting.office_time(self.now, within)

    def person_takes_over(self, signal: str, said: str = "") -> None:
        """A human signal came. A running playbook hands over by itself when it is woken; else it is done here."""
        person = self.person
        if person.run is not None and person.run.status == "running":
            return
        line = f"{self.now:%d %b %Y %H:%M} UTC: {said or signal}"
        if person.status == "handed_off":
            self.tell(line, f"Answer {person.called}")
            return
        self.needs_owner()
        due_at = self.office_time(HAND_OFF_WITHIN)
        self.ask("hand_off", f"{SIGNAL_TITLES[signal]}: take over {person.called}", due_at, line)
        self.happened("handed.off", signal=signal, due=due_at.isoformat(), to=self.owner)
        if person.status != "opted_out":
            person.put("status", "handed_off")

    def tell(self, line: str, title: str) -> None:
        """The open task of the person who has the lead gets a line, or a new one is opened."""
        task = next((self.person.tasks[kind] for kind in LIVE_TASKS if kind in self.person.tasks), None)
        if task is None:
            self.ask("next_step", title, self.office_time(HAND_OFF_WITHIN), line)
        else:
            tasks.tell(self.conn, [{"lane": self.lane, "id": task, "line": line}])

    def needs_owner(self) -> None:
        """A lead that a person is to act on gets an owner, by the first team's turns."""
        team = self.setting.default_owner.team
        if self.owner is not None or not team:
            return
        turn = rotations.take(self.conn, self.workspace.id, {team: 1})[team]
        active = rotations.active_people(self.conn, self.workspace.id)
        rep = next_rep(self.workspace.config.teams[team].people, active, turn)
        if rep is not None:
            left = self.person.owner
            self.person.put("owner", rep)
            self.happened("assigned", owner=rep, by="round-robin")
            if left is not None:
                tasks.give(self.conn, self.lane, self.id, rep, left)

    def stop(self, reason: str) -> None:
        """Nothing that is queued goes out any more. What is being handed over has its own last look."""
        stops.refuse_queued(self.conn, self.id, reason, self.now)

    def cancel_tasks(self, reason: str, who: str = "", kinds: tuple[str, ...] = ()) -> None:
        """Open tasks of these kinds, or all."""
        stops.cancel_tasks(self.conn, self.id, reason, who, self.now, kinds)
        self.person.tasks = {kind: task for kind, task in self.person.tasks.items() if kinds and kind not in kinds}

    def end_runs(self, reason: str) -> None:
        """Whatever runs or waits for this lead is over."""
        known = leads.read_one(self.conn, self.id, self.now)
        live = [run for run in known.runs if run.status != "ended"] if known else []
        if live:
            rows = [{"lane": self.lane, "id": run.id, "reason": reason} for run in live]
            enrollments.end(self.conn, rows, self.now)
            for run in live:
                if run.status != "scheduled":
                    self.happened("ended", enrollment=run.id, reason=reason)
        self.person.run = None
        self.person.waits = False

    def has_unknown(self) -> bool:
        """Whether nobody can say of some touch if it left: the lead's own, or of one that has become a part of it."""
        return any(receipts.has_unknown(self.conn, one) for one in merges.one_person(self.conn, self.id))

    def leave_nobody_behind(self, title: str) -> None:
        """An open lead that nothing and nobody has any more gets a person's look."""
        person = self.person
        if person.status in ("open", "handed_off") and person.run is None and not person.waits and not person.tasks:
            self.ask("review", title, self.office_time(REVIEW_WITHIN))

    def reopen(self) -> None:
        if self.person.status in CLOSED:
            self.person.put("status", "open")


@contextmanager
def taken(
    conn: psycopg.Connection, workspace: Workspace, lead_id: UUID, now: datetime, key: str | None = None,
    *, follow: bool = True,
) -> Iterator[Case]:  # fmt: skip
    """Lock the lead and what runs for it; write what the block came to. Raises NoSuchLeadError.

    One that has become a part of another by a merge is that other: what is told of its touches is told of the person. Not
    where `follow` is False. `key`: the dedupe key of the signal; `case.known_keys` says whether the story has it already.
    Whoever calls this is run again when it loses a race (store/races.py).
    """
    known_keys: set[str] = set()
    way: list[UUID] = []  # leads that became the next one, as many as people have merged
    while True:
        with conn.transaction():
            standing = leads.hold(conn, [lead_id], now, {lead_id: [key]} if key else {}).get(lead_id)
            if standing is None or standing.workspace_id != workspace.id:
                raise NoSuchLeadError(f"This workspace has no lead {lead_id}.")
            known_keys.update(standing.keys)
            into = merges.became(conn, lead_id) if follow and not standing.addresses else None
            if into is not None and into not in way:
                raise psycopg.Rollback  # let go of it before the other is locked: two have an order
            setting = setting_of(workspace, playbooks.current(conn, workspace.id), now)
            case = Case(conn, workspace, setting, person_of(standing), frozenset(known_keys), now)
            yield case
            _write(case)
            return
        way.append(lead_id)
        lead_id = into


def _write(case: Case) -> None:
    if case.person.changed:
        leads.change(case.conn, [case.person.row(case.workspace.id)], case.now)
    if case.events:
        enrollments.wake(case.conn, [case.id], case.now)
        events.insert(case.conn, case.events)
        notify(case.conn, {case.lane})
    if case.not_before is not None:
        stops.postpone(case.conn, case.id, case.not_before)


def hold_all(conn: psycopg.Connection, workspace: Workspace, ids: Collection[UUID], now: datetime) -> None:
    """Lock several leads and the addresses they have, in the order of everybody: whoever changes which lead an address
    belongs to begins with this, in a transaction, and takes the leads in hand then. Raises LostRaceError."""
    known = [leads.read_one(conn, one, now) for one in ids]
    addresses = {value for one in known if one is not None for value in one.addresses}
    address_owners.hold(conn, workspace.id, addresses)
    held = leads.hold(conn, ids, now)
    if any(not addresses.issuperset(one.addresses) for one in held.values()):
        raise LostRaceError  # one of them has got another address meanwhile
