from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import warmline
from warmline.core.bundle import workspace_key
from warmline.core.hours import Window
from warmline.core.office_hours import parse_week
from warmline.core.settings import Config, parse_settings
from warmline.core.words import UnreadableError

STARTER = (Path(warmline.__file__).parent / "starter" / "warmline.toml").read_text(encoding="utf-8")
LEAST = '[workspace]\nname = "Acme"\ntime_zone = "America/New_York"\n'


def config(source: str) -> Config:
    settings = parse_settings(source)
    assert settings.config is not None, [str(problem) for problem in settings.problems]
    return settings.config


def test_reads_the_starter_settings_without_a_problem() -> None:
    settings = parse_settings(STARTER)
    assert settings.problems == ()
    assert settings.config is not None
    pricing = settings.config.sources["pricing"]
    assert pricing.map == {"phone": "phone_number"}
    assert [(rule.level, rule.channels, rule.field) for rule in pricing.consent] == [
        ("express_written", ("sms", "voicemail"), "agree"),
        ("inquiry", ("email", "call"), ""),
    ]
    assert pricing.consent[0].wording in settings.config.wordings
    assert settings.config.people["sam"].first_name == "Sam"
    assert settings.config.teams["sales"].manager == "kim"
    assert settings.config.sources["phone"].event == "call.missed"
    assert settings.config.office.calendars == ("us",)
    assert settings.config.office.week[5] == (Window(time(10), time(14)),)


def test_what_is_left_out_has_a_sensible_value() -> None:
    least = config(LEAST)
    assert (least.caps.automated_per_day, least.caps.automated_per_week) == (3, 7)
    assert least.acknowledge_at_night is True
    assert least.office.time_zone == "America/New_York"
    assert least.office.week == parse_week("mon-fri 09:00-17:00")


def test_secrets_are_kept_as_they_are_written() -> None:
    sms = config(LEAST + '[channels.sms]\nprovider = "twilio"\nauth_token = "env:TOKEN"\nrate = 3\n').channels["sms"]
    assert sms.options["auth_token"] == "env:TOKEN"
    assert sms.rate == 3


def test_a_secret_in_the_clear_is_a_warning() -> None:
    settings = parse_settings(LEAST + '[channels.sms]\nprovider = "twilio"\nauth_token = "abc"\n')
    (problem,) = settings.problems
    assert problem.severity == "warning"
    assert "abc" not in str(problem)
    assert settings.config is not None


def test_a_field_of_ours_that_is_mapped_by_another_name_is_a_warning() -> None:
    settings = parse_settings(LEAST + '[sources.form]\nmap = {phone_number = "Tel", budget = "B"}\n')
    (problem,) = settings.problems
    assert problem.severity == "warning"
    assert "`sources.form.map.phone_number` is a field of the lead's own: ours is called phone." in str(problem)
    assert 'Write: phone = "Tel".' in str(problem)
    both = parse_settings(LEAST + '[sources.form]\nmap = {phone = "Tel", mobile = "Handy"}\n')
    assert both.problems == ()


def test_names_every_problem_at_once_with_its_line() -> None:
    settings = parse_settings(
        """\
[workspace]
nme = "x"
time_zone = "New York"
[channels.smss]
provider = "x"
[channels.sms]
provider = 3
rate = 0
[sources.Bad]
consent = [{level = "expres", channels = ["sms", "fax"], fild = "agree"}]
event = "form.submited"
[people.sam]
name = "Sam"
email = "sam"
phone = "555"
role = "boss"
[teams.sales]
people = ["sam", "kimm"]
manager = "sma"
[office]
hours = "mon-fry 09:00-17:00"
holidays = ["uk", 2026-12-24]
[caps]
automated_per_day = 5
automated_per_week = 4
[acknowledge]
at_night = "yes"
[links]
booking = "acme.test"
"""
    )
    assert settings.config is None
    assert [problem.line for problem in settings.problems] == [
        1, 2, 3, 4, 7, 8, 9, 10, 10, 10, 11, 14, 15, 16, 18, 19, 21, 22, 25, 27, 29
    ]  # fmt: skip
    words = "\n".join(str(problem) for problem in settings.problems)
    assert "warmline.toml:4:1: error: `channels.smss` is not a setting. Did you mean sms?" in words
    assert "`office.hours` can't be read: `fry` is not a day. Did you mean fri?" in words
    assert '`teams.sales.manager` names "sma", who is not under [people]. Did you mean sam?' in words
    assert '`people.sam.email` is not an address: "sam". Write: email = "sam@example.com".' in words


@pytest.mark.parametrize("source", ['a = "', "a = [\nb", "[a]\n[a]\n", "x", "a = " + "9" * 5000])
def test_what_is_not_toml_is_said_with_its_place(source: str) -> None:
    settings = parse_settings(source)
    assert settings.config is None
    assert "This is not TOML" in settings.problems[0].message


@given(st.text(max_size=120))
def test_any_text_is_read_or_explained(source: str) -> None:
    settings = parse_settings(source)
    assert (settings.config is None) == any(problem.severity == "error" for problem in settings.problems)


def test_a_workspace_may_be_known_by_a_key_of_its_own() -> None:
    named = '[workspace]\nname = "Acme Roofing"\ntime_zone = "UTC"\nkey = "{}"\n'
    assert workspace_key(config(named.format("acme"))) == "acme"
    (problem,) = parse_settings(named.format("Acme Roofing")).problems
    assert str(problem).endswith('Use small letters, digits and hyphens: key = "acme-roofing".')


def test_the_keywords_of_a_source_are_words_that_can_be_texted() -> None:
    texted = '[sources.text]\nevent = "keyword.received"\nkeywords = ["QUOTE", "New roof"]\n'
    assert config(LEAST + texted).sources["text"].keywords == ("QUOTE", "New roof")
    wrong = '[sources.text]\nevent = "form.submitted"\nkeywords = ["!"]\n'
    problems = [str(problem) for problem in parse_settings(LEAST + wrong).problems]
    assert [problem.partition("error: ")[2] for problem in problems] == [
        '`sources.text.keywords` can\'t hold "!". Write words that people text: keywords = ["QUOTE"].',
        "`sources.text.keywords` lists keywords, and the source brings in form.submitted. "
        'Write: event = "keyword.received", or leave the keywords out.',
    ]


def test_holidays_are_days_or_calendars() -> None:
    office = config(LEAST + '[office]\nholidays = ["us", "2026-12-24", 2026-12-31]\n').office
    assert office.calendars == ("us",)
    assert office.holidays == {date(2026, 12, 24), date(2026, 12, 31)}


def test_a_week_is_read_from_days_and_hours_in_words() -> None:
    morning, afternoon = Window(time(9), time(12)), Window(time(13), time(17, 30))
    assert parse_week("mon 13:00-17:30, mon 09:00-12:00") == ((morning, afternoon), (), (), (), (), (), ())
    assert parse_week("mon-fri 09:00-12:00, sat 13:00-17:30") == ((morning,),) * 5 + ((afternoon,), ())
    assert parse_week("daily 22:00-06:00") == ((Window(time(22), time(6)),),) * 7


def test_a_range_of_days_may_run_over_the_weekend() -> None:
    week = parse_week("fri-mon 10:00-12:00")
    assert [bool(day) for day in week] == [True, False, False, False, True, True, True]


@pytest.mark.parametrize("text", ["", "mon", "mon 9-5", "mon 25:00-26:00", "fry 09:00-10:00"])
def test_a_week_that_can_not_be_read_is_explained(text: str) -> None:
    with pytest.raises(UnreadableError) as error:
        parse_week(text)
    assert error.value.instead
