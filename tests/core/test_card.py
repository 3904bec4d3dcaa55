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


def how_long(steps: str) -> str:
    return card(playbook(f"name: X\nowner: {{team: s}}\nsteps:\n{steps}"))[2]


def test_counts_the_attempts_of_a_call_with_their_pauses() -> None:
    call = "  a: {call: owner, at: now, attempts: 3, every: 2 days}\n"
    assert how_long(call) == "For how long: 5 days, then the owner decides."
    assert how_long(call + "  b: {send: sms, template: b, at: day 2 after a.unanswered}\n").startswith(
        "For how long: 6 days"
    )
    assert how_long(call + "  b: {send: sms, template: b, at: day 7 after a.missed}\n").startswith(
        "For how long: 7 days"
    )


def test_hours_that_follow_each_other_make_days() -> None:
    steps = "  a: {send: sms, template: a, at: 20 hours}\n  b: {send: email, template: b, at: 20 hours after a}\n"
    assert how_long(steps).startswith("For how long: 2 days")


def test_who_comes_first_is_told_first_wherever_it_stands_in_the_file() -> None:
    def who(steps: str) -> str:
        return card(playbook(f"name: X\nowner: {{team: s}}\nsteps:\n{steps}"))[0]

    call, mail = "  a: {call: owner, at: day 10}\n", "  b: {send: email, template: b, at: day 2}\n"
    assert who(call + mail) == "Responds first: an email (day 2), then the owner calls (day 10)."
    task = "  c: {task: manager, title: T, at: now}\n"
    assert who(call + task) == "Responds first: the manager has a task."
    assert who(task + mail) == "Responds first: the manager has a task."
