from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warmline.core.condition import Condition
from warmline.core.parse import parse
from warmline.core.playbook import SIGNALS, After, Again, Anchor, Call, Choice, Chore, Days, Delay, Send

PRICING = """\
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90, again: after 30 days}
promise: 5 minutes
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  ack:        {send: sms, or: email, template: ack, at: now, purpose: acknowledge}
  first-call: {call: owner, at: now, script: discovery, attempts: 2, expires: 2 hours, hours: office}
  context:    {send: email, template: context, at: 45 minutes after first-call.missed}
  nudge:      {send: sms, template: nudge, at: 'day 2, 10:00'}
  voicemail:  {send: voicemail, template: personal-note, at: 'day 3..4, 11:00..16:00', if: '!history.engaged'}
  reconnect:  {call: owner, at: day 5..6, script: other-angle}
  insight:    {send: email, at: week 2, template: {if: 'history.clicked("context")', use: case-fit, else: objection}}
after: {enroll: slow-nurture}
"""
SMALL = "name: Small\nowner: {team: sales}\nsteps:\n  ack: {send: sms, template: ack, at: now}\n"


def problems(source: str) -> list[str]:
    return [str(problem).removeprefix("playbooks/x.yaml:") for problem in parse(source, "playbooks/x.yaml").problems]


def with_step(step: str) -> str:
    return SMALL + f"  it: {step}\n"


def test_reads_the_whole_pricing_playbook() -> None:
    parsed = parse(PRICING, "playbooks/pricing.yaml")
    assert parsed.problems == []
    playbook = parsed.playbook
    assert playbook is not None
    assert (playbook.key, playbook.name, playbook.promise) == ("pricing", "Pricing request", timedelta(minutes=5))
    assert playbook.enroll.when == Condition('event.kind == "form.submitted" && event.form == "pricing"')
    assert (playbook.enroll.rank, playbook.enroll.again) == (90, Again(after=timedelta(days=30)))
    assert (playbook.owner.team, playbook.owner.person) == ("sales", "")
    assert playbook.hand_off.on == ("reply", "click", "callback", "meeting")
    assert (playbook.hand_off.within, playbook.hand_off.otherwise) == (timedelta(minutes=10), "escalate")
    assert playbook.after == After(enroll="slow-nurture")
    assert playbook.source == PRICING
    ack, first_call, context, _nudge, voicemail, _reconnect, insight = playbook.steps
    assert ack == Send("ack", ("sms", "email"), "ack", Delay(timedelta(0)), None, "acknowledge", line=7)
    assert isinstance(first_call, Call)
    assert (first_call.attempts, first_call.expires, first_call.script) == (2, timedelta(hours=2), "discovery")
    assert context.at == Delay(timedelta(minutes=45), Anchor("first-call", "missed"))
    assert isinstance(voicemail.at, Days)
    assert voicemail.condition == Condition("!history.engaged")
    assert isinstance(insight, Send)
    assert insight.template == Choice(Condition('history.clicked("context")'), "case-fit", "objection")
    assert playbook.templates() >= {"ack", "discovery", "case-fit", "objection"}


def test_fills_in_what_was_left_out() -> None:
    playbook = parse(SMALL, "playbooks/small.yaml").playbook
    assert playbook is not None
    assert playbook.enroll.when is None
    assert playbook.enroll.rank == 50
    assert playbook.hand_off.on == SIGNALS
    assert playbook.after == After()
    assert playbook.promise is None


@pytest.mark.parametrize(
    ("target", "outcome"),
    [
        ("{send: sms, template: a, at: now}", "sent"),
        ("{call: owner, at: now}", "missed"),
        ("{task: owner, title: T, at: now}", "done"),
    ],
)
def test_after_a_step_alone_means_its_natural_outcome(target: str, outcome: str) -> None:
    source = with_step("{send: sms, template: b, at: 1 hour after other}") + f"  other: {target}\n"
    playbook = parse(source, "playbooks/x.yaml").playbook
    assert playbook is not None
    step = playbook.step("it")
    assert step is not None
    assert step.at.anchor == Anchor("other", outcome)


def test_reads_a_task_for_a_person() -> None:
    playbook = parse(
        with_step("{task: manager, title: Send the list, at: day 2, expires: 1 day}"), "playbooks/x.yaml"
    ).playbook
    assert playbook is not None
    assert playbook.steps[1] == Chore("it", "manager", "Send the list", Days(2, 2), expires=timedelta(days=1), line=5)


