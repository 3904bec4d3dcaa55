"""A table of what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """`against` is the ratio to the thing measured beside it, or the bar."""

    what: str
    figure: str
    against: str = ""
    spread: str = ""


def show(rows: Sequence[Row]) -> None:
    load = os.getloadavg()[0]
    table = Table(
        title=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} at the end"
    )
    for column in ("what", "median", "against", "spread"):
        table.add_column(column)
    for row in rows:
        table.add_row(row.what, row.figure, row.against, row.spread)
    Console(width=160).print(table)
