"""What comes next, as a person says it when a call or a task is done; and how it is made so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg

from warmline.core.values import event_values
from warmline.store import enrollments, writes
from warmline.store.ids import lane_of, new_id
from warmline.store.leads import Run
from warmline.store.workspaces import Workspace

from ..case import Case, NoSuchLeadError, taken

#: A next step keeps everything automated from the lead until then: a slip of the year would do it for ever.
FARTHEST = timedelta(days=731)

#: Tasks that mean a person deals with the lead; they are over when the lead goes back to a playbook or is closed.
HUMAN_TASKS = ("hand_off", "next_step", "escalation", "read_reply", "review", "promise")


class ActError(Exception):
    """The act can't be done now. The text says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Next:
    """`next_step` at a time, `won`, `lost`, `resume` the playbook, or `enroll` into another one by key."""

    kind: Literal["next_step", "won", "lost", "resume", "enroll"]
    at: datetime | None = None
    playbook: str = ""

    @staticmethod
    def read(text: str, at: datetime | None = None) -> Next | None:
        """From a form: "" (nothing said), next_step, won, lost, resume, enroll:KEY. Raises ActError."""
        kind, _, key = text.partition(":")
        match kind:
            case "":
                return None
            case "next_step":
                if at is None:
                    raise ActError("A next step needs a day and a time. Name both, or choose what else comes next.")
                return Next("next_step", at)
            case "won" | "lost" | "resume":
                return Next(kind)
            case "enroll" if key:
                return Next("enroll", playbook=key)
        raise ActError(f"{text[:60]!r} is nothing that can come next. Choose one of the list.")


@contextmanager
def in_hand(
    conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, now: datetime, key: str | None = None
) -> Iterator[Case]:
    """The lead, locked; `case.known_keys` says whether its story has `key`. Raises ActError when the workspace has no such
    lead."""
    if lane != lane_of(lead_id):
        raise ActError("The address of the page is not whole: its lane is not the lead's. Open the lead from the list.")
    try:
        with taken(conn, workspace, lead_id, now, key) as case:
            yield case
    except NoSuchLeadError as error:
        raise ActError(f"{error} It may have been forgotten.") from error


def follow(case: Case, following: Next, who: str) -> None:
    """Make it so. Raises ActError."""
    match following.kind:
        case "next_step":
            _next_step(case, following, who)
        case "won" | "lost":
            close_lead(case, following.kind, who)
        case "resume":
            hand_back(case, who)
        case "enroll":
            enter(case, following.playbook, who)


def hand_back(case: Case, who: str) -> None:
    """The playbook goes on; where none is left, a person decides what comes next."""
    person, run = case.person, case.person.run
    if person.status == "opted_out":
        raise ActError("The lead has opted out. Only new consent from the lead itself starts anything again.")
    case.happened("released", who=who)
    case.cancel_tasks("released", who, HUMAN_TASKS)
    person.put("status", "open")
    if run is not None and run.status == "handed_off":
        enrollments.resume(case.conn, case.lane, run.id, case.now)
    case.leave_nobody_behind(f"No playbook is left for {person.called}: decide what comes next")


def close_lead(case: Case, status: str, who: str) -> None:
    case.happened("closed", reason=status, who=who)
    case.stop(status)
    case.cancel_tasks(status, who)
    case.end_runs(status)
    if case.person.status != "opted_out":
        case.person.put("status", status)


def enter(case: Case, key: str, who: str) -> None:
    """Put the lead into the current version of a playbook, whatever its conditions say: a person has decided. Not where it is
    in it by now: two people, or one who pressed twice, would begin it twice."""
    person = case.person
    version = next((one for one in case.setting.current if one.key == key), None)
    if version is None:
        known = ", ".join(one.key for one in case.setting.current) or "none"
        raise ActError(f"There is no playbook {key[:60]}. There are: {known}.")
    if person.status == "opted_out":
        raise ActError("The lead has opted out. Only new consent from the lead itself starts anything again.")
    if person.run is not None and person.run.playbook == key and person.run.status == "running":
        raise ActError(
            f"{person.called} is in the playbook {version.playbook.name} already: you pressed twice, or somebody was faster."
            " It goes on by itself. To begin it anew, take the lead over first."
        )
    case.happened("released", who=who)
    if person.run is not None:
        writes.stop(case.conn, case.lane, [{"id": person.run.id, "reason": "preempted"}], case.now)
        enrollments.end(case.conn, [{"lane": case.lane, "id": person.run.id, "reason": "preempted"}], case.now)
        case.happened("preempted", by=key, playbook=person.run.playbook, who=who)
    case.cancel_tasks("released", who, (*HUMAN_TASKS, "parked"))
    run = Run(new_id(), key, version.rank, "running", case.now, version.id)
    event = event_values("lead.returned", source=person.source, after_hours=case.setting.after_hours(case.now))
    writes.enter(
        case.conn,
        [
            {
                "lane": case.lane, "id": run.id, "lead_id": case.id, "workspace_id": case.workspace.id,
                "version_id": version.id, "playbook": key, "rank": version.rank, "status": "running",
                "due_at": case.now, "seed": new_id().int & (2**63 - 1), "event": event, "started_at": case.now,
            }
        ],
    )  # fmt: skip
    person.run = run
    person.put("status", "open")
    case.happened("enrolled", playbook=key, version=version.version, who=who)
    case.needs_owner()


def _next_step(case: Case, following: Next, who: str) -> None:
    """The person keeps the lead and says when. Nothing automated goes out meanwhile."""
    person, run, at = case.person, case.person.run, following.at
    if at is None or at <= case.now:
        raise ActError("The next step is in the past. Name a day and a time to come.")
    if at > case.now + FARTHEST:
        raise ActError("The next step is more than two years away. Name a day and a time before that.")
    if run is not None and run.status == "running":
        writes.stop(case.conn, case.lane, [{"id": run.id, "reason": "human_live"}], case.now)
        enrollments.hand_off(case.conn, case.lane, run.id, case.now)
    case.stop("human_live")
    case.happened("handed.off", signal="takeover", due=at.isoformat(), to=who, taken=True)
    case.cancel_tasks("next_step", who, ("next_step",))  # one next step at a time: the latest said counts
    if person.status != "opted_out":
        person.put("status", "handed_off")
    case.ask("next_step", f"Next step with {person.called}", at, owner=case.owner or who)
