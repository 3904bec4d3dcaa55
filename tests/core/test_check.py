from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warmline.core.check import check_workspace
from warmline.core.condition import Condition
from warmline.core.expression import Place, check_condition
from warmline.core.parse import parse
from warmline.core.playbook import CALL_OUTCOMES, SEND_OUTCOMES, Playbook, Template
from warmline.core.settings import Config, parse_settings
from warmline.core.templates import parse_template
from warmline.core.values import event_values

WHERE = Place("playbooks/x.yaml", 3, 7)
STEPS = {"ack": SEND_OUTCOMES, "context": SEND_OUTCOMES, "first-call": CALL_OUTCOMES}
SETTINGS = """\
[workspace]
name = "Acme Roofing"
time_zone = "America/New_York"
[channels.sms]
provider = "sandbox"
[channels.email]
provider = "sandbox"
[channels.voicemail]
provider = "sandbox"
[people.sam]
name = "Sam Rivera"
email = "sam@acme.test"
phone = "+15550104477"
[teams.sales]
people = ["sam"]
[links]
prices = "https://acme.test/prices"
[sources.pricing]
"""
ENROLL = "enroll: {when: 'event.form == \"pricing\"', rank: 50}\n"


def said(source: str, steps: Mapping[str, tuple[str, ...]] | None = STEPS) -> str:
    return "\n".join(str(problem) for problem in check_condition(source, WHERE, steps))


def config(more: str = "") -> Config:
    found = parse_settings(SETTINGS + more).config
    assert found is not None
    return found


def playbook(steps: str, more: str = ENROLL, key: str = "x") -> Playbook:
    parsed = parse(f"name: X\nowner: {{team: sales}}\n{more}steps:\n{steps}\n", f"playbooks/{key}.yaml")
    assert parsed.playbook is not None, [str(problem) for problem in parsed.problems]
    return parsed.playbook


def text(name: str, body: str = "Reply STOP to opt out.", angle: str = "", subject: str = "") -> Template:
    return Template(name, "text", body, subject, angle or name, line=4)


def found(playbooks: list[Playbook], templates: list[Template], more: str = "") -> list[str]:
    return [str(p) for p in check_workspace(playbooks, {t.name: t for t in templates}, config(more))]


# Conditions


