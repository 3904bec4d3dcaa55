"""YAML as a tree that knows where everything stands, and a reader that collects every problem.

Nodes are composed, never constructed: duplicate keys stay visible and each key and value keeps its own line and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .words import Problem, UnreadableError, nearest, parse_duration, suggest

_TAG = "tag:yaml.org,2002:"
_DASHES = re.compile(r"[\s\-?:]*")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(\.\..*)?", re.DOTALL)
DEEPEST = 40  # brackets and dashes within each other; the language needs five
Fields = dict[str, tuple[Node, Node]]  # key -> (where the key stands, its value)


class Reader:
    """Reads nodes of one file. Every method that can't read its node notes a problem and answers None (or nothing)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def compose(self, source: str) -> Node | None:
        """The root node; None when the file is empty or is not YAML (noted)."""
        if _depth(source) > DEEPEST:
            self.note_at(
                1, 1, "The file is nested too deeply to be read.", "Write it flat, like the starter playbooks."
            )
            return None
        try:
            yaml = YAML(typ="rt", pure=True)
            yaml.composer.warn_double_anchors = False  # the later one counts, as in YAML 1.2
            root: Node | None = yaml.compose(source)
        except MarkedYAMLError as error:
            self._note_syntax(error)
            return None
        except YAMLError as error:
            self.note_at(1, 1, f"The file can't be read: {_first_line(error)}.", "Save it as plain UTF-8 text.")
            return None
        except RecursionError:
            self.note_at(
                1, 1, "The file is nested too deeply to be read.", "Write it flat, like the starter playbooks."
            )
            return None
        except (
            ValueError,
            KeyError,
            AttributeError,
            TypeError,
            IndexError,
            AssertionError,
            NotImplementedError,
        ) as error:
            # The YAML reader answers some malformed directives and numbers with its own inner errors.
            self.note_at(
                1,
                1,
                f"The file is not YAML: {_first_line(error)}.",
                "Write `key: value` lines, like the starter playbooks.",
            )
            return None
        return root

    def note(self, node: Node, message: str, instead: str = "", *, warning: bool = False) -> None:
        mark = node.start_mark
        self.note_at(mark.line + 1, mark.column + 1, message, instead, warning=warning)

    def fields(self, node: Node, known: Collection[str], what: str) -> Fields | None:
        """The keys of a mapping; unknown and doubled ones are noted. None when it is no mapping."""
        if not isinstance(node, MappingNode):
            self.note(
                node, f"{_upper(what)} must be a list of `key: value`, not {_kind(node)}.", f"Keys: {', '.join(known)}."
            )
            return None
        found: Fields = {}
        for key, value in self.pairs(node):
            name = str(key.value)
            if _CLOCK.fullmatch(name):
                advice = f"Put the whole time in quotes: at: 'day 2, {name}'."
                self.note(key, f"`{name}` stands alone: a comma inside {{...}} begins a new key.", advice)
            elif name not in known:
                self.note(key, f"`{name}` is not a key of {what}.", suggest(name, known, "one of"))
            elif name in found:
                first = found[name][0].start_mark.line + 1
                self.note(key, f"`{name}` is written twice in {what}, first on line {first}.", "Keep one of the two.")
            else:
                found[name] = (key, value)
        return found

    def pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Keys and values of a mapping, in order, doubled keys included."""
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                yield key, value
            else:
                self.note(key, "A key must be one word.", "Write `key: value`.")

    def text(self, node: Node, what: str, example: str) -> str | None:
        """A string that is not blank. Numbers, dates and true/false must be quoted, so that nothing is guessed."""
        if not isinstance(node, ScalarNode) or not node.value.strip():
            self.note(node, f"{_upper(what)} must be text, not {_kind(node)}.", f"Write: {example}.")
            return None
        if node.tag != f"{_TAG}str":
            self.note(
                node, f"{_upper(what)} must be text, and `{node.value}` is {_kind(node)}.", f"Write: '{node.value}'."
            )
            return None
        return str(node.value).strip()

    def choice(self, node: Node, options: Collection[str], what: str) -> str | None:
        text = str(node.value).strip() if isinstance(node, ScalarNode) else None
        if text in options:
            return text
        said = f"`{text}`" if text else _kind(node)
        self.note(node, f"{_upper(what)} can't be {said}.", suggest(text or "", options, "one of"))
        return None

    def whole(self, node: Node, what: str, least: int, most: int) -> int | None:
        if isinstance(node, ScalarNode) and node.value.isascii() and node.value.isdigit() and len(node.value) < 10:
            number = int(node.value)
            if least <= number <= most:
                return number
        said = f"`{node.value}`" if isinstance(node, ScalarNode) else _kind(node)
        self.note(node, f"{_upper(what)} can't be {said}.", f"Write a whole number from {least} to {most}.")
        return None

    def duration(self, node: Node, what: str) -> timedelta | None:
        """A length of time above zero."""
        amount: timedelta | None = self.parsed(node, what, "10 minutes", parse_duration)
        if amount == timedelta(0):
            self.note(node, f"{_upper(what)} can't be zero.", "Write at least 1 minute.")
            return None
        return amount

    def parsed(self, node: Node, what: str, example: str, parse: Callable[[str], Any]) -> Any:
        """What `parse` makes of the node's text; its UnreadableError becomes a problem here."""
        if isinstance(node, ScalarNode) and node.tag != f"{_TAG}null":
            try:
                return parse(str(node.value))
            except UnreadableError as error:
                self.note(node, f"{_upper(what)}: {error.message}", error.instead)
                return None
        self.note(node, f"{_upper(what)} must be text, not {_kind(node)}.", f"Write: {example}.")
        return None

    def items(self, node: Node) -> list[Node]:
        """The items of a list, or the one thing itself."""
        return list(node.value) if isinstance(node, SequenceNode) else [node]

    def places(self, source: str) -> dict[tuple[str, ...], tuple[int, int]]:
        """Line and column of every value, by its keys: ("steps", "ack", "template"). Empty when it is not YAML."""
        root = self.compose(source)
        found: dict[tuple[str, ...], tuple[int, int]] = {}
        todo: list[tuple[tuple[str, ...], Node]] = [((), root)] if root is not None else []
        while todo:
            keys, node = todo.pop()
            found.setdefault(keys, (node.start_mark.line + 1, node.start_mark.column + 1))
            if isinstance(node, MappingNode) and len(keys) < 5:
                todo += [((*keys, str(key.value)), value) for key, value in node.value]
        return found

    def note_at(self, line: int, column: int, message: str, instead: str, *, warning: bool = False) -> None:
        self.problems.append(Problem(self.path, line, column, message, instead, "warning" if warning else "error"))

    def _note_syntax(self, error: MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = str(error.problem or error.context or "it can't be read")
        self.note_at(line, column, f"This is not YAML: {said}.", _yaml_advice(said))


def _depth(source: str) -> int:
    """About how deep the file is nested: the YAML reader takes ages over hostile nesting, so this looks first."""
    depth = deepest = 0
    for line in source.splitlines():
        dashes = len(_DASHES.match(line)[0].split())  # type: ignore[index] # matches every line
        for char in line:
            if char in "[{":
                depth += 1
                deepest = max(deepest, depth + dashes)
            elif char in "]}":
                depth = max(0, depth - 1)
        deepest = max(deepest, depth + dashes)
    return deepest


def _yaml_advice(said: str) -> str:
    if "mapping values are not allowed" in said:
        return "Put quotes around a value that contains a colon, and begin every step on a line of its own."
    if "tab" in said.lower() or "\\t" in said:
        return "Indent with spaces, not tabs."
    if "another document" in said:
        return "Write one playbook per file, without a second ---."
    if "stream end" in said or "end of stream" in said:
        return "Close the quote or bracket that is still open."
    if "alias" in said:
        return "Put quotes around a value that begins with * or &."
    return "Check the quotes, brackets and indentation on this line and the one before."


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a list of `key: value`"
    if isinstance(node, SequenceNode):
        return "a list"
    tag = str(node.tag).removeprefix(_TAG)
    if tag == "null" or not str(node.value).strip():
        return "nothing"
    names = {"int": "a number", "float": "a number", "bool": "true or false", "timestamp": "a date", "str": "text"}
    return names.get(tag, f"a value with the tag {tag}")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip().rstrip(".")


def near(word: str, known: Collection[str]) -> str:
    """` Did you mean x?` with its leading space, or nothing."""
    guess = nearest(word, known)
    return f" Did you mean {guess}?" if guess else ""
