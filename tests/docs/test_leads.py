"""docs/leads.md: its sources can be published, and what it posts is taken as it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.builders import starter_files
from warmline.core.lead import our_name
from warmline.core.settings import INTAKE_EVENTS, parse_settings
from warmline.intake.sources import Unread, parse
from warmline.intake.submission import Origin, Submission

PAGE = (Path(__file__).parents[2] / "docs" / "leads.md").read_text(encoding="utf-8")
POSTS = re.findall(r"^curl .*$", PAGE, re.MULTILINE)


def posted(line: str) -> list[Submission | Unread]:
    """What intake makes of a line with curl."""
    words = shlex.split(line)
    told = [words[index + 1] for index, word in enumerate(words) if word == "-d"]
    kind = "application/json" if "-H" in words else "application/x-www-form-urlencoded"
    config = parse_settings(starter_files()["warmline.toml"]).config
    assert config is not None
    source = config.sources[words[-1].rpartition("/in/")[2]]
    return parse(source, config, Origin(content_type=kind), "&".join(told).encode()).entries


def test_every_post_of_the_page_is_read_and_the_one_that_is_to_fail_says_why() -> None:
    read = [posted(line) for line in POSTS]
    assert [[type(one) for one in some] for some in read] == [[Submission], [Submission, Unread], [Submission]]
    assert getattr(read[2][0], "kind", "") == "meeting.booked"


def test_the_source_of_the_page_can_be_published() -> None:
    files = starter_files()
    table = PAGE.split("```toml\n", 1)[1].split("```", 1)[0]
    toml = re.sub(r"\n\[sources\.pricing\]\n(?:(?!\[).*\n)*", lambda _: f"\n{table}\n", files["warmline.toml"])
    assert parse_settings(toml).problems == ()


def test_every_event_that_may_come_in_is_on_the_page() -> None:
    chapter = PAGE.split("## What happened", 1)[1]
    assert [kind for kind in INTAKE_EVENTS if f"`{kind}`" not in chapter] == []


FIELDS = re.findall(r"^\| (`[^|]*)\|([^|]*)\|", PAGE.split("## Fields")[1].split("##")[0], re.MULTILINE)


@pytest.mark.parametrize("row", FIELDS)
def test_other_names_of_a_field_are_known(row: tuple[str, str]) -> None:
    ours, others = (re.findall(r"`(.+?)`", text) for text in row)
    assert {our_name(name) for name in [*ours, *others]} <= set(ours)