@pytest.mark.parametrize(
    "source",
    [
        'event.kind == "form.submitted" && event.form == "pricing"',
        "!history.engaged",
        "history.day >= 3 && history.attempts < 5",
        'history.clicked("context") || history.opened("ack")',
        'event.form in ["a", "b"]',
        'event.form.startsWith("a") ? lead.returning : event.after_hours',
        'lead.fields.size.matches("^[0-9]+$") && int(lead.fields.size) > 3',
        '!lead.fields.size.matches("^[0-9]+$") || int(lead.fields.size) > 3',
        '["a", "b"].exists(x, x == event.form)',
        'lead.fields.size.matches("^[0-9]{1,9}$") && int(lead.fields.size) > 3',
        'event.keyword.matches("^[0-9]{1,9}$") && int(event.keyword) > 3',
        "history.attempts > 0 && 10 / history.attempts > 2",
        'history.day < 3 && ["a", "b", "c"][history.day] == "c"',
        "!history.engaged == true",
        'event.form == "a" // not lead.nme && int(event.form) > 1',
        'event.form == "a // b" && true // && "',
        "true // don't\n&& lead.fields.size == 'x'",
        "!!history.engaged && !(history.day > 3) && !history.clicked('ack')",
        'event.kind != "form.submitted" && event.kind in ["call.missed", "lead.returned"]',
        'lead.status in ["open", "lost"]',
        "\"a && b\" == 'c || d'",
        "size(event.form) > 3",
    ],
)
def test_a_condition_that_every_lead_can_answer_passes(source: str) -> None:
    assert said(source) == ""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("event.form == 1", "compares text with a number: it is never equal. Put the number in quotes"),
        ("true || event.form", "`event.form` is text, and a condition must answer true or false"),
        ("false && history.day", "`history.day` is a number"),
        ("event.after_hours ? true : event.form", "is text or true or false"),
        ("true ? true : event.nope", "`event.nope` is not known"),
        ("event.frm == 'a'", "Did you mean form? Your own fields are under event.fields: event.fields.frm"),
        ("evnt.form == 'a'", "Did you mean event?"),
        ("history.clicked('contxt')", "there is no step contxt. Did you mean context?"),
        ("history.clicked('first-call')", "is never true"),
        ("history.clicked", "asks about no step"),
        ("history.clicked(event.form)", "names no step"),
        ("lead.clicked('ack')", 'Write: history.clicked("ack").'),
        ("history.klicked('ack')", "`klicked` is not a function. Did you mean clicked?"),
        ("event.form.startswith('a')", "Did you mean startsWith?"),
        ("event['form'] == 'a'", "hides which field is read"),
        ("event.form = 'a'", "Write == to compare."),
        ("event.form == 'a' and true", "Write && for `and`."),
        ("lead.fields.size > 3", "can't be answered"),
        (
            "int(lead.fields.size) > 3",
            'Ask first: lead.fields.size.matches("^[0-9]{1,9}$") && int(lead.fields.size) > 3.',
        ),
        ("int(event.keyword) > 3", "has no answer for a lead whose event.keyword is ''"),
        ("int(lead.region) > 3", 'Ask first: lead.region.matches("^[0-9]{1,9}$")'),
        ("event.form == 'a' && int(lead.region) > 3", "has no answer for a lead whose lead.region is ''"),
        ("10 / size(lead.company) > 2", "has no answer for a lead whose lead.company is ''"),
        ('duration(lead.fields.wait) > duration("5m")', 'Ask first: lead.fields.wait.matches("^[0-9]{1,4}[hms]$")'),
        (
            'lead.fields.size.matches("^[0-9]{1,9}$") && 10 / int(lead.fields.size) > 2',
            "has no answer for a lead whose lead.fields.size is '0'. Ask first for what it can take",
        ),
        ('int(event.form) > 1 && true // && "', "has no answer for a lead whose event.form is ''"),
        ('int(event.form) > 1 && r"a\\" == "b" && " \\" " == "b"', "has no answer for a lead whose event.form is ''"),
        ("event.form != lead.region || int(lead.region) > 3", "has no answer for a lead whose lead.region is ''"),
        ("10 / history.attempts > 2", "has no answer when history.attempts is 0"),
        ("10 / (history.day - 1) > 2", "has no answer when history.day is 1"),
        ('["a", "b", "c"][history.day] == "c"', "has no answer when history.day is"),
        ('["a"][2] == "a"', "can't be answered: index out of bounds"),
        ('!event.form == "pricing"', "`event.form` is text, and a condition must answer true or false"),
        ("!history.day < 3", "`!history.day < 3` can't be answered"),
        ("clicked('ack')", '`clicked(...)` does not ask the history. Write: history.clicked("ack").'),
        ("event.form.clicked('ack')", 'Write: history.clicked("ack").'),
        ("has(lead.fields.size)", 'Write: lead.fields.size != "".'),
        ("min(history.day, 3) == 3", "`min` is not a function"),
        ("event.kind != 'form.submited'", "No event is of the kind `form.submited`. Did you mean form.submitted?"),
        ("event.kind in ['call.missed', 'form.submited']", "No event is of the kind `form.submited`"),
        ("lead.status == 'opne'", "No lead has the status `opne`. Did you mean open?"),
        ("event.form == 'a' && int(lead.fields.size) > 3", "has no answer for a lead whose lead.fields.size is ''"),
        ("event.form in ['a', 1]", "looks for text among a number"),
        ("event.after_hours == 'true'", "Write it without a comparison: event.after_hours"),
        ("event.form == null", 'compare with ""'),
        ("size(true ? event.form : 3) > 2", "is a number or text"),
        ("event.kind == 'form.submited'", "No event is of the kind `form.submited`. Did you mean form.submitted?"),
        ("1 / 0 == 1", "division by zero"),
        ("", "can't be read"),
    ],
)
def test_a_condition_that_some_lead_would_run_into_is_explained(source: str, words: str) -> None:
    assert words in said(source)
    assert said(source).startswith("playbooks/x.yaml:3:7: error: ")


