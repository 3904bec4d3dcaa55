"""What every submission of a batch means for its lead, one after the other, in memory. No I/O here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from warmline.core.enrol import CLOSED, REASON_WORDS, Decline, Enter
from warmline.core.events import SIGNAL_OF, WORDS
from warmline.core.playbook import Owner
from warmline.core.routing import next_rep
from warmline.core.values import event_values
from warmline.rules.binding import places_known
from warmline.store.events import NewEvent
from warmline.store.ids import new_ids
from warmline.store.leads import Run, Standing
from warmline.store.suppressions import InForce

from .person import MOST_FIELDS, Person, newcomer, person_of
from .proofs import given_by, shown
from .setting import Setting
from .submission import Accepted, Submission
from .suppressed import Suppressed

Row = dict[str, Any]

#: Office time within which a person looks at a lead that no playbook took, and takes over one that asked for a person.
REVIEW_WITHIN = timedelta(hours=8)
HAND_OFF_WITHIN = timedelta(hours=4)

#: An open task of these kinds means that a person deals with the lead now, and hears of what comes in.
LIVE_TASKS = ("hand_off", "next_step", "read_reply", "escalation", "review", "call")


@dataclass(slots=True)
class Batch:
    """Everything that the submissions change, gathered for write.py. Rows are dicts by column name."""

    setting: Setting
    standing: Mapping[UUID, Standing]
    kept: Mapping[str, list[InForce]]
    now: datetime
    people: dict[UUID, Person] = field(default_factory=dict)
    consents: list[Mapping[str, Any]] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    ended: list[Row] = field(default_factory=list)
    unparked: list[UUID] = field(default_factory=list)  # leads whose parked run ended: its task is over too
    entered: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    told: list[Row] = field(default_factory=list)  # open tasks whose note gets a line
    lifted: list[Row] = field(default_factory=list)
    suppressed: list[Row] = field(default_factory=list)
    unowned: dict[UUID, str] = field(default_factory=dict)  # lead -> the team whose turn it is
    after_hours: bool = False
    due: dict[timedelta, datetime] = field(default_factory=dict)  # so much office time from now, worked out once
    shown: dict[Any, list[Mapping[str, Any]]] = field(default_factory=dict)  # what proofs of one form and place say
    ids: Iterator[UUID] = field(default_factory=new_ids)

    def __post_init__(self) -> None:
        self.after_hours = self.setting.after_hours(self.now)

    def take(self, one: Submission, lead_id: UUID, owners: Mapping[str, UUID]) -> Accepted:
        """Judge one submission. `owners` of its addresses, where they may belong to two leads."""
        person = self._person(lead_id)
        if person is not None and one.key is not None and one.key in person.keys:
            return Accepted(person.id, False, reason="repeated")
        other = self._elsewhere(one, lead_id, owners) if owners else {}
        left = 0
        if person is None:
            person = self.people[lead_id] = newcomer(lead_id, one.source, one.draft, other)
        else:
            left = person.merge(one.draft, one.consents, other)
        created = person.created and not person.recent
        if one.consents:
            self._consents(person, one)
        event = self._event_values(one)
        # A signal belongs to the run that it stops, whatever the clock of this machine makes of their order.
        run = person.run.id if one.kind in SIGNAL_OF and person.run else None
        self._happened(person, one.kind, run, one.key, **self._event_data(one, event, other, left))
        if one.key is not None:
            person.keys.add(one.key)
        standing = Suppressed(person, self.kept)
        lifted = one.kind not in SIGNAL_OF and self._lift(person, one, standing)
        if (one.kind, one.form) in person.recent and not lifted:
            self._declined(person, Decline("repeated"))
            return Accepted(person.id, created, reason="repeated")
        person.recent.add((one.kind, one.form))
        if one.kind in SIGNAL_OF:
            self._signal(person, one)
            return Accepted(person.id, created, reason="human_live")
        chosen = self.setting.chooser.choose(
            event, person.values(), person.active, person.past, self.now, opted_out=standing.out and not lifted
        )
        if isinstance(chosen, Enter):
            self._enter(person, chosen, event)
            return Accepted(person.id, created, chosen.candidate.key)
        self._stay(person, one, chosen)
        return Accepted(person.id, created, "", chosen.reason)

    # --- what is known ----------------------------------------------------------------------------------------------

    def _person(self, lead_id: UUID) -> Person | None:
        """None: nobody knows the lead yet."""
        person = self.people.get(lead_id)
        if person is None and (known := self.standing.get(lead_id)):
            person = self.people[lead_id] = person_of(known)
        return person

    def _elsewhere(self, one: Submission, lead_id: UUID, owners: Mapping[str, UUID]) -> dict[str, UUID]:
        """Those of its addresses that belong to another lead, and to which."""
        return {
            value: owner
            for value in (one.draft.email, one.draft.phone)
            if value and (owner := owners.get(value, lead_id)) is not lead_id and owner != lead_id
        }

    def _consents(self, person: Person, one: Submission) -> None:
        phone, email = one.draft.phone, one.draft.email
        self.consents += [given_by(person, next(self.ids), said, phone, email) for said in self._shown(person, one)]

    def _shown(self, person: Person, one: Submission) -> list[Mapping[str, Any]]:
        """Most leads of a batch were shown the same and are at the same places: what that proves is worked out once."""
        places = places_known(person)
        key = (one.consents, one.source, one.origin, places)
        found = self.shown.get(key)
        if found is None:
            rules, setting = self.setting.policy.rules(places), self.setting
            found = self.shown[key] = [
                shown(
                    setting.workspace_id, setting.config.workspace.name, given, self.now, source=one.source,
                    origin=one.origin, months=rules.lasts(given.level, given.channels),
                )
                for given in one.consents
            ]  # fmt: skip
        return found

    def _event_values(self, one: Submission) -> Row:
        """What started it, as conditions read it."""
        return event_values(
            one.kind, form=one.form, source=one.source, keyword=one.keyword, page=one.draft.page,
            campaign=one.draft.campaign, after_hours=self.after_hours, fields=one.draft.fields,
        )  # fmt: skip

    def _event_data(self, one: Submission, event: Row, other: Mapping[str, UUID], left: int) -> Row:
        """`left`: how many of its fields the lead has no room for."""
        data = {name: value for name, value in event.items() if value and name != "kind"}
        data |= one.data
        more = [f"{left} fields stand here only, because the lead has {MOST_FIELDS} already."] if left else []
        if notes := [*one.draft.notes, *more]:
            data["notes"] = notes
        if other:
            data["also"] = [{"address": value, "lead": str(lead_id)} for value, lead_id in other.items()]
        return data

    def _lift(self, person: Person, one: Submission, standing: Suppressed) -> bool:
        """Invariant 8, and the one way out of it: new express consent on this very form."""
        lifted = standing.lift(one, self.setting.workspace_id, self.now) if standing.stands else None
        if lifted is None:
            return False
        self.lifted += lifted.rows
        self.suppressed += lifted.narrowed
        self._happened(person, "opted.in", proof=lifted.proof, channels=list(lifted.channels), source=one.source)
        if person.status == "opted_out":
            person.put("status", "open")
        return True

    # --- what follows -----------------------------------------------------------------------------------------------

    def _enter(self, person: Person, chosen: Enter, event: Row) -> None:
        candidate, run = chosen.candidate, person.run
        if run is not None:
            self.ended.append(
                {"lane": person.lane, "id": run.id, "reason": "preempted", "stored": not person.run_is_new}
            )
            if run.status == "parked":
                self.unparked.append(person.id)
            self._happened(person, "preempted", run.id, by=candidate.key, playbook=run.playbook)
            person.tasks = {
                kind: task for kind, task in person.tasks.items() if kind not in ("call", "chore", "parked")
            }
        enrollment_id = next(self.ids)
        self.entered.append(
            {
                "lane": person.lane, "id": enrollment_id, "lead_id": person.id,
                "workspace_id": self.setting.workspace_id, "version_id": candidate.version_id,
                "playbook": candidate.key, "rank": candidate.rank, "status": "running", "due_at": self.now,
                "seed": enrollment_id.int & (2**63 - 1), "event": event, "started_at": self.now,
            }
        )  # fmt: skip
        version = self.setting.by_id[candidate.version_id]
        more = {"errors": list(chosen.errors)} if chosen.errors else {}
        self._happened(person, "enrolled", enrollment_id, playbook=candidate.key, version=version.version, **more)
        person.past.append((candidate.key, self.now))
        person.run = Run(enrollment_id, candidate.key, candidate.rank, "running", self.now, candidate.version_id)
        person.run_is_new = True
        if person.status in CLOSED:
            person.put("status", "open")
        self._wants_owner(person, version.playbook.owner)

    def _stay(self, person: Person, one: Submission, declined: Decline) -> None:
        """Nobody enrols the lead. Then a person hears of it, unless the lead wants no contact."""
        self._declined(person, declined)
        if declined.reason == "opted_out":
            if person.run is None:
                person.put("status", "opted_out")
            return
        if declined.reason == "human_live":
            self._tell(person, one)
            return
        if one.kind == "call.missed" and person.run is not None and person.run.status == "running":
            # A playbook of a higher rank runs, and the lead has called back: what runs stops, and a person calls.
            self._happened(person, "called.back", person.run.id, unanswered=True)
        if person.status in CLOSED and declined.reason != "closed":
            person.put("status", "open")  # it came back by itself: somebody should know
        if person.status == "open" and person.run is None and not person.waits and not person.tasks:
            note = " ".join([f"Not enrolled: {REASON_WORDS[declined.reason]}.", *declined.errors])
            self._ask(
                person, "review", f"{WORDS[one.kind]}: decide what {person.called} gets next", REVIEW_WITHIN, note
            )

    def _signal(self, person: Person, one: Submission) -> None:
        """A person booked a meeting or called back. A running playbook hands over by itself; else it is done here."""
        if person.status == "handed_off":
            self._tell(person, one)
        elif person.run is None or person.run.status == "parked":
            due_at = self._ask(
                person, "hand_off", f"{WORDS[one.kind]}: take over {person.called}", HAND_OFF_WITHIN, _said(one)
            )
            to = self.setting.config.here(person.owner)
            self._happened(person, "handed.off", signal=SIGNAL_OF[one.kind], due=due_at.isoformat(), to=to)
            if person.status != "opted_out":
                person.put("status", "handed_off")

    def _tell(self, person: Person, one: Submission) -> None:
        """A person has the lead: the open task says what has come in, or a new one does."""
        line = f"{self.now:%d %b %Y %H:%M} UTC: {WORDS[one.kind]}. {_said(one)}".strip()
        task = next((person.tasks[kind] for kind in LIVE_TASKS if kind in person.tasks), None)
        if task is None:
            self._ask(person, "next_step", f"{WORDS[one.kind]} again: answer {person.called}", HAND_OFF_WITHIN, line)
        else:
            self.told.append({"lane": person.lane, "id": task, "line": line})

    def _declined(self, person: Person, declined: Decline) -> None:
        more: Row = {"playbook": declined.playbook} if declined.playbook else {}
        if declined.errors:
            more["errors"] = list(declined.errors)
        self._happened(person, "declined", reason=declined.reason, **more)

    def _ask(self, person: Person, kind: str, title: str, within: timedelta, note: str) -> datetime:
        due_at = self._due(within)
        task_id = next(self.ids)
        self._wants_owner(person, self.setting.default_owner)
        self.tasks.append(
            {
                "lane": person.lane, "id": task_id, "lead_id": person.id, "workspace_id": self.setting.workspace_id,
                "enrollment_id": person.run.id if person.run else None, "kind": kind, "title": title, "note": note,
                "owner": person.owner, "due_at": due_at, "opened_at": self.now,
            }
        )  # fmt: skip
        self._happened(person, "task.opened", person.run.id if person.run else None, task=kind)
        person.tasks[kind] = task_id
        return due_at

    def _happened(
        self, person: Person, kind: str, enrollment_id: UUID | None = None, key: str | None = None, /, **data: Any
    ) -> None:
        self.events.append(
            NewEvent(
                lane=person.lane, lead_id=person.id, workspace_id=self.setting.workspace_id, kind=kind, at=self.now,
                enrollment_id=enrollment_id, key=key, data=data,
            )
        )  # fmt: skip

    def _due(self, within: timedelta) -> datetime:
        if within not in self.due:
            self.due[within] = self.setting.office_time(self.now, within)
        return self.due[within]

    # --- owners -----------------------------------------------------------------------------------------------------

    def _wants_owner(self, person: Person, rule: Owner) -> None:
        config = self.setting.config
        if config.here(person.owner) is not None or person.id in self.unowned:
            return
        if rule.person:
            if config.here(rule.person) is not None:
                self._owned(person, rule.person, "person")
        elif rule.team in config.teams:
            self.unowned[person.id] = rule.team

    def turns_wanted(self) -> dict[str, int]:
        """How many turns of each team the batch takes."""
        return dict(Counter(self.unowned.values()))

    def give_owners(self, first_turns: Mapping[str, int], active: frozenset[str]) -> None:
        """Deal the turns out, in the order the leads came. Their tasks go with them."""
        turns = dict(first_turns)
        for lead_id, team in self.unowned.items():
            rep = next_rep(self.setting.config.teams[team].people, active, turns[team])
            turns[team] += 1
            if rep is not None:
                self._owned(self.people[lead_id], rep, "round-robin")
        for task in self.tasks:
            task["owner"] = self.setting.config.here(self.people[task["lead_id"]].owner)

    def _owned(self, person: Person, owner: str, by: str) -> None:
        person.put("owner", owner)
        self._happened(person, "assigned", owner=owner, by=by)


def _said(one: Submission) -> str:
    """The parts of a submission that a person wants to read."""
    parts = [one.form and f"Form: {one.form}.", one.keyword and f"Wrote: {one.keyword}."]
    parts += [f"{name}: {value}" for name, value in list(one.draft.fields.items())[:8]]
    return " ".join(part for part in parts if part)[:1000]
