"""How well opt_out_texts.yaml is read, by tier and language, and the tables of docs/opt-out.md that say so.

python -m tests.core.opt_out_measure     write the tables anew
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from ruamel.yaml import YAML

from warmline import rules
from warmline.core.replies import Kind, Tier, read

PAGE = Path(__file__).parents[2] / "docs" / "opt-out.md"
MARK = "<!-- tables: python -m tests.core.opt_out_measure -->"
END = "<!-- end of tables -->"
LANGUAGES = ("en", "es", "fr")
TIERS: tuple[Tier, ...] = ("certain", "phrase", "doubtful")
HELD_OUT = ("first", "second", "third", "fourth")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    text: str
    language: Literal["en", "es", "fr"]
    kind: Kind
    tier: Tier
    trap: bool
    part: Literal["rules", "first", "second", "third", "fourth"]
    first_read: Kind | None = None  # what the first reading said, where it erred


#: Says which kind a text is read as.
Reader = Callable[[Text], Kind]


@cache
def texts() -> tuple[Text, ...]:
    # Read in C, by YAML 1.1: what that takes for something else (no, 1:30) is no str, and `convert` says so.
    written = YAML(typ="safe").load(Path(__file__).with_name("opt_out_texts.yaml").read_text("utf-8"))
    return tuple(msgspec.convert(written["texts"], list[Text]))


def as_read(one: Text) -> Kind:
    return read(one.text, rules.opt_out_words()).kind


def as_first_read(one: Text) -> Kind:
    return one.first_read or one.kind


def missed(these: Iterable[Text], reader: Reader, tier: Tier) -> list[Text]:
    """Those of a tier that are not read as what they are. A certain one that is read as a phrase is an opt-out all the same."""
    return [one for one in these if one.tier == tier and reader(one) != one.kind]


def false_opt_outs(these: Iterable[Text], reader: Reader) -> list[Text]:
    return [one for one in these if one.kind != "opt_out" and reader(one) == "opt_out"]


def false_doubts(these: Iterable[Text], reader: Reader) -> list[Text]:
    return [one for one in these if one.kind == "reply" and reader(one) == "doubtful"]


def tables() -> str:
    known = texts()
    held_out = [one for one in known if one.part != "rules"]
    told = [
        f"### Now: all {len(known):,} texts, {sum(one.trap for one in known)} of them traps\n",
        table(known, as_read),
    ]
    told += [
        f"### All held-out parts, {len(held_out)} texts, each at its first reading\n",
        table(held_out, as_first_read),
    ]
    for part in HELD_OUT:
        own = [one for one in held_out if one.part == part]
        told += [f"### The {part}, {len(own)} texts\n", table(own, as_first_read)]
    return "\n".join(told)


def table(these: Iterable[Text], reader: Reader) -> str:
    """A row for each language and one for all; a cell says how many erred of how many."""
    these = list(these)
    lines = [
        "| | certain, missed | phrase, missed | doubtful, missed | no opt-out, read as one | plain reply, read as doubtful |",
        "|---|---|---|---|---|---|",
    ]
    for language in (*LANGUAGES, "all"):
        own = [one for one in these if language in (one.language, "all")]
        asked = {
            tier: [one for one in own if one.tier == tier and one.kind in ("opt_out", "doubtful")] for tier in TIERS
        }
        cells = [
            *(_of(missed(own, reader, tier), asked[tier], reader) for tier in TIERS),
            _of(false_opt_outs(own, reader), [one for one in own if one.kind != "opt_out"], reader),
            _of(false_doubts(own, reader), [one for one in own if one.kind == "reply"], reader),
        ]
        lines.append(f"| {language} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _of(wrong: list[Text], asked: list[Text], reader: Reader) -> str:
    """How many of how many, and how many of these an opt-out that a person is asked to read, at least."""
    doubts = sum(one.kind == "opt_out" and reader(one) == "doubtful" for one in wrong)
    return f"{len(wrong)} of {len(asked)}" + (f", {doubts} a doubt" if doubts else "")


def page() -> str:
    """docs/opt-out.md with its tables as they are now."""
    before, _, rest = PAGE.read_text("utf-8").partition(MARK)
    return f"{before}{MARK}\n\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
