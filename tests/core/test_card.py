from pathlib import Path

import warmline
from warmline.core.card import card
from warmline.core.parse import parse
from warmline.core.playbook import Playbook

PRICING = (Path(warmline.__file__).parent / "starter" / "playbooks" / "pricing.yaml").read_text(encoding="utf-8")


def playbook(source: str) -> Playbook:
    found = parse(source, "playbooks/x.yaml").playbook
    assert found is not None
    return found


def test_answers_who_first_on_which_channels_and_for_how_long() -> None:
    assert card(playbook(PRICING)) == (
        "Responds first: a text or an email at once, then the owner calls, promised within 5 minutes.",
        "Channels: at most 2 texts, 3 calls, 2 emails and 1 voicemail.",
        "For how long: 14 days, then the playbook slow-nurture.",
    )


def test_says_so_when_nobody_calls_and_the_lead_is_closed() -> None:
    source = "name: X\nowner: {team: s}\nsteps: {a: {send: email, template: a, at: week 2}}\nafter: close\n"
    assert card(playbook(source)) == (
        "Responds first: an email (week 2), and nobody calls.",
        "Channels: 1 email.",
        "For how long: 14 days, then the lead is closed.",
    )


def test_counts_on_from_the_step_that_another_waits_for() -> None:
    source = (
        "name: X\nowner: {team: s}\nsteps:\n"
        "  a: {call: owner, at: day 3}\n"
        "  b: {task: owner, title: T, at: 'day 2 after a.missed, 10:00'}\n"
        "  c: {send: sms, template: c, at: 2 days after b}\n"
    )
    assert card(playbook(source))[2] == "For how long: 6 days, then the owner decides."