@pytest.mark.parametrize(
    ("after", "meant"),
    [
        ("close", After(close=True)),
        ("{enroll: small, in: 7 days}", After(enroll="small", delay=timedelta(days=7))),
    ],
)
def test_reads_what_comes_after(after: str, meant: After) -> None:
    playbook = parse(SMALL + f"after: {after}\n", "playbooks/x.yaml").playbook
    assert playbook is not None
    assert playbook.after == meant


def test_names_every_problem_at_once_each_with_its_own_line_and_column() -> None:
    found = problems(
        """\
name: 3
enrol: {rank: 1}
enroll: {when: 'event.frm == "x"', rank: high, again: sometimes}
promise: 5m
owner: {team: sales, person: sam}
hand-off: {on: [reply, klick], act within: 0 minutes, else: cry}
steps:
  ack: {send: sms, or: [sms, fax], template: ack, at: tomorrow, purpose: acknowledge}
  ack: {send: sms}
  late: {send: sms, template: late, at: day 2, purpose: acknowledge}
  c: {call: owner, at: 1 hour after ack.missed, attempts: 0, tiltle: x}
  Bad Name: {call: owner}
  e: {sned: email}
  f: 3
after: {in: 7 days}
"""
    )
    assert [line.split(": ")[0] for line in found] == [
        "1:7", "2:1", "3:16", "3:42", "3:55", "4:10", "5:8", "6:24", "6:44", "6:61", "8:25", "8:30", "8:55", "9:3",
        "10:41", "11:24", "11:59", "11:62", "12:3", "13:3", "14:6", "15:8",
    ]  # fmt: skip
    assert "`enrol` is not a key of a playbook. Did you mean enroll?" in found[1]
    assert "Did you mean form?" in found[2]
    assert "Write: 5 minutes." in found[5]
    assert "never comes out as `missed`. Write one of: sent, delivered" in found[15]


def test_a_problem_prints_as_file_line_column() -> None:
    (problem,) = parse(SMALL.replace("at: now", "at: nwo"), "playbooks/x.yaml").problems
    assert str(problem) == "playbooks/x.yaml:4:39: error: At: `nwo` is not a time. Write: now."


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{send: sms, at: now}", "it names no template. Add: template: it."),
        ("{send: call, template: a, at: now}", "A call is made by a person"),
        ("{send: sms, or: sms, template: a, at: now}", "`or` names sms again"),
        ("{send: sms, template: a}", "does not say when"),
        ("{send: sms, template: A b, at: now}", "can't be the name of a template"),
        ("{send: sms, template: {if: 'true', use: a}, at: now}", "has no `else`"),
        ("{send: sms, template: a, at: 1 day after it}", "waits for itself"),
        ("{send: sms, template: a, at: 1 day after akc}", "no step `akc` to wait for. Did you mean ack?"),
        ("{send: sms, template: a, at: day 2, 10:00}", "Put the whole time in quotes: at: 'day 2, 10:00'."),
        ("{send: sms, template: a, at: 20 minutes, purpose: acknowledge}", "within 15 minutes"),
        ("{send: sms, template: a, at: after ack, purpose: acknowledge}", "within 15 minutes"),
        (
            "{send: voicemail, template: a, at: now, purpose: acknowledge}",
            "No place lets a voicemail out as an acknowledgement",
        ),
        (
            "{send: sms, or: voicemail, template: a, at: now, purpose: acknowledge}",
            "Leave voicemail out, or `purpose`.",
        ),
        ("{send: email, template: a, at: after ack.opened}", "Only a mail is ever `opened`, and `ack` sends none."),
        (
            "{send: email, template: a, at: now, if: '!history.opened(\"ack\")'}",
            "that step does not come out as opened",
        ),
        ("{send: sms, template: a, at: now, if: history.day}", "must answer true or false"),
        ("{send: sms, template: a, at: now, if: 'history.sent(\"akc\")'}", "Did you mean ack?"),
        ("{call: owner, at: now, expires: 0 hours}", "can't be zero"),
        ("{call: sam, at: now}", "Write one of: owner, team, manager."),
        ("{call: owner, at: now, every: 1 hour}", "`every` does nothing with one attempt"),
        ("{task: owner, at: now}", "has no title"),
        ("{}", "needs send, call or task"),
    ],
)
def test_says_what_is_wrong_with_a_step(step: str, message: str) -> None:
    found = problems(with_step(step))
    assert any(line.startswith("5:") and message in line for line in found), found


