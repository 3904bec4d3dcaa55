"""Every starter playbook, walked through to its end with a lead who never answers and reps who never reach anybody."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import warmline
from warmline.core.decide import Ask, Escalate, Expire, Reach, Skip, decide
from warmline.core.events import Event
from warmline.core.history import History
from warmline.core.hours import local_date
from warmline.core.office_hours import parse_week
from warmline.core.parse import parse
from warmline.core.playbook import Office, Playbook

FOLDER = Path(warmline.__file__).parent / "starter" / "playbooks"
KEYS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ZONE = "America/New_York"
OFFICE = Office(parse_week("mon-fri 09:00-17:30, sat 10:00-14:00"), ZONE)
START = datetime(2026, 11, 24, 15, tzinfo=UTC)  # a Tuesday, ten in the morning in New York


@dataclass
class Walk:
    """What was done on which day of the enrollment, in order."""

    done: list[tuple[int, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    ended: str = ""


def load(key: str) -> Playbook:
    found = parse((FOLDER / f"{key}.yaml").read_text(encoding="utf-8"), f"playbooks/{key}.yaml").playbook
    assert found is not None
    return found


def walk(playbook: Playbook, opens: frozenset[str] = frozenset(), event: dict[str, Any] | None = None) -> Walk:
    lead = {"first_name": "Ann", "returning": False, "status": "open", "fields": {}}
    history = History(
        "e1", 7, START, ZONE, lead, event or {"kind": "form.submitted", "after_hours": False, "fields": {}}
    )
    walked, now, seq = Walk(), START, 0
    for _ in range(300):
        decision = decide(playbook, history, now, OFFICE)
        if decision.end:
            walked.ended = decision.end.reason
            return walked
        for action in decision.actions:
            step = getattr(action, "step", None)
            name = step.name if step else ""
            day = (local_date(now, ZONE) - date(2026, 11, 24)).days + 1
            happened: list[tuple[str, str, dict[str, Any]]] = []
            if isinstance(action, Reach):
                walked.done.append((day, f"{action.channel}:{action.template}"))
                happened = [("touch.planned", action.channel, {}), ("touch.sent", action.channel, {})]
                if name in opens:
                    happened.append(("opened", action.channel, {}))
            elif isinstance(action, Ask):
                walked.done.append((day, f"call:{name}"))
                happened = [("task.opened", "call", {})]
            elif isinstance(action, Expire):
                happened = [("task.expired", "call", {"last": action.last})]
            elif isinstance(action, Skip):
                walked.skipped.append(name)
                happened = [("step.skipped", "", {})]
            elif isinstance(action, Escalate):
                happened = [("escalated", "", {"what": action.what})]
            for kind, channel, data in happened:
                seq += 1
                touch = f"t{seq}" if kind == "touch.planned" else None
                history.apply(Event(kind, now, seq, "e1", name, channel, touch, data))
        if not decision.actions:
            assert decision.next_at is not None, "nothing to do and nothing to wait for: a lead would be left behind"
            assert decision.next_at > now
            now = decision.next_at
    raise AssertionError("the playbook does not end")


@pytest.mark.parametrize("key", KEYS)
def test_ends_by_itself_when_nobody_answers(key: str) -> None:
    playbook = load(key)
    walked = walk(playbook, event={"kind": "lead.returned", "after_hours": False, "fields": {}})
    assert walked.ended == "finished"
    assert len(walked.done) >= 3
    assert playbook.after.enroll or playbook.after.close


def test_pricing_follows_the_cadence_day_by_day() -> None:
    done = walk(load("pricing")).done
    assert [what for _, what in done] == [
        "sms:ack", "call:first-call", "email:context", "call:first-call", "sms:nudge", "voicemail:personal-note",
        "call:reconnect", "email:objection",
    ]  # fmt: skip
    days = {what: day for day, what in done}
    assert days["sms:ack"] == days["email:context"] == 1
    assert days["sms:nudge"] == 2
    assert days["voicemail:personal-note"] in (3, 4)
    assert days["call:reconnect"] in (5, 6)
    assert 8 <= days["email:objection"] <= 14


def test_a_quote_that_was_opened_gets_a_call_the_next_day_and_no_text() -> None:
    walked = walk(load("opened-but-silent"), opens=frozenset({"quote"}))
    assert walked.done[:3] == [(1, "email:quote-details"), (2, "call:call"), (2, "voicemail:quote-voicemail")]
    assert {"text", "check-in"} <= set(walked.skipped)


def test_a_quote_that_was_never_opened_gets_a_text_instead() -> None:
    walked = walk(load("opened-but-silent"))
    assert walked.done[:2] == [(1, "email:quote-details"), (3, "sms:quote-text")]
    assert "call:call" not in [what for _, what in walked.done]


def test_readers_of_the_guide_get_a_text_and_others_only_mail() -> None:
    silent = [what for _, what in walk(load("content-download")).done]
    reading = [what for _, what in walk(load("content-download"), opens=frozenset({"tip"})).done]
    assert "sms:guide-text" not in silent
    assert "sms:guide-text" in reading
