"""Type-checks a condition when it is published, so that no lead runs into it.

CEL finds a wrong type only when it evaluates, and `&&`, `||` and `?:` evaluate only as much as they need. So the
expression is taken apart at these operators and every part is evaluated on its own, against one typed example of each
thing it may read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .condition import EVENT_FIELDS, HISTORY_FIELDS, HISTORY_FUNCTIONS, LEAD_FIELDS, Condition
from .events import TRIGGERS
from .expression_parts import (
    arguments,
    bound_names,
    bracketed,
    calls,
    comparison,
    equalities,
    split,
    strip_parentheses,
    ternary,
    without_strings,
)
from .words import Problem, suggest

FIELDS: Mapping[str, Mapping[str, Any]] = {"event": EVENT_FIELDS, "lead": LEAD_FIELDS, "history": HISTORY_FIELDS}
#: CEL's own functions that make sense on these values.
FUNCTIONS = (
    "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string", "bool", "type", "has",
    "all", "exists", "exists_one", "map", "filter", "min", "max", "timestamp", "duration", "lowerAscii", "upperAscii",
    "getFullYear", "getMonth", "getDate", "getHours", "getMinutes", "getSeconds", "getDayOfWeek",
)  # fmt: skip
LONGEST = 1000  # characters of a condition
_TEXTS = ("1", "2026-01-01T00:00:00Z", "10m")  # what a text may have to be, for int(), timestamp() and duration()
_JUNK = ("", "abc")  # what a lead may have typed instead


class Place(NamedTuple):
    """Where the condition stands."""

    path: str
    line: int
    column: int


def check_condition(source: str, where: Place, steps: Mapping[str, Collection[str]] | None = None) -> list[Problem]:
    """Everything that is wrong with one condition; nothing when it may be published.

    `steps` are the outcomes of every step that history.clicked("x") may ask about, by name; None where there is no
    history yet (enroll.when).
    """
    if len(source) > LONGEST:
        return [Problem(*where, f"The condition has {len(source)} characters.", f"Write one of at most {LONGEST}.")]
    try:
        condition = Condition(source)
    except ValueError as error:
        return [Problem(*where, f"`{source}` can't be read: {_said(error)}.", _syntax_advice(source))]
    check = _Check(condition, where, steps)
    try:
        for look in (check.names, check.types, check.triggers):
            if not check.problems:
                look()
    except RecursionError:
        return [Problem(*where, "The condition is nested too deeply.", "Take out brackets and doubled `!`.")]
    return sorted(set(check.problems))


@dataclass
class _Check:
    condition: Condition
    where: Place
    steps: Mapping[str, Collection[str]] | None
    problems: list[Problem] = field(default_factory=list)

    def note(self, message: str, instead: str) -> None:
        self.problems.append(Problem(*self.where, message, instead))

    # What it reads

    def names(self) -> None:
        source = self.condition.source
        variables = ("event", "lead") if self.steps is None else ("event", "lead", "history")
        bound = bound_names(source)
        for name in self.condition.variables():
            if name in bound or name in variables:
                continue
            if name == "history":
                self.note("`history` is empty before the lead has entered.", "Ask about event or lead here.")
            else:
                self.note(f"`{name}` is not something a condition can read.", suggest(name, variables, "one of"))
        for name in bracketed(source):
            self.note(f"`{name}[...]` hides which field is read.", f"Write: {name}.form, or {name}.fields.budget.")
        for variable, name in sorted(self.condition.reads):
            self._field(variable, name)
        for name in self.condition.functions():
            if name not in FUNCTIONS and name not in HISTORY_FUNCTIONS:
                self.note(f"`{name}` is not a function.", suggest(name, (*HISTORY_FUNCTIONS, *FUNCTIONS), "one of"))
        self._history_calls(source)

    def _field(self, variable: str, name: str) -> None:
        known = FIELDS[variable]
        if name in known or (name == "fields" and variable != "history"):
            return
        if name in self.condition.functions():
            if variable != "history" and name in HISTORY_FUNCTIONS:
                self.note(f"`{variable}.{name}` is not known.", f'Write: history.{name}("step").')
            return
        if variable == "history" and name in HISTORY_FUNCTIONS:
            self.note(f"`history.{name}` asks about no step.", f'Name the step: history.{name}("ack").')
            return
        own = (
            "" if variable == "history" else f" Your own fields are under {variable}.fields: {variable}.fields.{name}."
        )
        self.note(f"`{variable}.{name}` is not known.", suggest(name, known, "one of") + own)

    def triggers(self) -> None:
        for name, kind in equalities(self.condition.source):
            if name == "event.kind" and kind not in TRIGGERS:
                self.note(f"No event is of the kind `{kind}`.", suggest(kind, TRIGGERS, "one of"))

    def _history_calls(self, source: str) -> None:
        for name, argument in calls(source, HISTORY_FUNCTIONS):
            step = argument.strip()
            if len(step) < 2 or step[0] not in "\"'" or step[-1] != step[0]:
                self.note(
                    f"`history.{name}({step})` names no step.", f'Write the step in quotes: history.{name}("ack").'
                )
            elif self.steps is None:
                continue
            elif step[1:-1] not in self.steps:
                advice = suggest(step[1:-1], self.steps, "one of")
                self.note(f"`history.{name}({step})`: there is no step {step[1:-1]}.", advice)
            elif name not in self.steps[step[1:-1]]:
                known = [outcome for outcome in self.steps[step[1:-1]] if outcome in HISTORY_FUNCTIONS]
                said = f"`history.{name}({step})` is never true: that step does not come out as {name}."
                self.note(said, suggest(name, known, "one of"))

    # What it answers

    def types(self) -> None:
        self.truth(self.condition.source, ())

    def truth(self, expression: str, guards: tuple[str, ...]) -> None:
        """`expression` must answer true or false. `guards` are what holds when it is asked."""
        kind = self.value(expression, guards)
        if kind not in ("", "true or false"):
            text = strip_parentheses(expression)
            instead = (
                f'Compare it: {text} == "...".'
                if kind == "text"
                else "Compare it: ... > 3."
                if kind == "a number"
                else ""
            )
            self.note(f"`{text}` is {kind}, and a condition must answer true or false.", instead)

    def value(self, expression: str, guards: tuple[str, ...]) -> str:
        """The kind of what `expression` answers, "" when that is already known to be wrong."""
        text = strip_parentheses(expression)
        if parts := ternary(text):
            asked, then, otherwise = parts
            self.truth(asked, guards)
            kinds = {self.value(then, (*guards, asked)), self.value(otherwise, (*guards, f"!({asked})"))} - {""}
            if len(kinds) > 1:
                self.note(
                    f"`{text}` is {' or '.join(sorted(kinds))}.", "Let both branches answer the same kind of thing."
                )
            return kinds.pop() if len(kinds) == 1 else ""
        for operator, holds in (("||", "!({})"), ("&&", "{}")):
            parts_ = split(text, operator)
            if len(parts_) > 1:
                for index, part in enumerate(parts_):
                    others = tuple(holds.format(other) for other in parts_[:index] + parts_[index + 1 :])
                    self.truth(part, (*guards, *others))
                return "true or false"
        if text.startswith("!"):
            self.truth(text[1:], guards)
            return "true or false"
        return self._atom(text, guards)

    def _atom(self, text: str, guards: tuple[str, ...]) -> str:
        before = len(self.problems)
        sides = comparison(text)
        if sides:
            left, operator, right = sides
            kinds = self.value(left, guards), self.value(right, guards)
            if "" not in kinds and operator != "in" and kinds[0] != kinds[1]:
                self.note(
                    f"`{text}` compares {kinds[0]} with {kinds[1]}: it is never equal.", _same_kind(left, right, kinds)
                )
        else:
            bound = bound_names(text)
            for argument in arguments(text):
                if not bound and (
                    ternary(argument) or len(split(argument, "||")) > 1 or len(split(argument, "&&")) > 1
                ):
                    self.value(argument, guards)
        if len(self.problems) > before:
            return ""
        answer = self._evaluate(text)
        if isinstance(answer, Exception):
            self.note(f"`{text}` can't be answered: {_said(answer)}.", _type_advice(text))
            return ""
        self._survives_junk(text, guards)
        if sides and sides[1] == "in":
            self._membership(text, sides[0], sides[2])
        return _kind(answer)

    def _membership(self, text: str, left: str, right: str) -> None:
        item, options = self._evaluate(left), self._evaluate(right)
        if isinstance(options, list):
            wrong = {_kind(option) for option in options} - {_kind(item)}
            if wrong:
                self.note(f"`{text}` looks for {_kind(item)} among {wrong.pop()}.", "Compare things of the same kind.")

    def _evaluate(self, text: str) -> Any:
        """The answer for the first example that suits it, or the exception."""
        answer: Any = None
        for index, sample in enumerate((None, *_TEXTS)):
            answer = self._answer(text, sample, sample)
            if not isinstance(answer, Exception) or (index == 0 and not isinstance(answer, RuntimeError)):
                break
        return answer

    def _survives_junk(self, text: str, guards: tuple[str, ...]) -> None:
        """int(lead.fields.size) must not meet a lead who typed words, unless another part rules that out."""
        custom = Condition(text).custom
        for junk in _JUNK if custom else ():
            if not isinstance(self._answer(text, None, junk), Exception):
                continue
            if any(Condition(guard).custom & custom and self._answer(guard, None, junk) is False for guard in guards):
                continue
            variable, name = min(custom)
            own = f"{variable}.fields.{name}"
            self.note(
                f"`{text}` has no answer for a lead whose {own} is {junk!r}.",
                f'Ask first: {own}.matches("^[0-9]+$") && {text}.',
            )
            return

    def _answer(self, text: str, sample: str | None, custom: str | None) -> Any:
        values: dict[str, Any] = {}
        for variable, known in FIELDS.items():
            values[variable] = {
                name: sample if sample is not None and isinstance(value, str) else value
                for name, value in known.items()
            }
            values[variable]["fields"] = {
                name: custom or "" if custom is not None else "1" for _, name in self.condition.custom
            }
        return _run(text, values)


def _run(text: str, values: Mapping[str, Any]) -> Any:
    functions: dict[str, Callable[..., Any]] = {name: lambda *_: True for name in HISTORY_FUNCTIONS}
    try:
        return Condition(text).answer(values, functions)
    except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError) as error:
        return error


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if value is None:
        return "null"
    return {"list": "a list", "dict": "a group of fields", "datetime": "a time", "timedelta": "a duration"}.get(
        type(value).__name__, "a value of another kind"
    )


def _same_kind(left: str, right: str, kinds: tuple[str, str]) -> str:
    if "null" in kinds:
        return 'A field that is absent is empty text: compare with "".'
    if set(kinds) == {"text", "a number"}:
        words = left if kinds[0] == "text" else right
        return f"Put the number in quotes, or convert the text: int({words.strip()})."
    if set(kinds) == {"text", "true or false"}:
        flag = left if kinds[0] == "true or false" else right
        return f"Write it without a comparison: {flag.strip()}, or !{flag.strip()}."
    return "Compare things of the same kind."


def _type_advice(text: str) -> str:
    bare = without_strings(text)
    if any(sign in bare for sign in ("<", ">", "+", "-", "*", "/", "%")):
        return "Compare text with text and numbers with numbers: history.day > 3, int(lead.fields.size) > 3."
    return 'Texts have startsWith("x"), endsWith("x"), contains("x"), matches("x") and size().'


def _said(error: BaseException) -> str:
    """The parser's own words, on one line, without its drawing of the place."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "Syntax error:" in first:
        return first.split("Syntax error:", 1)[1].strip().split(" expecting {")[0].rstrip(".:= ")
    return first.split(". CEL does not coerce", 1)[0].rstrip(".")


def _syntax_advice(source: str) -> str:
    bare = without_strings(source)
    if "=" in bare.replace("==", "").replace("!=", "").replace("<=", "").replace(">=", ""):
        return "Write == to compare."
    for word, sign in ((" and ", "&&"), (" or ", "||"), ("not ", "!")):
        if word in f" {bare} ":
            return f"Write {sign} for `{word.strip()}`."
    return 'Write it like: event.form == "pricing" && !event.after_hours.'
