"""Opens and clicks of a mail: judged before they count (core/visits.py). A doubtful click is kept, and told when its doubt
is over; until then nothing that is planned for the lead goes out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import psycopg
import structlog

from warmline import rules
from warmline.channels.contract import Signal
from warmline.core.lead import clean
from warmline.core.visits import Visit, judge, judge_again
from warmline.store import doubts, receipts, workspaces
from warmline.store.doubts import Doubt, Seen
from warmline.store.races import in_rounds
from warmline.store.receipts import Touch

from .case import Case, NoSuchLeadError, taken

log = structlog.get_logger()

#: What the story keeps of a visit. The rest of its headers serves the judgement and is forgotten.
KEPT = ("url", "link", "user_agent", "ip", "told_by")
MOST = 100  # settled in one go
TRY_AGAIN = timedelta(minutes=5)


def visited(case: Case, touch: Touch, signal: Signal) -> None:
    """`signal` is opened or clicked, with at least `user_agent` in its data. Its key names the link, not the visitor."""
    seen = _seen(case, touch)
    if signal.data.get("told_by") and any((one.key or "").startswith(f"{signal.key}:") for one in seen):
        return  # a provider told the same event twice
    waiting = doubts.of_touch(case.conn, touch.lane, touch.lead_id, touch.id)
    visit = _visit(signal.kind, signal.at, signal.data)
    known = [*_visits(seen), *(_doubted(one) for one in waiting)]
    verdict = judge(visit, _reached_at(touch, seen, visit.at), known, rules.mail_agents())
    if verdict.until is not None:
        doubt = _doubt(case, touch, signal, verdict.until)
        doubts.keep(case.conn, doubt)
        waiting = [*waiting, doubt]
    else:
        late = {"visited_at": signal.at.isoformat()} if signal.at < case.now else {}
        _tell(case, touch, visit.kind, signal.key, {**signal.data, **late}, verdict.automated, seen)
        waiting = _judge_those_who_wait(case, touch, [*known, _visit(visit.kind, visit.at, signal.data, verdict.automated)],
                                        waiting, seen)  # fmt: skip
    if waiting:
        case.not_before = max(one.counts_at for one in waiting)


def settle_due(conn: psycopg.Connection, now: datetime) -> int:
    """Tell of every click whose doubt is over, as a person's or a machine's. Each is a transaction of its own."""
    found = doubts.due(conn, now, MOST)
    for doubt in found:
        try:
            _settle(conn, doubt, now)
        except psycopg.OperationalError:
            raise  # the database is away: all stays as it is
        except Exception:
            # One click that cannot be told holds up no other, and is not lost.
            log.exception("click.not_settled", lead=str(doubt.lead_id))
            doubts.put_off(conn, doubt, now + TRY_AGAIN)
    return len(found)


@in_rounds()
def _settle(conn: psycopg.Connection, doubt: Doubt, now: datetime) -> None:
    workspace = workspaces.load(conn, doubt.workspace_id)
    try:
        with taken(conn, workspace, doubt.lead_id, now) as case:
            touch = receipts.find(conn, workspace.id, doubt.lane, doubt.touch_id)
            if not doubts.forget(conn, doubt) or touch is None:
                return
            seen = _seen(case, touch)
            others = [*_visits(seen), *map(_doubted, doubts.of_touch(conn, touch.lane, touch.lead_id, touch.id))]
            _tell_of(case, touch, doubt, judge_again(_doubted(doubt), others), seen)
    except NoSuchLeadError:
        doubts.forget(conn, doubt)  # the lead was forgotten meanwhile, and so is this


def _seen(case: Case, touch: Touch) -> list[Seen]:
    """What the story tells of the touch; after a merge two stories do, and the doubts stay with the touch."""
    seen = doubts.seen(case.conn, touch.lane, touch.lead_id, touch.id)
    if case.id != touch.lead_id:
        seen += doubts.seen(case.conn, case.lane, case.id, touch.id)
    return seen


def _judge_those_who_wait(
    case: Case, touch: Touch, known: Sequence[Visit], waiting: Sequence[Doubt], seen: Sequence[Seen]
) -> list[Doubt]:
    """A newcomer may give away those before it. Returns the doubts that are left."""
    left = []
    for doubt in waiting:
        automated = judge_again(_doubted(doubt), known)
        if automated and doubts.forget(case.conn, doubt):
            _tell_of(case, touch, doubt, automated, seen)
        else:
            left.append(doubt)
    return left


def _tell_of(case: Case, touch: Touch, doubt: Doubt, automated: str, seen: Sequence[Seen]) -> None:
    told = doubt.signal
    data = {**told["data"], "visited_at": told["at"]}
    _tell(case, touch, told["kind"], told["key"], data, automated, seen)


def _tell(
    case: Case, touch: Touch, kind: str, key: str, data: Mapping[str, str], automated: str, seen: Sequence[Seen]
) -> None:
    """A person's second click on a link, and a machine's tenth, is no second event: each sort is told once for a link."""
    full_key = f"{key}:{automated or 'person'}"
    if full_key in {one.key for one in seen} | {event.key for event in case.events}:
        return
    marks = {name: clean(data[name])[:2000] for name in (*KEPT, "visited_at") if data.get(name)}
    case.happened(
        kind, enrollment=touch.enrollment_id, step=touch.step, channel=touch.channel, touch=touch.id, key=full_key,
        **marks, **({"automated": automated} if automated else {}),
    )  # fmt: skip
    if kind == "clicked" and not automated:
        case.person_takes_over("click", f"Clicked {marks.get('url', 'a link')}")


def _doubt(case: Case, touch: Touch, signal: Signal, until: datetime) -> Doubt:
    """Two visitors at one link are two doubts: the second may be the person whose scanner was the first."""
    who = hashlib.sha256(
        f"{signal.data.get('ip')} {signal.data.get('user_agent')}".encode("utf-8", "replace")
    ).hexdigest()
    told: dict[str, Any] = {
        "kind": signal.kind, "at": signal.at.isoformat(), "key": signal.key,
        "data": {name: clean(signal.data[name])[:2000] for name in KEPT if signal.data.get(name)},
    }  # fmt: skip
    return Doubt(touch.lane, touch.lead_id, f"{signal.key}:{who[:16]}", case.workspace.id, touch.id, until, told)


def _reached_at(touch: Touch, seen: Sequence[Seen], visited_at: datetime) -> datetime | None:
    """A delivery that is said to be later than the visit says nothing of it."""
    delivered = [_instant(one.data.get("delivered_at")) or one.at for one in seen if one.kind == "touch.delivered"]
    known = [at for at in delivered if at <= visited_at]
    return max([touch.sent_at, *known]) if touch.sent_at is not None else None


def _visits(seen: Sequence[Seen]) -> list[Visit]:
    return [
        _visit(one.kind, _instant(one.data.get("visited_at")) or one.at, one.data, str(one.data.get("automated") or ""))
        for one in seen
        if one.kind != "touch.delivered"
    ]


def _doubted(doubt: Doubt) -> Visit:
    return _visit(doubt.signal["kind"], datetime.fromisoformat(doubt.signal["at"]), doubt.signal["data"])


def _visit(kind: str, at: datetime, data: Mapping[str, Any], automated: str = "") -> Visit:
    sort: Literal["opened", "clicked"] = "clicked" if kind == "clicked" else "opened"
    return Visit(
        sort, at, str(data.get("user_agent") or ""), str(data.get("ip") or ""), str(data.get("link") or ""),
        str(data.get("method") or "GET"), data.get("accept"), data.get("languages"), str(data.get("purpose") or ""),
        automated or str(data.get("automated") or ""),
    )  # fmt: skip


def _instant(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
