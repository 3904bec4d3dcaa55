"""A CEL expression of a playbook, compiled once. Type-checked when published, so that no lead runs into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import cel

#: What an expression may read. Values are witnesses of the type; `fields.*` are always strings ("" when absent).
EVENT_FIELDS: Mapping[str, Any] = {
    "kind": "form.submitted",
    "form": "pricing",
    "source": "website",
    "keyword": "QUOTE",
    "page": "https://example.com/",
    "campaign": "spring",
    "after_hours": False,
}
LEAD_FIELDS: Mapping[str, Any] = {
    "first_name": "Ann",
    "last_name": "Lee",
    "company": "Example",
    "email": "ann@example.com",
    "phone": "+15558675310",
    "country": "US",
    "region": "US-NY",
    "source": "website",
    "status": "open",
    "returning": False,
}
HISTORY_FIELDS: Mapping[str, Any] = {
    "engaged": False,  # opened, clicked or replied at least once in this enrollment
    "replied": False,
    "attempts": 3,
    "day": 2,  # day of the enrollment in the lead's calendar, from 1
}
#: What `lead.status` may be.
STATUSES = ("open", "handed_off", "won", "lost", "closed", "opted_out")
#: history.clicked("step") and friends: did this outcome of this step happen?
HISTORY_FUNCTIONS = ("sent", "delivered", "opened", "clicked", "failed", "refused", "connected", "missed", "done")

#: What CEL raises where an expression has no answer: a wrong type, a text that is no number, nothing at that place of a list.
UNANSWERED = (LookupError, TypeError, ValueError, RuntimeError, ArithmeticError)

_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|//[^\n]*')
_PATH = re.compile(r"\b(event|lead|history)\.([A-Za-z_]\w*)(\s*\()?(?:\.([A-Za-z_]\w*))?")


class Condition:
    """`holds(variables)` answers it. Equal sources are equal conditions. Immutable."""

    __slots__ = ("_absent", "_program", "custom", "reads", "source")

    def __init__(self, source: str) -> None:
        """Raises ValueError with the parser's own words when `source` is not CEL."""
        self.source = source
        self._program = cel.compile(source)
        bare = _STRING_OR_COMMENT.sub('""', source)
        paths = [(m.group(1), m.group(2), bool(m.group(3)), m.group(4)) for m in _PATH.finditer(bare)]
        #: (variable, field) pairs that the expression reads.
        self.reads = frozenset((variable, name) for variable, name, _, _ in paths)
        #: Names of the custom fields (`lead.fields.x`, `event.fields.x`): absent ones read as "".
        self.custom = frozenset((variable, sub) for variable, name, _, sub in paths if name == "fields" and sub)
        #: What a field is when the lead has not got it: false for a yes or no, else empty. A gap is no error.
        self._absent = {
            variable: {
                name: False if isinstance(known[name], bool) else ""
                for owner, name in self.reads
                if owner == variable and name in known
            }
            for variable, known in (("event", EVENT_FIELDS), ("lead", LEAD_FIELDS))
        }

    def holds(self, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None) -> bool:
        """Evaluate. Raises ConditionError when a custom field's text is not what the expression needs."""
        try:
            answer = self.answer(self._filled(variables), functions)
        except UNANSWERED as error:
            raise ConditionError(f"The condition `{self.source}` could not be answered: {error}") from error
        if not isinstance(answer, bool):
            raise ConditionError(f"The condition `{self.source}` answered {answer!r}; it must answer true or false.")
        return answer

    def answer(self, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None) -> Any:
        """Whatever the expression comes to, of any type. Raises what CEL raises."""
        return self._program.execute(cel.Context(dict(variables), dict(functions or {})))

    def _filled(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        gaps = {
            variable: {name: blank for name, blank in absent.items() if variables.get(variable, {}).get(name) is None}
            for variable, absent in self._absent.items()
        }
        filled = {variable: {**variables.get(variable, {}), **blanks} for variable, blanks in gaps.items() if blanks}
        return {**variables, **filled} if filled else variables

    def functions(self) -> list[str]:
        return [name for name in self._program.functions() if name.isidentifier() and not name.startswith("_")]

    def variables(self) -> list[str]:
        return list(self._program.variables())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Condition({self.source!r})"


class ConditionError(Exception):
    """A published condition met a lead that it cannot answer for; the enrollment is parked with this text."""