@pytest.mark.parametrize("source", ["!" * 990 + "true", "(" * 450 + "1" + ")" * 450, "true && " * 500 + "true"])
def test_a_hostile_condition_is_refused(source: str) -> None:
    assert said(source)


def test_every_wrong_part_is_named_not_only_the_first() -> None:
    lines = said("event.form == 1 || history.day == 'x' || !lead.email").splitlines()
    assert len(lines) == 3


def test_a_form_that_no_source_brings_in_is_named_also_in_a_list() -> None:
    book = playbook(
        "  a: {send: sms, template: a, at: now}", 'enroll: {when: \'event.form in ["pricing", "pricng"]\'}\n'
    )
    (line,) = found([book], [text("a")])
    assert "x.yaml:3:16: warning: No source brings in the form `pricng`. Did you mean pricing?" in line


TEXTS = ("event.form", "event.keyword", "lead.region", "lead.fields.size", "lead.fields.when", '"a"', '"7"')
NUMBERS = ("history.attempts", "history.day", "3", "0")
TRUTHS = ("history.engaged", "event.after_hours", 'history.clicked("ack")', "lead.returning")
numbers = st.recursive(
    st.sampled_from(NUMBERS)
    | st.sampled_from(TEXTS).flatmap(lambda text: st.sampled_from((f"int({text})", f"size({text})"))),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/%"), inner),
    max_leaves=3,
)
comparisons = st.one_of(
    st.builds("{} {} {}".format, numbers, st.sampled_from(("==", "!=", "<", ">=")), numbers),
    st.builds("{} {} {}".format, st.sampled_from(TEXTS), st.sampled_from(("==", "!=", "<")), st.sampled_from(TEXTS)),
    st.builds('{}.matches("^[0-9]{{1,3}}$")'.format, st.sampled_from(TEXTS)),
    st.builds('["a", "b", "c"][{}] == {}'.format, numbers, st.sampled_from(TEXTS)),
    st.sampled_from(TRUTHS),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds("!{}".format, inner),
        st.builds("({})".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(("&&", "||", "==")), inner),
        st.builds("{} ? {} : {}".format, inner, inner, inner),
    ),
    max_leaves=5,
)
said_by_leads = st.sampled_from(("", "a", "7", "x7", "0", "12"))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(conditions, said_by_leads, said_by_leads, st.integers(0, 40), st.integers(1, 400), st.booleans())
def test_whatever_passes_has_an_answer_for_every_lead(
    source: str, one: str, other: str, attempts: int, day: int, yes: bool
) -> None:
    if said(source):
        return
    event = event_values("form.submitted", form=one, keyword=other, after_hours=yes)
    lead = {"region": other, "returning": yes, "fields": {"size": one, "when": other}}
    history = {"engaged": yes, "replied": yes, "attempts": attempts, "day": day}
    values = {"event": event, "lead": lead, "history": history}
    assert Condition(source).holds(values, {"clicked": lambda _, step: yes}) in (True, False)


def test_enrolling_may_not_ask_about_history() -> None:
    assert "empty before the lead has entered" in said("history.engaged", steps=None)


# A workspace


def test_a_small_sound_workspace_has_no_problems() -> None:
    assert found([playbook("  a: {send: sms, template: a, at: now}")], [text("a")]) == []


def test_a_missing_template_is_named_with_its_place_and_a_near_one() -> None:
    (line,) = found([playbook("  a: {send: sms, template: akc, at: now}")], [text("ack")])
    assert line.startswith("playbooks/x.yaml:5:28: error: There is no template `akc`.")
    assert "Did you mean ack?" in line


def test_an_email_needs_a_subject_also_as_the_second_channel() -> None:
    steps = "  a: {send: sms, or: email, template: a, at: now}"
    assert "has no subject" in found([playbook(steps)], [text("a")])[0]
    assert found([playbook(steps)], [text("a", subject="Hello")]) == []


