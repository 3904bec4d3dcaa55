"""What may happen to a lead, one thing at a time, and what it leaves in the story, as intake and a person's acts write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from warmline.core.consent import Suppression
from warmline.core.decide import attempts_used_up
from warmline.core.events import SIGNAL_OF
from warmline.core.playbook import Call, Send

from .life import HUMAN_TASKS, Life, State, asked, marked, with_findings
from .watch import goes_out
from .worlds import EVERY

AWAY = timedelta(days=3)

#: Ways of reaching somebody that an opt-out by one of them ends together.
TOGETHER = (("sms", "voicemail", "call"), ("email",))

#: What the lead does that stops the machine, in words.
SIGNALS: Mapping[str, str] = {
    "replied": "replies",
    "called.back": "calls back",
    "meeting.booked": "books a meeting",
    "taken.over": "takes over",
}


def possible(life: Life, state: State) -> Iterator[tuple[str, str, bool]]:
    """(what, about which step, whether something may be due at once, so that the hour matters)."""
    history = state.history
    for step in life.playbook.steps:
        one = history.steps.get(step.name)
        if one is not None and one.task_open_at is not None:
            for outcome in ("missed", "voicemail", "connected") if isinstance(step, Call) else ("done",):
                yield outcome, step.name, True
    for name in dict.fromkeys(name for name, _ in reversed(state.seen.out)):
        hangs = name in life.playbook.anchors
        if not hangs and name != state.seen.out[-1][0]:
            continue  # of what was sent before the last one, only what another step waits for
        channel = next(one.channel for step, one in reversed(state.seen.out) if step == name)
        for what in ("delivered", "bounced", *(("opened",) if channel == "email" else ())):
            yield what, name, hangs
        if channel in ("sms", "email"):
            yield "clicked", name, False
            yield "scanned", name, False
    for kind in SIGNALS:
        yield kind, "", False
    for what in ("auto-reply", "away", "stop", "unsubscribe", "suppressed", "doubtful"):
        yield what, "", False
    yield "asks-again", "", True
    if history.signal or history.handed_off_at is not None or history.doubtful_at is not None:
        yield "handed-back", "", True


def happens(life: Life, state: State, what: str, about: str) -> bool:
    """False: it can't happen after all."""
    if what in SIGNALS:
        _signal(state, what)
        return True
    return _HAPPEN[what](life, state, about)


def _signal(state: State, kind: str) -> None:
    state.happened(kind)
    who = "person" if kind == "taken.over" else "lead"
    state.tells(who, SIGNALS[kind])
    state.seen.live = f"{'a person' if who == 'person' else 'the lead'} {SIGNALS[kind]}"
    assert kind in SIGNAL_OF  # noqa: S101 - what is told here stops the machine


def _call(outcome: str) -> Callable[[Life, State, str], bool]:
    def ends(life: Life, state: State, about: str) -> bool:
        """The person presses Call now: the gate is asked again, and where it says no, no phone rings."""
        verdict = life.asks_gate(state, "call", "marketing", office=False, by_person=True)
        if verdict.result != "allow":
            return False
        state.tells("out", f"{about}: the person calls, and it is {outcome}")
        with_findings(verdict, goes_out, state.seen, "call", "marketing", life.world.zones.zones, state.lead.consents,
                      life.world.rules(state.now), state.now)  # fmt: skip
        state.seen.attempts = (*state.seen.attempts, (state.now, "call"))
        attempts = state.history.steps[about].attempts
        call = f"{about}.{attempts}"
        state.happened("call.dialled", about, "call", call=call, task=call)
        state.happened("call.ended", about, "call", call=call, outcome=outcome)
        last = outcome == "connected" or attempts_used_up(life.playbook.step(about), attempts)
        state.happened("task.done", about, "call", call, outcome=outcome, last=last, task="call")
        if outcome == "connected":
            state.happened("handed.off", signal="takeover", due=state.now.isoformat(), taken=True)
            state.seen.live = "a person has talked to the lead"
            state.tasks |= {"next_step"}
        return True

    return ends


def _done(_life: Life, state: State, about: str) -> bool:
    state.happened("task.done", about, outcome="done", last=True, task="chore")
    state.tells("person", f"does {about}")
    return True


def _told(kind: str, words: str, **data: str) -> Callable[[Life, State, str], bool]:
    def tells(_life: Life, state: State, about: str) -> bool:
        touch = next(one for step, one in reversed(state.seen.out) if step == about)
        state.happened(kind, about, touch.channel, touch.id, **data)
        state.tells("world" if data or kind == "touch.delivered" else "lead", words.format(about))
        if kind == "clicked" and not data:
            state.seen.live = f"the lead clicks in {about}"
        return True

    return tells


