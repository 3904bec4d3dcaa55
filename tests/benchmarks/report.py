"""What was measured, as values: a table for the terminal, JSON for the documents and for whoever wants to check them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to reach, in the figure's unit."""

    value: float
    way: Literal["at least", "at most"] = "at least"

    def met(self, figure: float) -> bool:
        return figure >= self.value if self.way == "at least" else figure <= self.value


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `key` names it for good: the documents find it by that. `beside` holds what was seen along with it."""

    key: str
    what: str
    value: float
    unit: str  # "/s", "ms", "us", "MB", "x" for ratios
    low: float | None = None
    high: float | None = None
    bar: Bar | None = None
    beside: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """What a part found: figures, and for a part that watches something over time one dict a step."""

    rows: list[Row]
    series: list[dict[str, Any]] = field(default_factory=list)


def of_rounds(
    key: str,
    what: str,
    unit: str,
    figures: Sequence[float],
    bar: Bar | None = None,
    beside: dict[str, str] | None = None,
) -> Row:
    """The median of some rounds, with the lowest and the highest."""
    return Row(key, what, median(figures), unit, min(figures), max(figures), bar, beside or {})


def as_json(row: Row) -> dict[str, Any]:
    given = asdict(row)
    if row.bar:
        given["bar"]["met"] = row.bar.met(row.value)
    return given


def amount(value: float, unit: str) -> str:
    """As it is read aloud: three figures count, and thousands have commas."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    space = "" if unit in ("/s", "x", "%") else " "
    return f"{value:,.{digits}f}{space}{unit}".replace("/s", " /s")


def spread(row: dict[str, Any]) -> str:
    if row["low"] is None or row["low"] == row["high"]:
        return ""
    return f"{amount(row['low'], row['unit'])} to {amount(row['high'], row['unit'])}"


def against_bar(row: dict[str, Any]) -> str:
    if not row["bar"]:
        return ""
    return f"{row['bar']['way']} {amount(row['bar']['value'], row['unit'])}: {'met' if row['bar']['met'] else 'MISSED'}"


def show(part: str, rows: Iterable[dict[str, Any]], title: str) -> None:
    """A table of a part, on the terminal."""
    table = Table(title=f"{part}: {title}", title_justify="left")
    for column in ("what", "median", "spread", "bar", "beside"):
        table.add_column(column)
    for row in rows:
        beside = ", ".join(f"{name} {value}" for name, value in row["beside"].items())
        table.add_row(row["what"], amount(row["value"], row["unit"]), spread(row), against_bar(row), beside)
    Console(width=180).print(table)