def test_scripts_and_messages_are_not_mixed_up() -> None:
    steps = "  a: {call: owner, at: now, script: a}\n  b: {send: sms, template: b, at: now}"
    lines = found([playbook(steps)], [text("a"), replace(text("b"), kind="script")])
    assert "`a` is a message, not a script" in lines[0]
    assert "`b` is a script for a call and can't be sent" in lines[1]


def test_a_channel_that_is_not_configured_is_an_error() -> None:
    settings = parse_settings(SETTINGS.replace('[channels.voicemail]\nprovider = "sandbox"\n', "")).config
    assert settings is not None
    book = playbook("  a: {send: voicemail, template: a, at: now}")
    (problem,) = check_workspace(
        [book], {"a": text("a", "{{ company.name }} here, call {{ rep.phone | phone }}.")}, settings
    )
    assert "The channel voicemail is not configured. Add to warmline.toml: [channels.voicemail]" in str(problem)


@pytest.mark.parametrize("owner", ["team: slaes", "person: samm"])
def test_an_owner_nobody_knows_is_an_error(owner: str) -> None:
    source = f"name: X\nowner: {{{owner}}}\n{ENROLL}steps:\n  a: {{send: sms, template: a, at: now}}\n"
    book = parse(source, "playbooks/x.yaml").playbook
    assert book is not None
    (line,) = found([book], [text("a")])
    assert line.startswith("playbooks/x.yaml:2:")
    assert "Did you mean" in line


def test_what_comes_after_must_exist_and_may_not_go_round_without_a_pause() -> None:
    step = "  a: {send: sms, template: a, at: now}"
    lost = playbook(step, ENROLL + "after: {enroll: y}\n")
    assert "There is no playbook `y`" in found([lost], [text("a")])[0]
    round_trip = [lost, playbook(step, "after: {enroll: x}\n", key="y")]
    assert any("goes round for ever without a pause: x -> y -> x" in line for line in found(round_trip, [text("a")]))
    paused = [lost, playbook(step, "after: {enroll: x, in: 7 days}\n", key="y")]
    assert found(paused, [text("a")]) == []


def test_an_acknowledgement_where_nobody_has_asked_for_anything_is_a_warning() -> None:
    step = "  a: {send: email, template: a, at: now, purpose: acknowledge}"
    referred = playbook(step, "enroll: {when: 'event.kind == \"lead.referred\"'}\n")
    lines = found([referred], [text("a", subject="Hello")])
    assert any("x.yaml:5:51: warning: Nobody who enters here has just asked for anything" in line for line in lines)
    anything = playbook(step, "enroll: {when: 'event.kind != \"lead.referred\"'}\n")
    assert found([anything], [text("a", subject="Hello")]) == []


def test_a_playbook_that_nobody_enters_is_a_warning() -> None:
    books = [playbook("  a: {send: sms, template: a, at: now}", "", key="lonely")]
    assert any("lonely.yaml:1:1: warning: Nobody enters" in line for line in found(books, [text("a")]))


def test_two_playbooks_that_may_want_the_same_lead_need_different_ranks() -> None:
    step = "  a: {send: sms, template: a, at: now}"
    one = playbook(step, key="one")
    night = playbook(step, "enroll: {when: 'event.after_hours', rank: 50}\n", key="night")
    other = playbook(step, "enroll: {when: 'event.form == \"demo\"', rank: 50}\n", key="other")
    assert any("both have rank 50" in line for line in found([one, night], [text("a")]))
    ties = [line for line in found([one, other], [text("a")]) if "both have rank" in line]
    assert ties == []


def test_a_form_that_no_source_brings_in_is_a_warning() -> None:
    book = playbook("  a: {send: sms, template: a, at: now}", "enroll: {when: 'event.form == \"prizing\"'}\n")
    assert any(
        "No source brings in the form `prizing`. Did you mean pricing?" in line for line in found([book], [text("a")])
    )


def test_leads_of_a_source_that_enter_no_playbook_are_a_warning() -> None:
    book = playbook("  a: {send: sms, template: a, at: now}")
    lines = found([book], [text("a")], '[sources.phone]\nevent = "call.missed"\n')
    assert any("Leads of the source `phone`" in line and "enter no playbook" in line for line in lines)


