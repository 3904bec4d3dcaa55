"""History: the fold of a lead's events, seen from one enrollment. This, a playbook and `now` are all `decide` reads.

A fold can be kept and gone on with: `kept` is the JSON of it, and folding in the events after `seen` gives what folding
all of them would. FOLD names the way of folding; what another way has kept is folded anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from .events import SIGNAL_OF, Event
from .hours import at_local

#: Raise it when the same events would fold into something else, or the fields below change: a test compares the code.
FOLD = 7

#: What the lead asked for itself. An import, a referral or a missed appointment asks for nothing, so it opens no
#: acknowledgement.
REQUESTS = frozenset({"form.submitted", "keyword.received", "call.missed", "quote.requested", "content.downloaded"})

#: What may become of a touch. Anything else under `touch.` was written by a newer version and changes nothing.
TOUCHED = frozenset({"planned", "held", "refused", "sent", "delivered", "failed", "unknown"})

#: How long an out-of-office may rest a cadence. Whoever is away for months, or whose date was misread, is not forgotten:
#: interest cools, and the consent of an inquiry runs out in the meantime.
LONGEST_AWAY = timedelta(weeks=6)
#: On whose morning it goes on: the day of a return belongs to what has piled up.
MORNING = time(9)

#: Outcomes of a call that reached nobody.
NOBODY = frozenset({"missed", "voicemail", "expired"})


class StepState(msgspec.Struct, omit_defaults=True):
    """How far one step has come in this enrollment."""

    attempts: int = 0
    outcomes: dict[str, datetime] = {}  # the first time of each
    in_flight: bool = False  # a touch is planned and has no receipt yet
    touch: str | None = None  # the touch planned last
    task_open_at: datetime | None = None
    call: str | None = None  # dialled last for the open task
    talked: bool = False  # that call reached somebody, so only the person who was on it can say how it went
    last_at: datetime | None = None  # end of the last attempt
    tried: tuple[str, ...] = ()  # channels that refused or failed
    settled: bool = False  # nothing more will be attempted
    settled_at: datetime | None = None


class History(msgspec.Struct, omit_defaults=True):
    """Mutable while it is being folded, then only read. Times are aware UTC; `zone` is an IANA name."""

    enrollment: str
    seed: int
    started_at: datetime
    zone: str = ""
    lead: Mapping[str, Any] = {}  # as conditions read it; not kept: it is read anew
    event: Mapping[str, Any] = {}  # what started the enrollment; not kept either

    steps: dict[str, StepState] = {}
    signal: str = ""  # the human signal that stopped the machine: reply, click, callback, meeting, takeover
    signal_at: datetime | None = None
    handed_off_at: datetime | None = None
    hand_off_due: datetime | None = None
    taken: bool = False  # the person has acted on the hand-off
    escalated: frozenset[str] = frozenset()  # "hand_off", "promise"
    begun: bool = False  # its own beginning has been folded
    ended_at: datetime | None = None  # this enrollment is over: finished, preempted, or parked
    opted_out_at: datetime | None = None
    doubtful_at: datetime | None = None
    first_human_touch_at: datetime | None = None
    engaged: bool = False
    replied: bool = False
    requested_at: datetime | None = None  # the lead's latest own request
    away_on: date | None = None  # the last day of an absence, by the lead's own out-of-office
    attempts: dict[str, tuple[datetime, str]] = {}  # id of a touch, a call or a task -> (at, channel)
    dialled: frozenset[str] = frozenset()  # tasks whose calls have been counted as they were dialled
    on_call: dict[str, datetime] = {}  # calls of people with the lead that are under way -> since when
    enrolled: int = 0  # how often the lead has entered a playbook, this time included
    seen: int = 0  # highest event seq folded

    def state(self, step: str) -> StepState:
        state = self.steps.get(step)
        if state is None:
            state = self.steps[step] = StepState()
        return state

    @property
    def away_until(self) -> datetime | None:
        """Nothing of the cadence is due before: the morning after the last day of an absence, on the lead's calendar."""
        return at_local(self.away_on + timedelta(days=1), MORNING, self.zone) if self.away_on is not None else None

    def apply(self, event: Event) -> None:
        """Fold one more event in. Unknown kinds change nothing: history from a newer version stays readable."""
        if event.seq > self.seen:
            self.seen = event.seq
        kind = event.kind
        if kind.startswith("touch."):
            self._touch(kind[6:], event)
        elif kind in ("task.opened", "task.done", "task.expired", "task.cancelled"):
            self._task(kind[5:], event)
        elif kind in ("call.dialled", "call.ended"):
            self._call(kind[5:], event)
        elif kind in SIGNAL_OF:
            self._signal(SIGNAL_OF[kind], event)
        elif kind in REQUESTS:
            self.requested_at = event.at
            self.away_on = None  # who asks for something is there
        elif kind == "opened":
            # A weak signal: it may steer a condition, it never stops the machine. A proxy's open steers nothing.
            if self._ours(event) and not event.data.get("automated"):
                self.engaged = True
                self._outcome(event, "opened")
        elif kind == "step.skipped":
            if self._ours(event):
                self._settle(self.state(event.step), event.at)
        elif kind == "handed.off":
            if self._since_start(event):
                self.handed_off_at = event.at
                self.hand_off_due = _instant(event.data.get("due"))
                self.taken = bool(event.data.get("taken"))
                self.signal = self.signal or str(event.data.get("signal", "takeover"))
                self.signal_at = self.signal_at or event.at
        elif kind == "enrolled":
            self.enrolled += 1
            self.begun = self.begun or self._ours(event)
        elif kind == "escalated":
            if self._ours(event):
                self.escalated |= {str(event.data.get("what", ""))}
        elif kind == "released":
            self._release()
        elif kind in ("ended", "preempted", "parked", "unparked"):
            if self._ours(event):
                self.ended_at = None if kind == "unparked" else event.at
        elif kind == "opted.out":
            if not event.data.get("channels"):  # one that names channels leaves the others to the playbook
                self.opted_out_at = event.at
                self.doubtful_at = None  # nobody needs to find out any more what was meant
        elif kind == "opted.in":
            self.opted_out_at = None
        elif kind == "doubtful":
            self.doubtful_at = event.at
        elif kind == "closed":
            self.doubtful_at = None  # whoever closed it has decided; what the lead asks for later is another matter

    def _touch(self, what: str, event: Event) -> None:
        if what not in TOUCHED:
            return
        if what == "planned":
            if event.touch:
                self.attempts[event.touch] = (event.at, event.channel)
        elif what in ("held", "refused") and event.touch:
            self.attempts.pop(event.touch, None)
        elif what in ("sent", "unknown") and event.touch in self.attempts:
            # Caps count from when it went out: it may have been planned long before, and waited in the queue.
            self.attempts[event.touch] = (max(event.at, self.attempts[event.touch][0]), event.channel)
        if not self._ours(event):
            return
        state = self.state(event.step)
        if what == "planned":
            state.attempts += 1
            state.in_flight = True
            state.touch = event.touch
            return
        if event.touch is not None and state.touch is not None and event.touch != state.touch:
            return  # a late or doubled word on an earlier touch of this step; the later one is still out
        if what == "delivered":
            state.outcomes.setdefault("delivered", event.at)
            return
        if what == "held" and state.in_flight:
            state.attempts -= 1  # nothing of it was begun: whether the step is still wanted is asked anew
        state.last_at = event.at
        state.in_flight = False
        if what in ("refused", "failed"):
            state.tried = (*state.tried, event.channel)
            # Handed over, and the failure was told afterwards; or no other channel is left.
            if "sent" in state.outcomes or event.data.get("last"):
                state.outcomes.setdefault(what, event.at)
                self._settle(state, event.at)
        elif what == "sent":
            state.outcomes.setdefault("sent", event.at)
            self._settle(state, event.at)
        elif what == "unknown":
            # Perhaps the lead got it: for what comes next that counts as sent, and nobody sends it again.
            state.outcomes.setdefault("sent", event.at)
            self._settle(state, event.at)

    def _task(self, what: str, event: Event) -> None:
        outcome = str(event.data.get("outcome") or "done") if what == "done" else what
        if what == "done" and event.channel == "call":
            if event.touch not in self.dialled:
                self.attempts[event.touch or f"{event.step}:{event.seq}"] = (event.at, "call")
            if self._since_start(event) and self.first_human_touch_at is None:
                self.first_human_touch_at = event.at
        if what == "done" and event.data.get("task") == "hand_off" and self._since_start(event):
            self.taken = True
            if self.first_human_touch_at is None:
                self.first_human_touch_at = event.at
        if what == "done" and event.data.get("task") == "read_reply":
            self.doubtful_at = None  # a person has read it, and says what comes next
        if not event.step or not self._ours(event):
            return
        state = self.state(event.step)
        state.call, state.talked = None, False
        if what == "opened":
            state.attempts += 1
            state.task_open_at = event.at
            return
        state.task_open_at = None
        state.last_at = event.at
        if what == "cancelled":
            self._settle(state, event.at)
            return
        if wrong := _instant(event.data.get("corrects")):
            # What the phone told of this attempt was wrong: what hangs on it doesn't come, if it has not come yet.
            for told in ("voicemail", "missed", "unanswered", "expired"):
                if state.outcomes.get(told) == wrong:
                    del state.outcomes[told]
        state.outcomes.setdefault(outcome, event.at)
        if event.channel == "call" and outcome in NOBODY:
            state.outcomes.setdefault("missed", event.at)
        if event.data.get("last"):  # attempts used up, or the outcome needs no further attempt
            if event.channel == "call" and outcome in NOBODY:
                state.outcomes.setdefault("unanswered", event.at)
            self._settle(state, event.at)

    def _call(self, what: str, event: Event) -> None:
        """A call that a person placed from the page: from the moment in which the lead's phone begins to be dialled."""
        call = event.data.get("call")
        if not call:  # told by a version that counted calls when their tasks were done
            return
        on_call = {one: since for one, since in self.on_call.items() if one != call}
        if what == "ended":
            self.on_call = on_call
            state = self.steps.get(event.step)
            reached = event.data.get("outcome") == "connected" or event.data.get("asks")
            if state is not None and state.call == call and self._ours(event) and reached:
                state.talked = True
            return
        self.on_call = {**on_call, call: event.at}
        # A phone that rings is an attempt, whatever becomes of it; one that is heard of again was counted before.
        self.attempts.setdefault(call, (event.at, "call"))
        self.dialled |= {str(event.data.get("task", ""))}
        if self._since_start(event) and self.first_human_touch_at is None:
            self.first_human_touch_at = event.at
        if event.step and self._ours(event) and self.state(event.step).task_open_at is not None:
            self.state(event.step).call = call

    def _signal(self, signal: str, event: Event) -> None:
        if event.data.get("automated"):  # a scanner's click, a proxy's open, an out-of-office: no person (invariant 7)
            if signal == "reply" and event.data.get("until"):
                self.away_on = _last_day(str(event.data["until"]), event.at)
            return
        self.away_on = None
        if signal == "reply":
            self.replied = True
        if signal == "click" and self._ours(event):
            self._outcome(event, "clicked")
        if not self._since_start(event):
            return
        self.engaged = True
        if not self.signal:
            self.signal = signal
            self.signal_at = event.at

    def _release(self) -> None:
        self.signal = ""
        self.signal_at = None
        self.handed_off_at = None
        self.hand_off_due = None
        self.taken = False
        self.doubtful_at = None
        self.escalated -= {"hand_off"}

    def _outcome(self, event: Event, outcome: str) -> None:
        if event.step:
            self.state(event.step).outcomes.setdefault(outcome, event.at)

    @staticmethod
    def _settle(state: StepState, at: datetime) -> None:
        state.settled = True
        state.in_flight = False
        state.task_open_at = None
        state.settled_at = state.settled_at or at

    def _ours(self, event: Event) -> bool:
        return event.enrollment == self.enrollment

    def _since_start(self, event: Event) -> bool:
        # At the very instant of the start, what was told before it belongs to the time before.
        return self._ours(event) or event.at > self.started_at or (self.begun and event.at == self.started_at)


def fold(history: History, events: Iterable[Event]) -> History:
    """Fold `events`, in the order of their `seq`, into an empty `history` and return it."""
    for event in events:
        history.apply(event)
    return history


def kept(history: History) -> msgspec.Raw:
    """The fold as JSON, to go on from later: `msgspec.json.decode(..., type=History)` gives it back. What conditions
    read of the lead and of the start is left out, so ask before these are set."""
    return msgspec.Raw(_encoder.encode(history))


_encoder = msgspec.json.Encoder()


def _instant(value: Any) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return value if isinstance(value, datetime) else None


def _last_day(day: str, told_at: datetime) -> date | None:
    """The day that an out-of-office names, within reason; None when it is no date, or was over when it was told."""
    try:
        last = date.fromisoformat(day)
    except ValueError:  # written by a newer version
        return None
    return min(last, (told_at + LONGEST_AWAY).date()) if last >= told_at.date() - timedelta(days=1) else None
