"""docs/benchmarks.md and its pictures, made of recorded runs: no figure in them is ever typed by hand.

    python -m tests.benchmarks.write_docs FILE...     keep these runs in docs/benchmarks/ and write the documents anew
    python -m tests.benchmarks.write_docs             write them anew from the runs that are kept there

Where two runs hold the same part, the one begun later counts.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from .chapters import CHAPTERS, HEAD, pictures
from .report import against_bar, amount, spread

DOCS = Path(__file__).parents[2] / "docs"
KEPT = DOCS / "benchmarks"

Run = dict[str, Any]


def main(files: list[Path]) -> None:
    KEPT.mkdir(exist_ok=True)
    for file in files:
        if file.resolve().parent != KEPT.resolve():
            shutil.copyfile(file, KEPT / file.name)
    runs = recorded()
    (DOCS / "benchmarks.md").write_text(document(runs), encoding="utf-8")
    for name, picture in pictures(parts_of(runs)).items():
        (KEPT / f"{name}.svg").write_text(picture, encoding="utf-8")


def recorded() -> list[Run]:
    """The runs that are kept. A quick one proves nothing: ValueError."""
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(KEPT.glob("*.json"))]
    if any(run["quick"] for run in runs):
        raise ValueError("A run with --quick measures nothing. Take it out of docs/benchmarks/.")
    return runs


def parts_of(runs: list[Run]) -> dict[str, Any]:
    """Each part once, as it was measured last, with the machine it was measured on."""
    parts: dict[str, Any] = {}
    for run in runs:
        for name, part in run["parts"].items():
            if name not in parts or parts[name]["at"] < part["at"]:
                parts[name] = {**part, "machine": run["machine"]}
    return parts


def document(runs: list[Run]) -> str:
    parts = parts_of(runs)
    drawn = pictures(parts)
    told = [HEAD, "## Against the bars\n", _bars(parts), _missed(parts), "## Machine\n", _machine(parts)]
    for name, (title, text) in CHAPTERS.items():
        if name not in parts:
            continue
        told += [f"## {title}\n", text]
        told += [f"![{title}](benchmarks/{picture}.svg)\n" for picture in drawn if picture.split("-")[0] == name]
        told += [_table(parts[name]["rows"])]
        if name == "pages":
            told += [_slow(parts[name]["series"])]
    return "\n".join(told)


def _bars(parts: dict[str, Any]) -> str:
    lines = ["| What | Measured | Bar | |", "|---|---|---|---|"]
    for row in _with_bars(parts):
        met = "met" if row["bar"]["met"] else "**missed**"
        bar = f"{row['bar']['way']} {amount(row['bar']['value'], row['unit'])}"
        lines.append(f"| {_cell(row['what'])} | {amount(row['value'], row['unit'])} | {bar} | {met} |")
    return "\n".join(lines) + "\n"


def _missed(parts: dict[str, Any]) -> str:
    if not parts:
        return "No run is recorded yet.\n"
    missed = [row for row in _with_bars(parts) if not row["bar"]["met"]]
    named = "; ".join(f"{row['what']} ({amount(row['value'], row['unit'])})" for row in missed)
    told = f"Missed: {named}.\n" if missed else "Every bar of what is recorded is met.\n"
    absent = [name for name in CHAPTERS if name not in parts]
    return told + (f"\nNot recorded yet: {', '.join(absent)}.\n" if absent else "")


def _with_bars(parts: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the pages only the slowest: the chapter has them all."""
    rows = [row for name in CHAPTERS if name in parts for row in parts[name]["rows"] if row["bar"]]
    return [row for row in rows if not row["key"].startswith("pages.") or row["key"] == "pages.worst"]


def _machine(parts: dict[str, Any]) -> str:
    machines = {json.dumps(part["machine"], sort_keys=True): part["machine"] for part in parts.values()}
    lines = []
    for key, machine in machines.items():
        names = [name for name, part in parts.items() if json.dumps(part["machine"], sort_keys=True) == key]
        libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
        lines.append(
            f"{', '.join(names)}: {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
            f"{machine['system']}; Python {machine['python']}, PostgreSQL {machine['postgresql']} "
            f"(shared_buffers {machine['shared_buffers']}, durable settings as shipped); {libraries}.\n"
        )
    lines += [
        "| Part | Measured at (UTC) | Seconds | Cores that others took just before | Work of all cores at once, of one's |"
        " A phone number |",
        "|---|---|---|---|---|---|",
    ]
    for name in CHAPTERS:
        if name in parts:
            part = parts[name]
            busy = f"{part['busy_before']:.0%}" + (" (busy: trust ratios only)" if part["busy_before"] > 0.25 else "")
            worth = " to ".join(f"{one:.1f}x" for one in part.get("cores_worth", ())[::2])  # older runs did not look
            number = f"{part['number_us']:.0f} us" if "number_us" in part else ""
            cells = (name, part["at"][:16].replace("T", " "), f"{part['seconds']:,}", busy, worth, number)
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| What | Median | From, to | Bar | Beside it |", "|---|---|---|---|---|"]
    for row in rows:
        beside = "; ".join(f"{name} {value}" for name, value in row["beside"].items())
        cells = (row["what"], amount(row["value"], row["unit"]), spread(row), against_bar(row), beside)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines) + "\n"


def _slow(statements: list[dict[str, Any]]) -> str:
    """What PostgreSQL's log told of the same run."""
    if not statements:
        return "No statement took longer than 50 ms.\n"
    lines = ["Statements over 50 ms:\n", "| Times | Median | Slowest | Statement, its beginning |", "|---|---|---|---|"]
    for one in statements:
        p50, slowest = amount(one["p50_ms"], "ms"), amount(one["slowest_ms"], "ms")
        lines.append(f"| {one['times']} | {p50} | {slowest} | `{_cell(one['statement'][:140])}` |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main([Path(one) for one in sys.argv[1:]])