def test_a_source_of_keywords_lists_them() -> None:
    book = playbook("  a: {send: sms, template: a, at: now}", "enroll: {when: 'event.form != \"x\"'}\n")
    more = '[sources.text]\nevent = "keyword.received"\n'
    settings = config(more)
    (problem,) = check_workspace([book], {"a": text("a")}, settings, SETTINGS + more)
    line = SETTINGS.count("\n") + 1
    assert str(problem) == (
        f"warmline.toml:{line}:1: error: `sources.text.keywords` is missing: without it no text makes anybody a lead. "
        'List the words that people are told to text: keywords = ["QUOTE"].'
    )


def test_a_keyword_belongs_to_one_source() -> None:
    book = playbook("  a: {send: sms, template: a, at: now}", "enroll: {when: 'event.form != \"x\"'}\n")
    more = "".join(
        f'[sources.{key}]\nevent = "keyword.received"\nkeywords = ["{word}"]\n'
        for key, word in (("one", "QUOTE"), ("two", "quote!"))
    )
    (line,) = found([book], [text("a")], more)
    assert "error: `sources.two.keywords` names quote!, which sources.one names too." in line


def test_a_keyword_that_no_playbook_asks_for_is_a_warning() -> None:
    book = playbook("  a: {send: sms, template: a, at: now}", "enroll: {when: 'event.keyword == \"QOUTE\"'}\n")
    lines = found([book], [text("a")], '[sources.text]\nevent = "keyword.received"\nkeywords = ["QUOTE"]\n')
    assert any("No source brings in the keyword `QOUTE`." in line for line in lines)
    assert any("source `text` (keyword.received, keyword QUOTE) enter no playbook" in line for line in lines)


def test_the_same_angle_twice_is_a_warning_but_not_within_one_choice() -> None:
    steps = "  a: {send: sms, template: a, at: now}\n  b: {send: sms, template: b, at: day 2}"
    assert (
        "`b` has the angle of `a`: same"
        in found([playbook(steps)], [text("a", angle="same"), text("b", angle="Same")])[0]
    )
    choice = "  a: {send: sms, template: {if: 'history.engaged', use: a, else: b}, at: now}"
    assert found([playbook(choice)], [text("a", angle="same"), text("b", angle="same")]) == []


def test_the_first_marketing_text_says_how_to_stop() -> None:
    book = playbook("  a: {send: sms, template: a, at: day 2}")
    assert "does not say how to stop" in found([book], [text("a", "Hello")])[0]


# Templates


@pytest.mark.parametrize(
    ("body", "severity", "words"),
    [
        ("{{ lead.frist_name }} STOP", "error", "`lead.frist_name` is not known. Did you mean first_name?"),
        ("{{ led.first_name }} STOP", "error", "`led.first_name` is not known. Did you mean lead?"),
        ("{{ links.price }} STOP", "error", "There is no link `price`. Did you mean prices?"),
        ("one\n{{ lead.first_name }} STOP", "warning", "a.txt:5:1: warning: `lead.first_name` may be missing."),
        ("{{ lead.fields.budget }} STOP", "warning", '{{ lead.fields.budget | default: "..." }}'),
        ("{{ rep.booking_url }} STOP", "warning", "`rep.booking_url` may be missing"),
        (
            "one\n{{ lead.first_name | frob }} STOP",
            "error",
            "a.txt:5:1: error: It can't be written: unknown filter 'frob'.",
        ),
        ("{{ lead.company | truncate: 'x' }} STOP", "error", "It can't be written: truncate expected an integer"),
        (
            "{% if lead.fields.budget > 500 %}Big.{% endif %} STOP",
            "error",
            "It can't be written: '<' and '>' are not supported between 'int' and 'str'.",
        ),
        (
            'a\n{% if lead.company == "" %}b{% endif %} STOP',
            "error",
            "a.txt:5:1: error: `lead.company` is never empty text",
        ),
        ("{% if lead.company != blank %}b{% endif %} STOP", "error", "Ask whether it is there: {% if lead.company %}."),
        ("Just checking in! STOP", "warning", '"just checking in" gives the lead nothing to answer'),
        ("Now? Or later? STOP", "warning", "One text has 2 questions"),
        ("https://a.test/?q=1 https://b.test STOP", "warning", "One text has 2 links"),
        ("word " * 80 + "STOP", "warning", "As a text it is 3 messages long"),
        (
            "It’s " + "word " * 20 + "STOP",
            "warning",
            "makes it 2 texts long instead of 1",
        ),
    ],
)
def test_a_text_is_read_the_way_the_lead_will(body: str, severity: str, words: str) -> None:
    lines = found([playbook("  a: {send: sms, template: a, at: now}")], [text("a", body)])
    assert any(f": {severity}: " in line and words in line for line in lines), lines


