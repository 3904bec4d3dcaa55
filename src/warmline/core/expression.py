"""Type-checks a condition when it is published, so that no lead runs into it.

CEL finds a wrong type only when it evaluates, and `&&`, `||` and `?:` evaluate only as much as they need. So the
expression is taken apart at these operators and every part is evaluated on its own, against one typed example of each
thing it may read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

from .condition import (
    EVENT_FIELDS,
    HISTORY_FIELDS,
    HISTORY_FUNCTIONS,
    LEAD_FIELDS,
    STATUSES,
    UNANSWERED,
    Condition,
)
from .events import TRIGGERS
from .expression_parts import (
    arguments,
    asked_of,
    bound_names,
    bracketed,
    comparison,
    named_texts,
    negated,
    split,
    strip_parentheses,
    ternary,
    without_comments,
    without_strings,
)
from .words import NAME, Problem, suggest

FIELDS: Mapping[str, Mapping[str, Any]] = {"event": EVENT_FIELDS, "lead": LEAD_FIELDS, "history": HISTORY_FIELDS}
#: CEL's own functions that make sense on these values.
FUNCTIONS = (
    "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string", "type",
    "all", "exists", "exists_one", "map", "filter", "timestamp", "duration", "getFullYear", "getMonth",
    "getDate", "getHours", "getMinutes", "getSeconds", "getDayOfWeek",
)  # fmt: skip
#: (variable, name, name of the own field): ("lead", "company", ""), ("lead", "fields", "size").
Field = tuple[str, str, str]
Values = Mapping[Field, Any]
LONGEST = 1000  # characters of a condition
_TEXTS = ("1", "2026-01-01T00:00:00Z", "10m")  # what a text may have to be, for int(), timestamp() and duration()
_JUNK = ("", "abc", "0", "1000")  # what a lead may have typed instead
_COUNTS = (0, 1, 2, 3, 5, 10, 1000)  # what the history may have counted
#: The closed lists among the texts of fields: what each is, in words, and what it may be.
_KNOWN: Mapping[str, tuple[str, Collection[str]]] = {
    "event.kind": ("No event is of the kind", TRIGGERS),
    "lead.status": ("No lead has the status", STATUSES),
}


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
        Condition(source)
        condition = Condition(without_comments(source))
    except ValueError as error:
        return [Problem(*where, f"`{source}` can't be read: {_said(error)}.", _syntax_advice(source))]
    check = _Check(condition, where, steps)
    try:
        for look in (check.names, check.types, check.closed_lists):
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

    @property
    def texts(self) -> frozenset[Field]:
        return _texts(_fields_of(self.condition))

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
        self._calls(source)

    def _field(self, variable: str, name: str) -> None:
        known = FIELDS[variable]
        if name in known or (name == "fields" and variable != "history"):
            return
        if name in self.condition.functions():
            return  # of whom it is asked is looked at with the calls
        if variable == "history" and name in HISTORY_FUNCTIONS:
            self.note(f"`history.{name}` asks about no step.", f'Name the step: history.{name}("ack").')
            return
        own = (
            "" if variable == "history" else f" Your own fields are under {variable}.fields: {variable}.fields.{name}."
        )
        self.note(f"`{variable}.{name}` is not known.", suggest(name, known, "one of") + own)

    def closed_lists(self) -> None:
        for name, _, text in named_texts(self.condition.source):
            said, known = _KNOWN.get(name, ("", (text,)))
            if text not in known:
                self.note(f"{said} `{text}`.", suggest(text, known, "one of"))

    def _calls(self, source: str) -> None:
        for _, name, argument in asked_of(source, ("has",)):
            said = f"`{name}({argument})` is always true: a field that is absent is empty text."
            self.note(said, f'Write: {argument.strip()} != "".')
        for owner, name, argument in asked_of(source, HISTORY_FUNCTIONS):
            step = argument.strip()
            if owner != "history":
                named = step[1:-1] if NAME.fullmatch(step[1:-1]) else "ack"
                asked = f"{owner}.{name}" if owner.isidentifier() else name
                self.note(f"`{asked}(...)` does not ask the history.", f'Write: history.{name}("{named}").')
            elif len(step) < 2 or step[0] not in "\"'" or step[-1] != step[0]:
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
        if (denied := negated(text)) is not None:
            before = len(self.problems)
            self.truth(denied, guards)
            return "" if len(self.problems) > before else "true or false"
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
        self._survives(text, guards)
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
            answer = self._answer(text, {} if sample is None else dict.fromkeys(self.texts, sample))
            if not isinstance(answer, Exception) or (index == 0 and not isinstance(answer, RuntimeError)):
                break
        return answer

    def _survives(self, text: str, guards: tuple[str, ...]) -> None:
        """int(lead.fields.size) must not meet a lead who typed words, unless another part rules that out."""
        read = _fields_of(Condition(text))
        typed = _texts(read)
        for junk in _JUNK if typed else ():
            if self._fails(text, dict.fromkeys(typed, junk), guards):
                own = ".".join(part for part in min(typed) if part)
                self.note(f"`{text}` has no answer for a lead whose {own} is {junk!r}.", _guard_advice(text, own, junk))
                return
        counted = [name for name in ("attempts", "day") if ("history", name, "") in read]
        for name, count in product(counted, _COUNTS):
            if (name, count) != ("day", 0) and self._fails(text, {("history", name, ""): count}, guards):
                said = f"`{text}` has no answer when history.{name} is {count}."
                self.note(said, f"Ask first, such as: history.{name} > 1 && history.{name} < 10 && {text}.")
                return

    def _fails(self, text: str, values: Values, guards: tuple[str, ...]) -> bool:
        """Whether these values of fields that it reads have no answer, and no guard that reads them rules them out."""
        fails = isinstance(self._answer(text, values), Exception)
        return fails and not any(self._rules_out(guard, values) for guard in guards)

    def _rules_out(self, guard: str, values: Values) -> bool:
        """Whatever its other fields say: `event.form != lead.region` does not rule out that both are empty."""
        if self._answer(guard, values) is not False:
            return False
        read = _fields_of(Condition(guard))
        others = _texts(read) - values.keys()
        fillings = [dict.fromkeys(others, junk) for junk in _JUNK] if others else []
        return bool(values.keys() & read) and all(
            self._answer(guard, {**filling, **values}) is False for filling in fillings
        )

    def _answer(self, text: str, values: Values) -> Any:
        """What it comes to for the example of each field, but for these `values`."""
        sample: dict[str, Any] = {variable: {**known, "fields": {}} for variable, known in FIELDS.items()}
        for variable, name in self.condition.custom:
            sample[variable]["fields"][name] = "1"
        for (variable, name, custom), value in values.items():
            (sample[variable]["fields"] if custom else sample[variable])[custom or name] = value
        return _run(text, sample)


def _fields_of(condition: Condition) -> frozenset[Field]:
    """Every field that it reads: (`lead`, `company`, ``), (`lead`, `fields`, `size`)."""
    own = {(variable, "fields", name) for variable, name in condition.custom}
    return frozenset(own | {(variable, name, "") for variable, name in condition.reads if name in FIELDS[variable]})


def _texts(fields: frozenset[Field]) -> frozenset[Field]:
    """Those that are texts: what a lead or a list says in them may be anything."""
    return frozenset(one for one in fields if one[2] or isinstance(FIELDS[one[0]][one[1]], str))


def _run(text: str, values: Mapping[str, Any]) -> Any:
    functions: dict[str, Callable[..., Any]] = {name: lambda *_: True for name in HISTORY_FUNCTIONS}
    try:
        return Condition(text).answer(values, functions)
    except UNANSWERED as error:
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


def _guard_advice(text: str, own: str, junk: str) -> str:
    """What to ask of the text in the field `own` before it is taken for something else."""
    if junk.isdigit():
        return f"Ask first for what it can take, such as: int({own}) > 0 && int({own}) < 10 && {text}."
    if "timestamp(" in text:
        return f'Compare the text of a day as it is: {own} >= "2026-01-01".'
    shape = "^[0-9]{1,4}[hms]$" if "duration(" in text else "^[0-9]{1,9}$"
    return f'Ask first: {own}.matches("{shape}") && {text}.'


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
