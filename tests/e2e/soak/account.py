"""The account: everything that was promised, looked up. Each line names what it found, and the evidence of a breach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from warmline.insight.replay import replay
from warmline.store.connect import connect
from warmline.store.ids import lane_of
from warmline.store.orphans import list_orphans

from .callbacks import Callback, read_callbacks
from .load import Senders
from .place import Place
from .workspace import LEASE

TAKEN = ("sent", "delivered", "failed", "unknown")


@dataclass(frozen=True)
class Line:
    what: str
    found: Any
    breaches: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Touch:
    ref: str
    id: UUID
    lead: UUID
    enrollment: UUID
    step: str
    channel: str
    status: str
    reason: str
    handed_at: datetime | None

    def __str__(self) -> str:
        return f"touch {self.ref} ({self.channel} of step {self.step}, {self.status} {self.reason}) of lead {self.lead}"


@dataclass(frozen=True)
class Books:
    """What the database and the provider say, read once."""

    touches: dict[str, Touch]  # by ref
    arrived: dict[str, list[datetime]]  # ref -> when its requests came in
    events: dict[UUID, Counter[str]]  # lead -> kinds
    keys: set[str]  # of events
    callbacks: list[Callback]
    unknown_tasks: set[UUID]  # leads


#: Whom a person is to look for. An opt-out takes back all that was to be done for a lead; nothing else takes this back.
_ASKED = "select lead_id from tasks where kind = 'unknown' and (status = 'open' or outcome = 'opted_out')"


def account(place: Place, senders: Senders) -> list[Line]:
    books = read_books(place)
    return [
        *leads(place, senders, books), *hand_overs(books), *unknown(place, books), *signals(senders, books),
        *left_behind(place), *decisions(place), *errors(place, senders),
    ]  # fmt: skip


def read_books(place: Place) -> Books:
    rows = place.database.rows(
        "select lane || '-' || replace(id::text, '-', ''), id, lead_id, enrollment_id, step, channel, status, reason,"
        " handed_at from touches"
    )
    arrived: dict[str, list[datetime]] = {}
    for one in place.provider_says("messages"):
        status_url = urlsplit(one["fields"].get("StatusCallback", ""))
        ref = one["touch_id"] or parse_qs(status_url.query)["touch"][0]
        arrived.setdefault(ref, []).append(datetime.fromisoformat(one["came"]))
    events: dict[UUID, Counter[str]] = {}
    for lead, kind, count in place.database.rows("select lead_id, kind, count(*) from events group by 1, 2"):
        events.setdefault(lead, Counter())[kind] = count
    return Books(
        {row[0]: Touch(*row) for row in rows},
        arrived,
        events,
        {key for (key,) in place.database.rows("select key from events where key is not null")},
        read_callbacks(place.provider_says("told")),
        {lead for (lead,) in place.database.rows(_ASKED)},
    )


def leads(place: Place, senders: Senders, books: Books) -> Iterable[Line]:
    stored = {lead for (lead,) in place.database.rows("select id from leads")}
    told = {phone: UUID(lead) for phone, lead in senders.answered.items()}
    yield Line("leads posted / answered 202 / in the database", f"{senders.posted} / {len(told)} / {len(stored)}", [
        f"lead {lead} of {phone} was answered 202 and is not there" for phone, lead in told.items() if lead not in stored
    ] + [f"lead {lead} is there and nobody posted it" for lead in stored - set(told.values())])  # fmt: skip
    without = [lead for lead in told.values() if not {"form.submitted", "enrolled"} <= set(books.events.get(lead, ()))]
    yield Line("of them without their form or their playbook", len(without), [f"lead {lead}" for lead in without])
    again = [
        f"lead {lead}: {books.events[lead]['form.submitted']} forms in its story, sent with {senders.forms[phone]} keys"
        for phone, lead in told.items()
        if lead in books.events and books.events[lead]["form.submitted"] != senders.forms[phone]
    ]
    yield Line("forms told twice or not at all in a story", len(again), again)


def hand_overs(books: Books) -> Iterable[Line]:
    yield Line("messages at the provider", sum(map(len, books.arrived.values())))
    yield Line("touches by status", dict(Counter(one.status for one in books.touches.values())))
    twice = [f"{books.touches.get(ref)}: {_times(came)}" for ref, came in books.arrived.items() if len(came) > 1]
    yield Line("touches that reached the provider twice", len(twice), twice)
    steps: dict[tuple[UUID, UUID, str], list[Touch]] = {}
    for ref in books.arrived:
        if (touch := books.touches.get(ref)) and touch.status != "failed":
            steps.setdefault((touch.lead, touch.enrollment, touch.step), []).append(touch)
    doubled = [" and ".join(map(str, found)) for found in steps.values() if len(found) > 1]
    yield Line("steps of which a lead got two messages", len(doubled), doubled)
    astray = [
        f"{books.touches.get(ref, ref)}, at the provider {_times(came)}"
        for ref, came in books.arrived.items()
        if ref not in books.touches
        or books.touches[ref].status not in TAKEN
        or (books.touches[ref].status, books.touches[ref].reason) == ("failed", "gave_up")
    ]
    yield Line("messages at the provider that no touch accounts for", len(astray), astray)
    unproved = [
        str(one)
        for one in books.touches.values()
        if one.status in ("sent", "delivered") and one.ref not in books.arrived
    ]
    yield Line("sent touches that the provider never got", len(unproved), unproved)


def unknown(place: Place, books: Books) -> Iterable[Line]:
    asked = place.database.count("select count(*) from events where kind = 'touch.sent' and data->>'found' is not null")
    yield Line("touches found again by asking the provider", asked)
    yield Line("touches tried more than once", place.database.count("select count(*) from touches where tries > 1"))
    open_ones = [one for one in books.touches.values() if one.status == "unknown"]
    hidden = [str(one) for one in open_ones if one.lead not in books.unknown_tasks]
    yield Line("unknown touches / of them without a task", f"{len(open_ones)} / {len(hidden)}", hidden)
    stuck = [str(one) for one in books.touches.values() if one.status in ("queued", "sending")]
    yield Line("touches still queued or on their way", len(stuck), stuck)


def signals(senders: Senders, books: Books) -> Iterable[Line]:
    """What the provider told us, and that it was heeded: nothing goes out once a STOP was answered with a 2xx."""
    yield Line("callbacks / answered 2xx", f"{len(books.callbacks)} / {sum(one.taken for one in books.callbacks)}")
    settled = {ref for ref, one in books.touches.items() if one.status in ("delivered", "failed")}
    lost = [
        str(one) for one in books.callbacks
        if one.taken and one.key and one.key not in books.keys and not (one.reports and one.touch in settled)
    ]  # fmt: skip
    yield Line("of these not recorded", len(lost), lost)
    by_phone = {phone: UUID(lead) for phone, lead in senders.answered.items()}
    for name, wanted in (("opt-outs", "opt-out"), ("replies", "reply")):
        since: dict[UUID, datetime] = {}
        for one in books.callbacks:
            lead = books.touches[one.touch].lead if one.touch in books.touches else by_phone.get(one.phone)
            if one.taken and one.means == wanted and lead is not None:
                since[lead] = min(one.answered_at, since.get(lead, one.answered_at))
        late, breaches = _after(books, since)
        yield Line(f"{name} answered 2xx / messages begun after one", f"{len(since)} / {len(breaches)}", breaches)
        yield Line("   whose last look was before it, and which arrived after it", late)


def _after(books: Books, since: Mapping[UUID, datetime]) -> tuple[int, list[str]]:
    """Messages of these leads whose hand-over began after that, or arrived when no last look before it allows it still."""
    late, breaches = 0, []
    for ref, came in books.arrived.items():
        touch = books.touches.get(ref)
        heard = since.get(touch.lead) if touch else None
        if touch is None or heard is None or came[-1] <= heard:
            continue
        if (touch.handed_at and touch.handed_at > heard) or came[-1] > heard + timedelta(seconds=LEASE):
            breaches.append(f"{touch}: answered {heard}, begun {touch.handed_at}, at the provider {_times(came)}")
        else:
            late += 1
    return late, breaches


def left_behind(place: Place) -> Iterable[Line]:
    with connect(place.database.dsn, "account") as conn:
        workspaces = [key for (key,) in conn.execute("select id from workspaces")]
        orphans = [one for key in workspaces for one in list_orphans(conn, key)]
        parked = conn.execute("select lead_id, playbook, error from enrollments where status = 'parked'").fetchall()
        kept = conn.execute("select door, reason, body from quarantine").fetchall()
    yield Line("orphans", len(orphans), [f"lead {one.id}, {one.status}" for one in orphans])
    yield Line("parked", len(parked), [f"lead {lead} in {playbook}: {error}" for lead, playbook, error in parked])
    yield Line("in quarantine", len(kept), [f"{door}: {reason}: {body[:200]}" for door, reason, body in kept])


def decisions(place: Place) -> Iterable[Line]:
    count, differing = 0, []
    with connect(place.database.dsn, "account") as conn:
        for (lead,) in conn.execute("select id from leads order by id").fetchall():
            for one in replay(conn, lane_of(lead), lead):
                count += 1
                if not one.same:
                    differing.append(f"lead {lead}, look {one.look}: stored {one.stored}, again {one.again}")
    yield Line("decisions replayed / that came out differently", f"{count} / {len(differing)}", differing)


def errors(place: Place, senders: Senders) -> Iterable[Line]:
    yield Line("answers to forms, by status", dict(senders.answers))
    yield Line("forms answered neither 202 nor 503, or with two leads", len(senders.wrong), senders.wrong)
    loud = []
    for name, process in place.machine.processes.items():
        for number, line in enumerate(process.log.read_text(errors="replace").splitlines(), 1):
            if any(
                sign in line
                for sign in ("tick.failed", "dispatch.failed", "rescue.failed", "channel.raised", " failed\n")
            ):
                loud.append(f"{name}.log:{number}: {line[:300]}")
    yield Line("errors in the logs of engines that nobody foresaw", len(loud), loud)


def _times(came: Iterable[datetime]) -> str:
    return ", ".join(f"{one:%H:%M:%S.%f}" for one in came)
