"""How the sandbox and its leads behave: one seeded, pure rule, used in this process and by the provider app alike."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from warmline.channels.contract import Kind

Verdict = Literal["accept", "silent", "busy", "refuse"]
Event = Literal["delivered", "failed", "inbound", "clicked", "unsubscribed", "call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Shares are from 0 to 1, times are seconds. By default all is taken at once and delivered, and nobody answers."""

    seed: int = 0
    delay: float = 0.0  # before an answer
    busy: float = 0.0  # share answered with 429
    retry_after: float = 1.0  # what a 429 asks for
    silent: float = 0.0  # share accepted and never answered
    refuse: float = 0.0  # share refused with refuse_code
    refuse_code: str = "21610"
    refuse_to: Mapping[str, str] = field(default_factory=dict)  # address = code: always refused
    callback_after: float = 0.05
    undelivered: float = 0.0
    undelivered_code: str = "30003"
    doubled: float = 0.0  # of callbacks: told twice
    late: float = 0.0  # told late_by later
    late_by: float = 2.0
    reordered: float = 0.0  # of messages: callbacks come in another order
    lost: float = 0.0  # of callbacks: never told
    act_after: float = 1.0  # when the lead does something
    replies: float = 0.0  # share of leads who answer
    reply_texts: Sequence[str] = ("Yes please, can you call me tomorrow?", "How much is it?", "Sounds good, thanks")
    opts_out: float = 0.0
    opt_out_texts: Sequence[str] = ("STOP", "Please stop texting me")
    clicks: float = 0.0  # of leads who get a link; the rest ignore the message


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something the far end tells us `after` seconds from the acceptance. `name` tells two of one message apart."""

    after: float
    event: Event
    name: str
    text: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What the far end does with one hand-over."""

    verdict: Verdict
    delay: float
    code: str = ""
    follow_ups: tuple[FollowUp, ...] = ()


def conduct(behaviour: Behaviour, kind: Kind, to: str, text: str, attempt: int) -> Conduct:
    """The same message at the same attempt (from 0) meets the same fate, in whatever order messages come."""
    dice = random.Random(f"{behaviour.seed}|{kind}|{to}|{text}|{attempt}")  # noqa: S311 - a rehearsal, not a secret
    if to in behaviour.refuse_to:
        return Conduct("refuse", behaviour.delay, behaviour.refuse_to[to])
    point = dice.random()
    if point < behaviour.busy:
        return Conduct("busy", behaviour.delay, "20429")
    if point < behaviour.busy + behaviour.refuse:
        return Conduct("refuse", behaviour.delay, behaviour.refuse_code)
    verdict: Verdict = "silent" if point < behaviour.busy + behaviour.refuse + behaviour.silent else "accept"
    told = _disturb(behaviour, [_outcome(behaviour, dice), *_act(behaviour, kind, dice)], dice)
    return Conduct(verdict, behaviour.delay, "", tuple(sorted(told, key=lambda follow_up: follow_up.after)))


def read_behaviour(table: Mapping[str, object]) -> Behaviour:
    """From a TOML table. Raises ValueError naming the key, what is wrong and what fits."""
    known = {each.name: each for each in fields(Behaviour)}
    default = Behaviour()
    for key, value in table.items():
        if key not in known:
            raise ValueError(f'behaviour: "{key}" is not known. Known are {", ".join(sorted(known))}')
        _check(key, value, getattr(default, key))
    found = replace(default, **dict(table))  # type: ignore[arg-type] # checked key by key above
    for together in (("busy", "refuse", "silent"), ("replies", "opts_out", "clicks")):
        if sum(getattr(found, key) for key in together) > 1:
            raise ValueError(f"behaviour: {', '.join(together)} are shares of one whole and add up to more than 1")
    return found


def _outcome(behaviour: Behaviour, dice: random.Random) -> FollowUp:
    if dice.random() < behaviour.undelivered:
        return FollowUp(behaviour.callback_after, "failed", "failed", code=behaviour.undelivered_code)
    return FollowUp(behaviour.callback_after, "delivered", "delivered")


def _act(behaviour: Behaviour, kind: Kind, dice: random.Random) -> list[FollowUp]:
    """What the lead does with the message: answer it, opt out, click, or nothing."""
    point = dice.random()
    if point < behaviour.replies:
        # A voicemail is answered by calling back.
        event: Event = "call" if kind == "voicemail" else "inbound"
        return [FollowUp(behaviour.act_after, event, "reply", text=dice.choice(behaviour.reply_texts))]
    if point < behaviour.replies + behaviour.opts_out:
        event = "unsubscribed" if kind == "email" else "inbound"
        return [FollowUp(behaviour.act_after, event, "opt-out", text=dice.choice(behaviour.opt_out_texts))]
    if point < behaviour.replies + behaviour.opts_out + behaviour.clicks:
        return [FollowUp(behaviour.act_after, "clicked", "click")]
    return []


def _disturb(behaviour: Behaviour, told: list[FollowUp], dice: random.Random) -> list[FollowUp]:
    if len(told) > 1 and dice.random() < behaviour.reordered:
        first, second, *rest = told
        told = [replace(first, after=second.after), replace(second, after=first.after), *rest]
    result = []
    for each in told:
        if dice.random() < behaviour.lost:
            continue
        result.append(replace(each, after=each.after + behaviour.late_by) if dice.random() < behaviour.late else each)
        if dice.random() < behaviour.doubled:
            result.append(result[-1])
    return result


def _check(key: str, value: object, default: object) -> None:
    shares = (
        "busy",
        "silent",
        "refuse",
        "undelivered",
        "doubled",
        "late",
        "reordered",
        "lost",
        "replies",
        "opts_out",
        "clicks",
    )
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if key in shares:
        fits, wanted = number and 0 <= value <= 1, "a share from 0 to 1"  # type: ignore[operator]
    elif isinstance(default, float):
        fits, wanted = number and 0 <= value <= 86400, "seconds from 0 to 86400"  # type: ignore[operator]
    elif isinstance(default, int):
        fits, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    elif isinstance(default, str):
        fits, wanted = isinstance(value, str), "text"
    elif isinstance(default, Mapping):
        fits = isinstance(value, Mapping) and all(isinstance(code, str) for code in value.values())
        wanted = 'a table of address = "code"'
    else:
        fits = isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
        wanted = "a list of texts with at least one"
    if not fits:
        raise ValueError(f"behaviour: {key} must be {wanted}")
