"""The starter workspace: what `warmline init` copies is sound, and its words are fit to be sent."""

import re
from pathlib import Path

import pytest

import warmline
from warmline.core.check import check_workspace
from warmline.core.events import TRIGGERS
from warmline.core.length import segments, spoken_seconds
from warmline.core.message import VARIABLES, Rendered, render
from warmline.core.overlap import satisfiable
from warmline.core.parse import Parsed, parse
from warmline.core.playbook import Call, Choice, Days, Playbook, Send, Template
from warmline.core.settings import Config, parse_settings
from warmline.core.templates import parse_template

STARTER = Path(warmline.__file__).parent / "starter"
PARSED: dict[str, Parsed] = {
    path.stem: parse(path.read_text(encoding="utf-8"), f"playbooks/{path.name}")
    for path in sorted((STARTER / "playbooks").glob("*.yaml"))
}
READ = {
    path.stem: parse_template(path.stem, path.read_text(encoding="utf-8"), f"templates/{path.name}")
    for path in sorted((STARTER / "templates").glob("*.txt"))
}
TEMPLATES: dict[str, Template] = {name: template for name, (template, _) in READ.items() if template}
PLAYBOOKS: dict[str, Playbook] = {key: parsed.playbook for key, parsed in PARSED.items() if parsed.playbook}
TYPICAL = {
    **VARIABLES,
    "links": dict.fromkeys(("booking", "prices", "gallery", "guide", "checklist"), "https://acme.test/x"),
}


def config() -> Config:
    settings = parse_settings((STARTER / "warmline.toml").read_text(encoding="utf-8"))
    assert settings.problems == ()
    assert settings.config is not None
    return settings.config


def sent_on(channel: str) -> list[str]:
    names = set()
    for playbook in PLAYBOOKS.values():
        for step in playbook.steps:
            if isinstance(step, Send) and channel in step.channels:
                picked = step.template
                names |= {picked.use, picked.otherwise} if isinstance(picked, Choice) else {picked}
    return sorted(names)


def test_it_has_a_playbook_for_every_case() -> None:
    assert set(PARSED) == {
        "pricing", "demo", "content-download", "referral", "missed-call", "missed-appointment", "after-hours",
        "keyword-text", "opened-but-silent", "slow-nurture", "re-entry",
    }  # fmt: skip


@pytest.mark.parametrize("key", PARSED)
def test_every_playbook_reads_without_even_a_warning(key: str) -> None:
    assert [str(problem) for problem in PARSED[key].problems] == []


@pytest.mark.parametrize("name", READ)
def test_every_template_reads_without_even_a_warning(name: str) -> None:
    assert [str(problem) for problem in READ[name][1]] == []


def test_the_workspace_as_a_whole_has_no_problem_and_no_warning() -> None:
    assert [str(p) for p in check_workspace(PLAYBOOKS.values(), TEMPLATES, config())] == []


def test_every_template_is_used() -> None:
    assert set(TEMPLATES) == frozenset().union(*(playbook.templates() for playbook in PLAYBOOKS.values()))


def said_on(channel: str, name: str, **lead: str) -> Rendered:
    typical = {**TYPICAL, "touch": {"channel": channel}, "lead": VARIABLES["lead"] | lead}
    return render(TEMPLATES[name], typical)


@pytest.mark.parametrize("name", sent_on("sms"))
def test_every_text_is_one_message_and_names_the_company(name: str) -> None:
    said = said_on("sms", name).text
    assert (segments(said).encoding, segments(said).count) == ("gsm7", 1)
    assert VARIABLES["company"]["name"] in said
    assert "STOP" in said
    assert "\n" not in said


@pytest.mark.parametrize("name", sent_on("sms"))
def test_a_text_to_a_long_name_is_two_messages_at_most(name: str) -> None:
    assert segments(said_on("sms", name, first_name="Maximiliana-Alexandra").text).count <= 2


