"""A playbook file, read. Every problem at once, each with its own line and column and with what to write instead.

    parsed = parse(source, "playbooks/pricing.yaml")
    parsed.playbook   # None while there are errors; warnings do not stop it

The language is described in docs/playbooks.md, its shape for editors in schema/playbook.schema.json.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from .playbook import SIGNALS, After, Again, Call, Enroll, HandOff, Owner, Playbook
from .steps import read_condition, read_steps
from .tree import Fields, Reader
from .words import NAME, Problem, UnreadableError, parse_duration

KEYS = ("name", "enroll", "promise", "owner", "hand-off", "steps", "after")


@dataclass(frozen=True, slots=True)
class Parsed:
    """`playbook` is None exactly when one of the problems is an error. Problems are in the order of the file."""

    playbook: Playbook | None
    problems: list[Problem] = field(default_factory=list)


def parse(source: str, path: str) -> Parsed:
    """Read one playbook. `path` is where it stands; its file name without .yaml is the playbook's key.

    Never raises for any text.
    """
    reader = Reader(path)
    root = reader.compose(source)
    playbook = _playbook(reader, root, source, PurePosixPath(path).stem) if root is not None else None
    if root is None and not reader.problems:
        reader.problems.append(
            Problem(path, 1, 1, "The playbook is empty.", "Begin with `name: Pricing request` and `steps:`.")
        )
    problems = sorted(set(reader.problems))
    if any(problem.severity == "error" for problem in problems):
        playbook = None
    return Parsed(playbook, problems)


def _playbook(reader: Reader, root: Node, source: str, key: str) -> Playbook | None:
    if not NAME.fullmatch(key):
        reader.note(
            root,
            f"The file name `{key}` can't be a playbook's key.",
            "Use small letters, digits and hyphens: pricing-request.yaml.",
        )
    fields = reader.fields(root, KEYS, "a playbook")
    if fields is None:
        return None
    for needed, example in (("name", "name: Pricing request"), ("owner", "owner: {team: sales}"), ("steps", "steps:")):
        if needed not in fields:
            reader.note(root, f"The playbook has no `{needed}`.", f"Add: {example}.")
    name = reader.text(fields["name"][1], "name", "name: Pricing request") if "name" in fields else None
    owner = _owner(reader, fields["owner"][1]) if "owner" in fields else None
    enroll = _enroll(reader, fields["enroll"][1]) if "enroll" in fields else Enroll(when=None)
    hand_off = _hand_off(reader, fields["hand-off"][1]) if "hand-off" in fields else HandOff()
    after = _after(reader, fields["after"][1]) if "after" in fields else After()
    promise = reader.duration(fields["promise"][1], "promise") if "promise" in fields else None
    steps = tuple(placed.step for placed in read_steps(reader, fields["steps"][1])) if "steps" in fields else ()
    if promise and steps and not any(isinstance(step, Call) for step in steps) and "hand-off" not in fields:
        reader.note(
            fields["promise"][1],
            "The playbook promises a person, and no step calls and no hand-off is named.",
            "Add a call step: first-call: {call: owner, at: now}.",
            warning=True,
        )
    if name is None or owner is None or enroll is None or hand_off is None or after is None:
        return None
    return Playbook(key, name, enroll, owner, hand_off, steps, after, promise, source)


def _enroll(reader: Reader, node: Node) -> Enroll | None:
    fields = reader.fields(node, ("when", "rank", "again"), "enroll")
    if fields is None:
        return None
    when = read_condition(reader, fields["when"][1], None) if "when" in fields else None
    rank = reader.whole(fields["rank"][1], "rank", 0, 100) if "rank" in fields else 50
    again = reader.parsed(fields["again"][1], "again", "after 30 days", _again) if "again" in fields else Again()
    if rank is None or again is None:
        return None
    return Enroll(when, rank, again)


def _again(text: str) -> Again:
    word = text.strip()
    if word in ("never", "always"):
        return Again(never=word == "never")
    if word.startswith("after "):
        return Again(after=parse_duration(word.removeprefix("after ")))
    raise UnreadableError(f"`{word}` is not one of never, always, after 30 days.", "Write: again: after 30 days.")


def _owner(reader: Reader, node: Node) -> Owner | None:
    fields = reader.fields(node, ("team", "by", "person"), "owner")
    if fields is None:
        return None
    if ("team" in fields) == ("person" in fields):
        reader.note(
            node,
            "`owner` needs a team or a person, one of the two.",
            "Write: owner: {team: sales}, or owner: {person: sam}.",
        )
        return None
    if "person" in fields:
        if "by" in fields:
            reader.note(
                fields["by"][0], "`by` shares leads out within a team; one person needs none.", "Leave `by` out."
            )
        person = reader.text(fields["person"][1], "person", "person: sam")
        return Owner(person=person) if person else None
    if "by" in fields:
        reader.choice(fields["by"][1], ("round-robin",), "by")
    team = reader.text(fields["team"][1], "team", "team: sales")
    return Owner(team=team) if team else None


def _hand_off(reader: Reader, node: Node) -> HandOff | None:
    fields = reader.fields(node, ("on", "act within", "else"), "hand-off")
    if fields is None:
        return None
    on = _signals(reader, fields) if "on" in fields else SIGNALS
    within = reader.duration(fields["act within"][1], "act within") if "act within" in fields else HandOff().within
    otherwise = reader.choice(fields["else"][1], ("escalate", "wait"), "else") if "else" in fields else "escalate"
    if within is None or otherwise is None:
        return None
    return HandOff(on, within, "wait" if otherwise == "wait" else "escalate")


def _signals(reader: Reader, fields: Fields) -> tuple[str, ...]:
    found: list[str] = []
    for item in reader.items(fields["on"][1]):
        signal = reader.choice(item, SIGNALS, "a hand-off signal")
        if signal in found:
            reader.note(item, f"`{signal}` is named twice.", "Keep one.")
        elif signal:
            found.append(signal)
    if not found and not reader.items(fields["on"][1]):
        reader.note(fields["on"][1], "`on` names no signal.", f"Write one or more of: {', '.join(SIGNALS)}.")
    return tuple(found)


def _after(reader: Reader, node: Node) -> After | None:
    if isinstance(node, ScalarNode) and node.value.strip() == "close":
        return After(close=True)
    if not isinstance(node, MappingNode):
        reader.note(
            node,
            "`after` says what comes when nobody answered.",
            "Write: after: {enroll: slow-nurture}, or after: close.",
        )
        return None
    fields = reader.fields(node, ("enroll", "in"), "after")
    if fields is None:
        return None
    if "enroll" not in fields:
        reader.note(node, "`after` names no playbook.", "Write: after: {enroll: slow-nurture, in: 7 days}.")
        return None
    target = reader.text(fields["enroll"][1], "enroll", "enroll: slow-nurture")
    delay = reader.duration(fields["in"][1], "in") if "in" in fields else timedelta(0)
    return After(enroll=target, delay=delay) if target and delay is not None else None
