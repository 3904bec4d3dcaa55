"""Which events could start a playbook: tried out on every combination of the values that its conditions mention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from .condition import EVENT_FIELDS, LEAD_FIELDS, UNANSWERED, Condition
from .events import TRIGGERS

_STRING = re.compile(r'"((?:\\.|[^"\\])*)"|\'((?:\\.|[^\'\\])*)\'')
_FIELDS: Mapping[str, Mapping[str, Any]] = {"event": EVENT_FIELDS, "lead": LEAD_FIELDS}
_ANYTHING_ELSE = "something else"
MOST = 20_000  # combinations tried; beyond that two playbooks are taken to overlap


def overlap(one: Condition, other: Condition) -> bool:
    """Whether one event could make both true. Never says no wrongly for ==, !=, in and true/false fields."""
    return satisfiable((one, other), {})


def satisfiable(conditions: Sequence[Condition], fixed: Mapping[tuple[str, str], Any]) -> bool:
    """Whether all `conditions` hold for some event and lead with these `fixed` fields, by (variable, name)."""
    choices = _choices(conditions, fixed)
    if prod(len(values) for values in choices.values()) > MOST:
        return True
    return any(all(_holds(condition, sample) for condition in conditions) for sample in _samples(choices))


def literals(source: str) -> list[str]:
    """Every text in quotes."""
    return [found[1] if found[1] is not None else found[2] for found in _STRING.finditer(source)]


def _choices(conditions: Sequence[Condition], fixed: Mapping[tuple[str, str], Any]) -> dict[tuple[str, ...], list[Any]]:
    texts = sorted({text for condition in conditions for text in literals(condition.source)})
    choices: dict[tuple[str, ...], list[Any]] = {}
    for condition in conditions:
        for variable, name in condition.reads:
            if name not in _FIELDS.get(variable, {}):
                continue
            known = _FIELDS[variable][name]
            values = [False, True] if isinstance(known, bool) else [*texts, "", _ANYTHING_ELSE]
            if (variable, name) == ("event", "kind"):
                values = list(TRIGGERS)
            choices[(variable, name)] = [fixed[(variable, name)]] if (variable, name) in fixed else values
        for variable, name in condition.custom:
            choices[(variable, "fields", name)] = [*texts, "", "1", "1000000"]
    return choices


def _samples(choices: Mapping[tuple[str, ...], list[Any]]) -> Iterator[dict[str, dict[str, Any]]]:
    for picked in product(*choices.values()):
        sample: dict[str, dict[str, Any]] = {variable: {**known, "fields": {}} for variable, known in _FIELDS.items()}
        for path, value in zip(choices, picked, strict=True):
            if len(path) == 3:
                sample[path[0]]["fields"][path[2]] = value
            else:
                sample[path[0]][path[1]] = value
        yield sample


def _holds(condition: Condition, sample: Mapping[str, Any]) -> bool:
    try:
        return condition.answer(sample) is True
    except UNANSWERED:
        return False  # a text that can't be converted is no match; check_condition asks for a guard where that matters