def test_a_script_that_can_not_be_written_is_an_error_too() -> None:
    book = playbook("  a: {send: sms, template: a, at: now}\n  b: {call: owner, at: now, script: b}")
    (line,) = found([book], [text("a"), replace(text("b", "Say {{ lead.company | frob }}"), kind="script")])
    assert "b.txt:4:1: error: It can't be written: unknown filter 'frob'." in line


def test_a_text_made_by_the_template_itself_may_be_empty() -> None:
    body = (
        '{% assign at = lead.company | default: "" %}{% if at == "" %}Hello.{% else %}Hello {{ at }}.{% endif %} STOP'
    )
    assert found([playbook("  a: {send: sms, template: a, at: now}")], [text("a", body)]) == []


def test_what_is_certain_needs_no_fall_back() -> None:
    body = "{{ rep.first_name }} {{ rep.phone | phone }} {{ company.name }} {{ links.prices }} STOP"
    assert found([playbook("  a: {send: sms, template: a, at: now}")], [text("a", body)]) == []


BOTH = "  a: {send: sms, or: email, template: a, at: now}"
ON_BOTH = '{% if touch.channel == "sms" %}\nREPLY_BY_TEXT\n{% else %}\nREPLY_BY_MAIL\n{% endif %}'


def by_channel(in_text: str, in_mail: str) -> list[str]:
    """What is found where one template has words for texts and others for mails."""
    body = ON_BOTH.replace("REPLY_BY_TEXT", in_text).replace("REPLY_BY_MAIL", in_mail)
    return found([playbook(BOTH)], [text("a", body, subject="Hello")])


def test_a_template_may_ask_on_which_channel_it_goes_out() -> None:
    assert by_channel("Hi. STOP to opt out.", "Dear friend,\n\nHello by {{ touch.channel }}.") == []
    lines = by_channel("{{ touch.chanel }}", "Hello")
    assert lines == ["templates/a.txt:5:1: error: `touch.chanel` is not known. Did you mean channel?"]


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ('{% if touch.channel == "text" %}', "Write one of: sms, email, voicemail, call."),
        ('{% if "mail" != touch.channel %}', "Did you mean email?"),
        ('{% if touch.channel == "SMS" %}', "Did you mean sms?"),
    ],
)
def test_a_channel_that_does_not_exist_is_an_error_and_not_words_that_nobody_gets(asked: str, advice: str) -> None:
    (line,) = by_channel(f"{asked}STOP{{% endif %}} STOP", "Hello")
    word = asked.split('"')[1]
    assert line == f"templates/a.txt:5:1: error: `touch.channel` is never `{word}`. {advice}"


def test_a_mail_of_any_length_and_with_any_characters_is_no_long_text() -> None:
    assert (
        by_channel("Hi. STOP to opt out.", "It’s " + "word " * 200 + "Now? Or later? https://a.test https://b.test")
        == []
    )


def test_what_makes_a_text_long_is_found_where_the_text_has_it_and_not_where_the_mail_does() -> None:
    mail = '{% if touch.channel == "email" %}It’s a “mail”, isn’t it.{% else %}\n'
    never = '{% if touch.channel == "call" %}’{% endif %}'
    body = mail + never + "It’s " + "word " * 20 + "STOP{% endif %}"
    (line,) = found([playbook(BOTH)], [text("a", body, subject="Hello")])
    assert line.startswith(f"templates/a.txt:5:{len(never) + 3}: warning: `’`")
    assert "makes it 2 texts long instead of 1" in line