@pytest.mark.parametrize("phone", ["+15558675310", ""])
@pytest.mark.parametrize("name", sent_on("email"))
def test_every_mail_greets_is_signed_and_leaves_the_way_out_to_its_footer(name: str, phone: str) -> None:
    said = said_on("email", name, phone=phone)
    greeting, *paragraphs, signed = said.text.split("\n\n")
    assert greeting == "Hi Ann,"
    assert paragraphs
    assert all(part.strip() == part for part in paragraphs)
    assert signed == "Sam Rivera\nAcme Roofing, 555-010-4477"
    assert "STOP" not in said.text
    assert said.subject
    assert phone or "will call you" not in said.text, "nobody can call who gave no number"


@pytest.mark.parametrize("name", sent_on("sms") + sent_on("email"))
def test_no_message_promises_a_call_within_minutes(name: str) -> None:
    for channel in ("sms", "email"):
        said = said_on(channel, name).text.lower()
        soon = r"about to call|\b(?:call|ring)(?:ing)? you\b[^.?!]*\b(?:now|minutes?|right away|at once)\b"
        assert re.findall(soon, said) == []


@pytest.mark.parametrize("name", sent_on("voicemail"))
def test_every_voicemail_is_short_and_says_how_to_call_back(name: str) -> None:
    said = said_on("voicemail", name).text
    assert spoken_seconds(said) < 25
    assert "555-010-4477" in said


@pytest.mark.parametrize("key", PLAYBOOKS)
def test_the_last_message_lets_the_lead_defer_or_leave(key: str) -> None:
    last = [step for step in PLAYBOOKS[key].steps if isinstance(step, Send)][-1]
    picked = last.template
    for name in (picked.use, picked.otherwise) if isinstance(picked, Choice) else (picked,):
        for channel in last.channels:
            said = said_on(channel, name).text.lower()
            assert any(word in said for word in ("no thanks", "later", "not now", "stop", "i will close it")), name


def test_every_head_comment_answers_the_three_questions() -> None:
    for key in PLAYBOOKS:
        head = PLAYBOOKS[key].source.split("name:", 1)[0]
        assert [line.split(":")[0] for line in head.splitlines()] == [
            "# Who responds first", "# On which channels", "# For how long"
        ]  # fmt: skip


def test_an_enquiry_after_hours_beats_every_other_form() -> None:
    night = PLAYBOOKS["after-hours"].enroll
    assert all(night.rank > PLAYBOOKS[key].enroll.rank for key in PLAYBOOKS if key != "after-hours")
    assert night.when is not None
    fixed = {("event", "kind"): "form.submitted", ("event", "form"): "pricing"}
    assert satisfiable((night.when,), {**fixed, ("event", "after_hours"): True})
    assert not satisfiable((night.when,), {**fixed, ("event", "after_hours"): False})


@pytest.mark.parametrize("kind", [kind for kind in TRIGGERS if kind != "lead.imported"])
def test_every_kind_of_event_may_start_a_playbook(kind: str) -> None:
    whens = [playbook.enroll.when for playbook in PLAYBOOKS.values() if playbook.enroll.when]
    assert any(satisfiable((when,), {("event", "kind"): kind}) for when in whens)


def test_opened_and_silent_is_followed_by_a_voice_the_next_day_not_by_another_mail() -> None:
    playbook = PLAYBOOKS["opened-but-silent"]
    call, voicemail, text = (playbook.step(name) for name in ("call", "voicemail", "text"))
    assert isinstance(call, Call)
    assert isinstance(call.at, Days)
    assert (call.at.first, call.at.anchor.step, call.at.anchor.outcome) == (2, "quote", "opened")
    assert isinstance(voicemail, Send)
    assert voicemail.at.anchor.step == "call"
    assert text is not None
    assert text.condition is not None
    assert text.condition.source == '!history.opened("quote")'


def test_the_form_shows_the_words_that_are_kept_as_consent() -> None:
    page = (STARTER / "forms" / "pricing.html").read_text(encoding="utf-8")
    source = config().sources["pricing"]
    assert 'action="/in/pricing"' in page
    assert f'name="{source.map["phone"]}"' in page
    written = source.consent[0]
    assert f'name="{written.field}"' in page
    assert config().wordings[written.wording] in page
