"""docs/playbooks.md is the language: its examples read, and nothing of the language is missing from it."""

import re
from pathlib import Path

import pytest

from warmline.core.condition import EVENT_FIELDS, HISTORY_FIELDS, HISTORY_FUNCTIONS, LEAD_FIELDS
from warmline.core.events import TRIGGERS
from warmline.core.message import VARIABLES, render
from warmline.core.parse import KEYS, parse
from warmline.core.playbook import CALL_OUTCOMES, CHANNELS, SEND_OUTCOMES, SIGNALS, TASK_OUTCOMES
from warmline.core.steps import KEYS as STEP_KEYS
from warmline.core.templates import parse_template
from warmline.core.timing import parse_at

DOCS = (Path(__file__).parents[2] / "docs" / "playbooks.md").read_text(encoding="utf-8")
FIRST = DOCS.split("```yaml\n", 1)[1].split("```", 1)[0]
WORDS = sorted(
    {
        *KEYS, *TRIGGERS, *SIGNALS, *SEND_OUTCOMES, *CALL_OUTCOMES, *TASK_OUTCOMES, *HISTORY_FUNCTIONS, *HISTORY_FIELDS,
        *EVENT_FIELDS, *LEAD_FIELDS, *(key for keys in STEP_KEYS.values() for key in keys),
        *VARIABLES["rep"], *VARIABLES["company"], *VARIABLES["touch"], *CHANNELS, "act within", "else",
    }
)  # fmt: skip


def test_the_first_example_reads_without_a_warning() -> None:
    parsed = parse(FIRST, "playbooks/pricing.yaml")
    assert parsed.problems == []
    assert parsed.playbook is not None


def test_every_time_of_the_table_reads() -> None:
    table = DOCS.split("### When: `at`", 1)[1].split("Within `{...}`", 1)[0]
    times = [
        cell.strip("'")
        for row in table.splitlines()
        if row.startswith("| `")
        for cell in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]
    assert len(times) > 8
    for text in times:
        parse_at(text)


def test_the_template_it_shows_is_a_text_by_text_and_a_mail_by_mail() -> None:
    source = DOCS.split("## Templates", 1)[1].split("```\n", 2)[1]
    template, problems = parse_template("ack", source, "templates/ack.txt")
    assert template is not None, problems
    by_text, by_mail = (render(template, {**VARIABLES, "touch": {"channel": one}}).text for one in ("sms", "email"))
    assert by_text == "Hi Ann, Sam at Acme Roofing here. Your price request is in. STOP to opt out."
    assert by_mail == "Hi Ann,\n\nThank you for asking us for a price.\n\nSam Rivera"


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_language_is_in_it(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", DOCS), word


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (("promise: 5 minutes", "promise: 5m"), "error: Promise: `m` is not a unit of time. Write: 5 minutes."),
        (("at: now, purpose", "at: tomorrow, purpose"), "error: At: `tomorrow` is not a time. Write: now, 45 minutes"),
        (
            ("after first-call.missed", "after frist-call.missed"),
            "no step `frist-call` to wait for. Did you mean first-call?",
        ),
        (
            ('event.form == "pricing"', "event.form == 1"),
            "`event.form == 1` compares text with a number: it is never equal.",
        ),
    ],
)
def test_the_problems_it_shows_are_the_real_ones(change: tuple[str, str], shown: str) -> None:
    (problem,) = parse(FIRST.replace(*change), "playbooks/pricing.yaml").problems
    assert shown in str(problem)
    assert shown.split(". Write")[0].split("error: ")[-1][:60] in DOCS