def test_a_text_without_end_that_is_full_of_such_characters_is_read_all_the_same() -> None:
    lines = found([playbook(BOTH)], [text("a", "STOP " + "’" * 30_000, subject="Hello")])
    assert any(line.startswith("templates/a.txt:4:6: warning: `’`") for line in lines)


def test_a_first_text_that_says_how_to_stop_only_by_mail_does_not_say_it() -> None:
    steps = "  a: {send: sms, or: email, template: a, at: day 2}"
    body = ON_BOTH.replace("REPLY_BY_TEXT", "Hello").replace("REPLY_BY_MAIL", "Reply STOP")
    lines = found([playbook(steps)], [text("a", body, subject="Hello")])
    assert ["does not say how to stop" in line for line in lines] == [True]


@pytest.mark.parametrize("words", [("{{ lead.first_name }} STOP", "Hello"), ("STOP", "{{ lead.first_name }}")])
def test_a_value_that_may_be_missing_is_found_on_either_channel(words: tuple[str, str]) -> None:
    (line,) = by_channel(*words)
    assert "warning: `lead.first_name` may be missing." in line


def test_a_template_that_no_playbook_names_may_be_as_long_as_a_mail() -> None:
    book = playbook("  a: {send: sms, template: a, at: now}")
    lines = found([book], [text("a"), text("b", "word " * 200 + "{{ lead.first_name }} {{ touch.channel }}")])
    assert len(lines) == 1
    assert "`lead.first_name` may be missing" in lines[0]


def test_a_long_voicemail_and_a_spoken_link_are_warnings() -> None:
    book = playbook("  a: {send: voicemail, template: a, at: now}")
    assert "about 40 seconds to say" in found([book], [text("a", "word " * 100)])[0]
    assert "can't carry a link" in found([book], [text("a", "See https://acme.test")])[0]


def test_a_voicemail_says_whose_it_is_and_leaves_a_number() -> None:
    book = playbook("  a: {send: voicemail, template: a, at: now}")
    nameless, numberless = "Hi, call me on {{ rep.phone | phone }}.", "Hi, this is {{ company.name }}. Text me."
    assert ["does not say whose it is" in line for line in found([book], [text("a", nameless)])] == [True]
    assert ["leaves no number to call" in line for line in found([book], [text("a", numberless)])] == [True]
    assert found([book], [text("a", "{{ company.name }} here. Call (555) 010-4477.")]) == []


def test_a_template_file_is_read() -> None:
    source = "---\nangle: a time\nsubject: 'Hi {{ lead.first_name }}'\n---\n\nHello\n\nyou\n"
    template, problems = parse_template("ack", source, "templates/ack.txt")
    assert problems == []
    assert template is not None
    assert (template.body, template.subject, template.angle, template.line) == (
        "Hello\n\nyou", "Hi {{ lead.first_name }}", "a time", 6
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Hello", "1:1: error: The template does not say what it is for"),
        ("---\nangle: x\nHello", "1:1: error: The template does not say what it is for"),
        ("---\nangle: x\n---\n", "The template has no words"),
        ("---\nsubject: x\n---\nHello", "2:1: error: The template has no angle"),
        ("---\nangel: x\n---\nHello", "2:1: error: `angel` is not a key of a template. Did you mean angle?"),
        ("---\nangle: x\nkind: scrpt\n---\nHello", "3:7: error: Kind can't be `scrpt`. Did you mean script?"),
        ("---\nangle: x\n---\nHello\n{{ x", "5:1: error: This is not Liquid"),
        ("---\nangle: x\nsubject: '{% if %}'\n---\nHello", "error: This is not Liquid"),
    ],
)
def test_a_template_file_that_can_not_be_read_is_explained(source: str, words: str) -> None:
    template, problems = parse_template("ack", source, "templates/ack.txt")
    assert template is None
    assert any(words in str(problem) for problem in problems), problems
