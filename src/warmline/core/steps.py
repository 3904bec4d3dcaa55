"""The steps of a playbook file: each on its own, and then how they hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from ruamel.yaml.nodes import MappingNode, Node

from .condition import Condition
from .expression import Place, check_condition
from .playbook import CALL_OUTCOMES, SEND_OUTCOMES, TASK_OUTCOMES, Anchor, At, Call, Choice, Chore, Delay, Send, Step
from .timing import OUTCOMES as ANY_OUTCOME
from .timing import parse_at
from .tree import Fields, Reader
from .words import NAME, suggest

Kind = Literal["send", "call", "task"]
Outcomes = Mapping[str, tuple[str, ...]]  # what each step can come out as, by its name
KINDS: tuple[Kind, ...] = ("send", "call", "task")
KEYS: Mapping[Kind, tuple[str, ...]] = {
    "send": ("send", "or", "template", "at", "if", "purpose"),
    "call": ("call", "script", "at", "if", "attempts", "every", "expires", "hours"),
    "task": ("task", "title", "at", "if", "expires"),
}
OUTCOMES: Mapping[Kind, tuple[str, ...]] = {"send": SEND_OUTCOMES, "call": CALL_OUTCOMES, "task": TASK_OUTCOMES}
NATURAL: Mapping[Kind, str] = {"send": "sent", "call": "missed", "task": "done"}  # `after first-call` alone
CHANNELS = ("sms", "email", "voicemail")
#: Outcomes that not every channel comes to: which do, and in words.
ONLY_OF: Mapping[str, tuple[set[str], str]] = {
    "opened": ({"email"}, "a mail"),
    "clicked": ({"sms", "email"}, "a text or a mail"),
}
PEOPLE = ("owner", "team", "manager")
ACKNOWLEDGE_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Draft:
    """A step on its way: `common` is what every kind of step has, so far as it could be read."""

    reader: Reader
    key: Node
    fields: Fields
    outcomes: Outcomes
    common: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """A step with the nodes it was read from, so that later checks can point at them."""

    step: Step
    fields: Fields


def read_steps(reader: Reader, node: Node) -> list[Placed]:
    """Every step that could be read, in the order of the file."""
    if not isinstance(node, MappingNode) or not node.value:
        reader.note(
            node, "`steps` must be a list of `name: {...}`.", "Write: ack: {send: sms, template: ack, at: now}."
        )
        return []
    named: dict[str, tuple[Node, Node]] = {}
    for key, value in reader.pairs(node):
        name = str(key.value)
        if name in named:
            first = named[name][0].start_mark.line + 1
            reader.note(
                key, f"There are two steps named `{name}`, the first on line {first}.", f"Rename one: {name}-2."
            )
        elif not NAME.fullmatch(name):
            reader.note(
                key, f"`{name}` can't be the name of a step.", "Use small letters, digits and hyphens: first-call."
            )
        else:
            named[name] = (key, value)
    kinds = {name: kind for name, (_, value) in named.items() if (kind := _kind_of(value))}
    outcomes = {name: _outcomes(reader, kinds.get(name), value) for name, (_, value) in named.items()}
    placed = [_step(reader, key, value, kinds, outcomes) for key, value in named.values()]
    found = [step for step in placed if step is not None]
    _check_cycles(reader, found)
    return found


def read_condition(reader: Reader, node: Node, steps: Outcomes | None) -> Condition | None:
    """A condition that passed its type check; None when it did not (noted). `steps` None: before the enrollment."""
    source = reader.text(node, "a condition", "'event.form == \"pricing\"'")
    if source is None:
        return None
    place = Place(reader.path, node.start_mark.line + 1, node.start_mark.column + 1)
    found = check_condition(source, place, steps)
    reader.problems.extend(found)
    return None if found else Condition(source)


def _kind_of(node: Node) -> Kind | None:
    """Which kind a step is, by the key that names it, even when the rest of it is wrong."""
    keys = [str(key.value) for key, _ in node.value] if isinstance(node, MappingNode) else []
    return next((kind for kind in KINDS if kind in keys), None)


def _outcomes(reader: Reader, kind: Kind | None, node: Node) -> tuple[str, ...]:
    """What a step can come out as: a mail can be opened, and a text or a mail clicked."""
    if kind is None:
        return ANY_OUTCOME
    if kind != "send":
        return OUTCOMES[kind]
    named = {str(key.value): value for key, value in node.value}
    channels = {str(item.value) for key in ("send", "or") if key in named for item in reader.items(named[key])}
    if not channels <= set(CHANNELS):  # noted where the channel is read
        return OUTCOMES[kind]
    return tuple(one for one in OUTCOMES[kind] if one not in ONLY_OF or channels & ONLY_OF[one][0])


def _step(reader: Reader, key: Node, node: Node, kinds: Mapping[str, Kind], outcomes: Outcomes) -> Placed | None:
    name = str(key.value)
    if not isinstance(node, MappingNode):
        reader.note(
            node,
            f"The step `{name}` must be a list of `key: value`.",
            f"Write: {name}: {{send: sms, template: ..., at: now}}.",
        )
        return None
    kind = kinds.get(name)
    if kind is None:
        keys = [str(sub.value) for sub, _ in node.value]
        near = suggest(keys[0], KINDS, "one of") if keys else "Write one of: send, call, task."
        reader.note(key, f"The step `{name}` does not say what to do: it needs send, call or task.", near)
        return None
    fields = reader.fields(node, KEYS[kind], f"a {kind} step")
    if fields is None:
        return None
    before = len(reader.problems)
    common = {"name": name, "line": key.start_mark.line + 1}
    if "at" in fields:
        common["at"] = _at(reader, fields["at"][1], name, kinds, outcomes)
    else:
        reader.note(key, f"The step `{name}` does not say when.", "Add: at: now, or at: day 2, 10:00.")
    if "if" in fields:
        common["condition"] = read_condition(reader, fields["if"][1], outcomes)
    make = {"send": _send, "call": _call, "task": _task}[kind]
    step = make(Draft(reader, key, fields, outcomes, common))
    return Placed(step, fields) if step is not None and not _errors_since(reader, before) else None


def _send(draft: Draft) -> Send | None:
    reader, fields, common = draft.reader, draft.fields, draft.common
    channels = [_channel(reader, fields["send"][1])]
    for node in reader.items(fields["or"][1]) if "or" in fields else []:
        channel = _channel(reader, node)
        if channel is not None and channel in channels:
            reader.note(
                node,
                f"`or` names {channel} again: it has been tried by then.",
                "Name another channel, or leave `or` out.",
            )
        channels.append(channel)
    template = None
    if "template" in fields:
        template = _template(reader, fields["template"][1], draft.outcomes)
    else:
        reader.note(
            draft.key,
            f"The step `{common['name']}` sends nothing: it names no template.",
            f"Add: template: {common['name']}.",
        )
    if "purpose" in fields:
        common["purpose"] = reader.choice(fields["purpose"][1], ("marketing", "acknowledge"), "purpose")
    if common.get("purpose") == "acknowledge" and not _at_once(common.get("at")):
        reader.note(
            fields["at"][1] if "at" in fields else draft.key,
            "An acknowledgement answers the lead's own request within 15 minutes; later than that it is marketing.",
            "Write: at: now, or leave `purpose` out.",
        )
    if common.get("purpose") == "acknowledge" and "voicemail" in channels:
        reader.note(
            fields["purpose"][1],
            "No place lets a voicemail out as an acknowledgement: a recording in a mailbox is no answer to a request.",
            "Leave voicemail out, or `purpose`.",
        )
    if template is None or None in channels or common.get("at") is None:
        return None
    return Send(channels=tuple(channel for channel in channels if channel), template=template, **common)


def _call(draft: Draft) -> Call | None:
    reader, fields, common = draft.reader, draft.fields, draft.common
    common["by"] = reader.choice(fields["call"][1], PEOPLE, "call")
    if "script" in fields:
        common["script"] = _name(reader, fields["script"][1], "script", "discovery")
    if "attempts" in fields:
        common["attempts"] = reader.whole(fields["attempts"][1], "attempts", 1, 10)
    for length in ("every", "expires"):
        if length in fields:
            common[length] = reader.duration(fields[length][1], length)
    if "hours" in fields:
        common["hours"] = reader.choice(fields["hours"][1], ("office", "legal"), "hours")
    if "every" in fields and common.get("attempts", 1) == 1:
        reader.note(fields["every"][0], "`every` does nothing with one attempt.", "Add: attempts: 2.", warning=True)
    return None if _gaps(common) else Call(**common)


def _task(draft: Draft) -> Chore | None:
    reader, fields, common = draft.reader, draft.fields, draft.common
    common["by"] = reader.choice(fields["task"][1], PEOPLE, "task")
    if "title" in fields:
        common["title"] = reader.text(fields["title"][1], "title", "title: Send the price list")
    else:
        reader.note(
            draft.key, f"The task `{common['name']}` has no title.", "Add what to do: title: Send the price list."
        )
        return None
    if "expires" in fields:
        common["expires"] = reader.duration(fields["expires"][1], "expires")
    return None if _gaps(common) else Chore(**common)


def _channel(reader: Reader, node: Node) -> Any:
    if str(node.value).strip() == "call":
        reader.note(
            node,
            "A call is made by a person, it can't be sent.",
            "Make it a step of its own: first-call: {call: owner, at: now}.",
        )
        return None
    return reader.choice(node, CHANNELS, "the channel")


def _template(reader: Reader, node: Node, outcomes: Outcomes) -> str | Choice | None:
    if not isinstance(node, MappingNode):
        return _name(reader, node, "template", "ack")
    fields = reader.fields(node, ("if", "use", "else"), "a template choice")
    if fields is None:
        return None
    missing = [key for key in ("if", "use", "else") if key not in fields]
    for key in missing:
        reader.note(
            node, f"The template choice has no `{key}`.", "Write: {if: 'history.engaged', use: one, else: another}."
        )
    if missing:
        return None
    condition = read_condition(reader, fields["if"][1], outcomes)
    use = _name(reader, fields["use"][1], "use", "one")
    otherwise = _name(reader, fields["else"][1], "else", "another")
    return Choice(condition, use, otherwise) if condition and use and otherwise else None


def _name(reader: Reader, node: Node, what: str, example: str) -> str | None:
    text = reader.text(node, what, f"{what}: {example}")
    if text is None or NAME.fullmatch(text):
        return text
    reader.note(
        node, f"`{text}` can't be the name of a template.", f"Write the file's name without .txt: {what}: {example}."
    )
    return None


def _at(reader: Reader, node: Node, own: str, kinds: Mapping[str, Kind], outcomes: Outcomes) -> At | None:
    at: At | None = reader.parsed(node, "at", "at: now", parse_at)
    if at is None or not at.anchor.step:
        return at
    step, outcome = at.anchor.step, at.anchor.outcome
    others = sorted(outcomes.keys() - {own})
    if step == own:
        reader.note(node, f"The step `{own}` waits for itself.", "Name another step after `after`.")
        return None
    if step not in outcomes:
        reader.note(node, f"There is no step `{step}` to wait for.", suggest(step, others, "one of"))
        return None
    kind = kinds.get(step)
    if kind is None:
        return None
    if outcome in OUTCOMES[kind] and outcome not in outcomes[step]:
        said = f"Only {ONLY_OF[outcome][1]} is ever `{outcome}`, and `{step}` sends none."
        reader.note(node, said, suggest("", outcomes[step], "one of"))
        return None
    if outcome and outcome not in OUTCOMES[kind]:
        advice = suggest(outcome, outcomes[step], "one of")
        reader.note(node, f"A {kind} step such as `{step}` never comes out as `{outcome}`.", advice)
        return None
    return replace(at, anchor=Anchor(step, outcome or NATURAL[kind]))


def _check_cycles(reader: Reader, placed: list[Placed]) -> None:
    waits = {item.step.name: item.step.at.anchor.step for item in placed if item.step.at.anchor.step}
    nodes = {item.step.name: item.fields["at"][1] for item in placed}
    seen: set[str] = set()
    for start in waits:
        trail: list[str] = []
        name = start
        while name in waits and name not in seen and name not in trail:
            trail.append(name)
            name = waits[name]
        if name in trail:
            circle = trail[trail.index(name) :]
            said = " waits for ".join(f"`{step}`" for step in [*circle, circle[0]])
            reader.note(
                nodes[circle[0]],
                f"These steps wait for each other: {said}.",
                "Let one of them begin at a time of its own: at: day 2.",
            )
        seen.update(trail)


def _at_once(at: At | None) -> bool:
    """Unread counts as right: its own problem has been noted."""
    return at is None or (isinstance(at, Delay) and not at.anchor.step and at.amount <= ACKNOWLEDGE_WITHIN)


def _gaps(common: Mapping[str, Any]) -> bool:
    return common.get("at") is None or any(value is None for key, value in common.items() if key != "condition")


def _errors_since(reader: Reader, count: int) -> bool:
    return any(problem.severity == "error" for problem in reader.problems[count:])