@pytest.mark.parametrize(
    ("channels", "outcome", "comes"),
    [
        ("voicemail", "clicked", False),
        ("voicemail, or: sms", "clicked", True),
        ("sms", "clicked", True),
        ("sms, or: email", "opened", True),
        ("sms, or: [voicemail, email]", "opened", True),
        ("voicemail", "delivered", True),
    ],
)
def test_only_what_holds_a_link_is_clicked_and_only_a_mail_is_opened(channels: str, outcome: str, comes: bool) -> None:
    source = (
        with_step(f"{{send: {channels}, template: a, at: now}}") + f"  next: {{call: owner, at: after it.{outcome}}}\n"
    )
    found = problems(source)
    assert comes == (not found)
    assert comes or "6:27: error: Only a text or a mail is ever `clicked`, and `it` sends none." in found[0]


def test_steps_that_wait_for_each_other_are_found() -> None:
    source = (
        with_step("{send: sms, template: a, at: 1 day after b.sent}")
        + "  b: {send: sms, template: b, at: 1 day after c.sent}\n"
        + "  c: {send: sms, template: c, at: 1 day after it.sent}\n"
    )
    (found,) = problems(source)
    assert "`it` waits for `b` waits for `c` waits for `it`" in found


def test_a_promise_that_nobody_can_keep_is_a_warning_and_the_playbook_still_reads() -> None:
    parsed = parse(SMALL + "promise: 5 minutes\n", "playbooks/x.yaml")
    assert [problem.severity for problem in parsed.problems] == ["warning"]
    assert parsed.playbook is not None


def test_a_key_written_twice_is_named_with_the_line_of_the_first() -> None:
    (found,) = problems(SMALL + "name: Again\n")
    assert found == "5:1: error: `name` is written twice in a playbook, first on line 1. Keep one of the two."


def test_history_can_not_be_asked_before_the_lead_has_entered() -> None:
    (found,) = problems(SMALL + "enroll: {when: history.engaged}\n")
    assert "empty before the lead has entered" in found


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("", "1:1", "The playbook is empty"),
        ("# only words\n", "1:1", "The playbook is empty"),
        ("name: a: b\n", "1:8", "Put quotes around a value that contains a colon"),
        ("name: [a\n", "2:1", "Close the quote or bracket"),
        ("name: x\n\towner: y\n", "2:1", "This is not YAML"),
        ("a: *x\n", "1:4", "begins with * or &"),
        ("---\nname: x\n---\nname: y\n", "3:1", "one playbook per file"),
        ("name: \x00\n", "1:1", "The file can't be read"),
        ("- a\n", "1:1", "must be a list of `key: value`, not a list"),
        ("[" * 3000, "1:1", "nested too deeply"),
        ("- " * 3000, "1:1", "nested too deeply"),
    ],
)
def test_what_is_not_yaml_is_said_with_its_place(source: str, place: str, message: str) -> None:
    found = problems(source)
    assert any(line.startswith(f"{place}: error: ") and message in line for line in found), found
    assert parse(source, "playbooks/x.yaml").playbook is None


def test_a_file_name_that_can_not_be_a_key_is_refused() -> None:
    assert "can't be a playbook's key" in parse(SMALL, "playbooks/My Book.yaml").problems[0].message


@given(st.text(max_size=200))
def test_any_text_parses_or_is_explained(source: str) -> None:
    parsed = parse(source, "playbooks/x.yaml")
    assert (parsed.playbook is None) == any(problem.severity == "error" for problem in parsed.problems)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_playbook_parses_or_is_explained(data: st.DataObject) -> None:
    source = PRICING
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(source)))
        end = begin + data.draw(st.integers(0, 12))
        junk = st.sampled_from(
            ["", "\n", ": ", "{", "}", "[", "]", "'", '"', "- ", "&a ", "*a ", "!!binary ", "null", "? "]
        )
        source = source[:begin] + data.draw(junk | st.text(max_size=5)) + source[end:]
    parsed = parse(source, "playbooks/x.yaml")
    assert (parsed.playbook is None) == any(problem.severity == "error" for problem in parsed.problems)
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in parsed.problems)
