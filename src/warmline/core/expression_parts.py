"""Taking a CEL expression apart at its operators, as text. It has been parsed before: its brackets and quotes match."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_STRING_OR_COMMENT = re.compile(rf"{_STRING.pattern}|//[^\n]*")
_MACRO = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_COMPARISON = re.compile(r"==|!=|\bin\b")
_OPERATOR = re.compile(r"[=<>+\-*/%]|\bin\b")
_TEXT, _FIELD = r"(\"[^\"]*\"|'[^']*')", r"\b((?:event|lead)\.[\w.]+)"
_IS = re.compile(rf"{_FIELD}\s*([=!]=)\s*{_TEXT}")
_IS_TURNED = re.compile(rf"{_TEXT}\s*([=!]=)\s*{_FIELD}")
_IS_AMONG = re.compile(rf"{_FIELD}\s+in\s+\[([^\]]*)\]")
_OPEN, _CLOSE = "([{", ")]}"


def without_strings(source: str) -> str:
    """The same length of text, with the inside of every string blanked out."""
    return _STRING.sub(lambda found: found[0][0] + "_" * (len(found[0]) - 2) + found[0][0], source)


def without_comments(source: str) -> str:
    """What // begins ends with its line. An apostrophe there begins no text."""
    return _STRING_OR_COMMENT.sub(lambda found: "" if found[0].startswith("//") else found[0], source)


def strip_parentheses(expression: str) -> str:
    """`((a))` is `a`; `(a) && (b)` stays."""
    text = expression.strip()
    while text.startswith("(") and _closing(without_strings(text), 0) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def split(expression: str, operator: str) -> list[str]:
    """The operands of `operator` outside all brackets. One operand: it is not there, or a looser operator is."""
    if operator == "&&" and len(split(expression, "||")) > 1:
        return [expression]
    parts, begin = [], 0
    for at in _top_level(expression):
        if at >= begin and expression.startswith(operator, at):
            parts.append(expression[begin:at])
            begin = at + len(operator)
    return [*parts, expression[begin:]]


def ternary(expression: str) -> tuple[str, str, str] | None:
    """`a ? b : c` outside all brackets."""
    marks = [(at, expression[at]) for at in _top_level(expression) if expression[at] in "?:"]
    if not marks or marks[0][1] != "?":
        return None
    depth = 0
    for at, char in marks:
        depth += 1 if char == "?" else -1
        if depth == 0:
            first = marks[0][0]
            return expression[:first], expression[first + 1 : at], expression[at + 1 :]
    return None


def comparison(expression: str) -> tuple[str, str, str] | None:
    """`a == b`, `a != b`, `a in b` outside all brackets: left, operator, right."""
    bare = without_strings(expression)
    top = set(_top_level(expression))
    for found in reversed(list(_COMPARISON.finditer(bare))):
        if found.start() in top:
            return expression[: found.start()], found[0], expression[found.end() :]
    return None


def negated(expression: str) -> str | None:
    """The `a` of `!a`. None where the ! stands before a part only: `!a == b` is `(!a) == b`."""
    if not expression.startswith("!"):
        return None
    bare, top = without_strings(expression), set(_top_level(expression))
    if any(found.start() in top for found in _OPERATOR.finditer(bare)):
        return None
    return expression[1:]


def arguments(expression: str) -> Iterator[str]:
    """Everything between commas in every outermost bracket."""
    bare = without_strings(expression)
    at = 0
    while at < len(bare):
        if bare[at] in _OPEN:
            end = _closing(bare, at)
            yield from split(expression[at + 1 : end], ",")
            at = end
        at += 1


def bound_names(expression: str) -> frozenset[str]:
    """Names that a macro binds: the x of `list.exists(x, x > 1)`."""
    return frozenset(_MACRO.findall(without_strings(expression)))


def bracketed(expression: str) -> list[str]:
    """Which of event, lead and history are read as `event["form"]`."""
    return sorted(set(re.findall(r"\b(event|lead|history)(?:\.fields)?\s*\[", without_strings(expression))))


def asked_of(expression: str, functions: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """(what it is asked of, function, text of its arguments) for every call of these functions; of nothing: ""."""
    bare = without_strings(expression)
    for found in re.finditer(r"(?:([\w)\]\"']+)\s*\.\s*)?\b([A-Za-z_]\w*)\s*\(", bare):
        if found[2] in functions:
            yield found[1] or "", found[2], expression[found.end() : _closing(bare, found.end() - 1)]


def _top_level(expression: str) -> Iterator[int]:
    """Positions outside brackets and strings."""
    depth = 0
    for at, char in enumerate(_STRING.sub(lambda found: "\0" * len(found[0]), expression)):
        if char in _CLOSE:
            depth -= 1
        if depth == 0 and char != "\0":
            yield at
        if char in _OPEN:
            depth += 1


def _closing(bare: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(bare)):
        depth += (bare[at] in _OPEN) - (bare[at] in _CLOSE)
        if depth == 0:
            return at
    return len(bare)


def named_texts(expression: str) -> Iterator[tuple[str, str, str]]:
    """(`event.form`, `==`, `pricing`) for every text that a field is compared with: by == and !=, either way round, and
    by `in`."""
    for found in _IS.finditer(expression):
        yield found[1], found[2], found[3][1:-1]
    for found in _IS_TURNED.finditer(expression):
        yield found[3], found[2], found[1][1:-1]
    for found in _IS_AMONG.finditer(expression):
        for text in _STRING.finditer(found[2]):
            yield found[1], "in", text[0][1:-1]