def _bounced(life: Life, state: State, about: str) -> bool:
    """It was taken, and came back: the address of a mail is bad from then on."""
    touch = next(one for step, one in reversed(state.seen.out) if step == about)
    if touch.failed:
        return False
    step = life.playbook.step(about)
    last = isinstance(step, Send) and touch.channel == step.channels[-1]
    state.happened("touch.failed", about, touch.channel, touch.id, last=last)
    state.seen.fails(touch.id)
    if touch.channel == "email":
        state.lead = marked(state.lead, "email", "bounced")
    state.tells("world", f"{about} comes back: not delivered")
    return True


def _auto_reply(_life: Life, state: State, _about: str) -> bool:
    state.happened("replied", automated="auto_submitted")
    state.tells("world", "the lead's mailbox answers by itself")
    return True


def _away(_life: Life, state: State, _about: str) -> bool:
    until = (state.now + AWAY).date()
    state.happened("replied", automated="auto_submitted", until=until.isoformat())
    state.tells("world", f"the lead's mailbox answers that it is away until {until:%d %b}")
    return True


def _opts_out(words: str, by: str) -> Callable[[Life, State, str], bool]:
    """By a text or by a mail. A STOP that ends all channels is told by the story alone, so that nothing covers for it."""

    def leaves(life: Life, state: State, _about: str) -> bool:
        ended = _ended_by(life, state, by)
        state.happened("opted.out", channel=by, channels=list(ended))
        if ended or by == "email":
            _suppress(life, state, ended)
        state.tells("lead", words)
        state.seen.leaves(ended or EVERY, f"the lead {words}")
        state.tasks = state.tasks if ended else frozenset()
        for step in life.playbook.steps:
            one = state.history.steps.get(step.name)
            is_call = isinstance(step, Call)
            if one is not None and one.task_open_at is not None and (not ended or (is_call and "call" in ended)):
                state.happened("task.cancelled", step.name, "call" if is_call else "")
        return True

    return leaves


def _ended_by(life: Life, state: State, by: str) -> tuple[str, ...]:
    """The channels that an opt-out by `by` ends, where the workspace keeps them apart and the place lets it; empty: all."""
    if life.world.opt_out == "all" or by in life.world.rules(state.now).withdraws_all:
        return ()
    return next(some for some in TOGETHER if by in some)


def _suppressed(life: Life, state: State, _about: str) -> bool:
    """Another lead with the same address opts out: the story of this one tells nothing of it."""
    _suppress(life, state, ())
    state.tells("world", "the lead's address is put on the do-not-contact list, through another lead")
    state.seen.leaves(EVERY, "its address is on the do-not-contact list")
    return True


def _suppress(life: Life, state: State, channels: tuple[str, ...]) -> None:
    kept = Suppression("address", life.world.lead.email or "", "opted_out", state.now, channels)
    state.lead = replace(state.lead, suppressions=[*state.lead.suppressions, kept])


def _doubtful(_life: Life, state: State, _about: str) -> bool:
    state.happened("doubtful")
    state.tells("lead", "writes something that may be an opt-out")
    state.seen.live = state.seen.live or "the lead wrote something doubtful"
    state.tasks |= {"read_reply"}
    return True


def _asks_again(life: Life, state: State, _about: str) -> bool:
    asked(state, str(life.world.event["kind"]))
    state.tells("lead", "sends the same request again")
    return True


def _handed_back(_life: Life, state: State, _about: str) -> bool:
    state.happened("released")
    state.seen.live = ""
    state.tasks -= HUMAN_TASKS
    state.tells("person", "hands the lead back to the playbook")
    return True


_HAPPEN: Mapping[str, Callable[[Life, State, str], bool]] = {
    "missed": _call("missed"),
    "voicemail": _call("voicemail"),
    "connected": _call("connected"),
    "done": _done,
    "delivered": _told("touch.delivered", "{} is delivered"),
    "opened": _told("opened", "opens {}"),
    "clicked": _told("clicked", "clicks a link in {}"),
    "scanned": _told("clicked", "a scanner follows a link in {}", automated="scanner"),
    "bounced": _bounced,
    "auto-reply": _auto_reply,
    "away": _away,
    "stop": _opts_out("texts STOP", "sms"),
    "unsubscribe": _opts_out("unsubscribes from a mail", "email"),
    "suppressed": _suppressed,
    "doubtful": _doubtful,
    "asks-again": _asks_again,
    "handed-back": _handed_back,
}
