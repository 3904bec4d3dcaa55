"""How values become words, and stories become pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from warmline.insight.lines import Deed, Line, Looked
from warmline.web import kept
from warmline.web.environment import BadEnvironmentError, for_django, read
from warmline.web.telling import Names, days
from warmline.web.templatetags.pictures import bars
from warmline.web.templatetags.words import ago, ahead, in_thousands, local, phone_words, shortened, span, when

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
SECRET = "x" * 32


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.5, "30 s"),
        (12, "12 min"),
        (200, "3 h 20 min"),
        (120, "2 h"),
        (660, "11 h"),
        (60 * 47, "47 h"),
        (60 * 50, "2 d"),
    ],
)
def test_a_length_is_told_in_units_that_matter(minutes: float, words: str) -> None:
    assert span(timedelta(minutes=minutes)) == words


def test_the_past_and_the_future_are_told_apart() -> None:
    assert ago(NOW - timedelta(minutes=5), NOW) == "5 min ago"
    assert ago(NOW + timedelta(minutes=5), NOW) == "in 5 min"
    assert ago(NOW + timedelta(seconds=20), NOW) == "now"


def test_a_time_is_shown_on_the_clock_of_its_place() -> None:
    assert local(NOW, "America/New_York", NOW) == "Tue 24 Nov, 10:30"
    assert local(NOW, "America/Phoenix", NOW) == "Tue 24 Nov, 08:30"


def test_a_time_of_another_year_says_which() -> None:
    assert local(NOW - timedelta(days=730), "America/New_York", NOW) == "Sun 24 Nov 2024, 10:30"
    new_year = NOW.replace(month=12, day=31, hour=23)  # in Auckland it is January
    assert local(new_year, "Pacific/Auckland", new_year) == "Fri 1 Jan, 12:30"
    assert local(NOW, "Pacific/Auckland", new_year) == "Wed 25 Nov 2026, 04:30"


def test_a_time_on_the_clock_of_the_workspace_names_its_zone_and_one_on_another_stands_where_the_page_names_it() -> (
    None
):
    page = {"now": NOW, "zone": "America/New_York"}
    assert re.findall(">(.*)<", when(page, NOW)) == ["Tue 24 Nov, 10:30 EST"]
    assert re.findall(">(.*)<", when(page, NOW, "America/Phoenix")) == ["Tue 24 Nov, 08:30"]


@pytest.mark.parametrize(("minutes", "said"), [(-300, "5 h late"), (0, "now"), (120, "in 2 h")])
def test_what_should_have_been_done_by_now_is_late_and_not_long_ago(minutes: int, said: str) -> None:
    page = {"now": NOW, "zone": "America/New_York"}
    assert re.findall(">(.*)<", ahead(page, NOW + timedelta(minutes=minutes))) == [said]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+12125550123", "+1 212 555 0123"),
        ("+442071838750", "+44 20 7183 8750"),
        ("+33612345678", "+33 6 12 34 56 78"),
        ("+4930901820", "+49 30 901820"),
        ("+99912", "+99912"),
        ("Ann Lee", "Ann Lee"),
        (None, ""),
    ],
)
def test_a_number_of_any_country_is_shown_as_people_read_it_and_what_is_none_as_it_is(
    number: str | None, words: str
) -> None:
    assert phone_words(number) == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Short enough", "Short enough"),
        ("Hi Ann, this is Sam at Acme Roofing", "Hi Ann, this is Sam…"),
        ("Hi Ann,\nthis", "Hi Ann, this"),
        ("Donaudampfschifffahrtsgesellschaft", "Donaudampfschifffah…"),
    ],
)
def test_a_preview_ends_at_a_word_and_says_that_there_is_more(text: str, shown: str) -> None:
    assert shortened(text, 20) == shown


def test_a_story_names_people_and_playbooks_and_keeps_the_keys_of_those_who_are_gone() -> None:
    names = Names({"sam": "Sam Rivera"}, {"after-hours": "After hours"})
    (day,) = days(
        told(
            Line(NOW, "assigned", "Got an owner", "sam", data={"owner": "sam"}),
            Line(NOW, "enrolled", "Entered a playbook", "after-hours", data={"playbook": "after-hours"}),
            Line(NOW, "handed.off", "Handed to a person", "to zoe", data={"to": "zoe"}),
        ),
        names,
    )
    assert [mark.detail for mark in day.marks] == ["to zoe", "After hours", "Sam Rivera"]


def test_a_picture_of_nothing_is_a_line_on_the_ground() -> None:
    drawn = bars([0, 0, 0], "Leads by hour")
    assert drawn.count("picture-bar-none") == 3
    assert 'aria-label="Leads by hour"' in drawn


def told(*lines: Line) -> Any:
    return SimpleNamespace(lines=lines, lead=SimpleNamespace(zone="America/New_York"))


def test_a_look_and_the_event_it_caused_are_told_once() -> None:
    finding = Looked("quiet_hours", "pass", "open", "", None, "")
    planned = Deed("plan", "", "ack", "sms", "ack", None, (finding,))
    look = Line(NOW, "decision", "Touch planned", did=(planned,))
    caused = Line(NOW, "touch.planned", "Touch planned", step="ack", channel="sms")
    came = Line(NOW - timedelta(minutes=1), "form.submitted", "Submitted a form")
    (day,) = days(told(came, look, caused), Names())
    assert [mark.words for mark in day.marks] == ["Touch planned", "Submitted a form"]
    assert day.marks[0].findings == (finding,)


def test_what_was_held_without_an_end_and_so_passed_over_is_told_once() -> None:
    finding = Looked("unknown_place", "hold", "no place is known", "a person sets it", None, "")
    held = Deed("hold", "unknown_place", "ack", "sms", "ack", None, (finding,))
    planned = Deed("plan", "", "ack", "email", "ack", None, ())
    look = Line(NOW, "decision", "Held", did=(held, planned))
    caused = [
        Line(NOW, "touch.refused", "Touch refused", "unknown place", step="ack", channel="sms"),
        Line(NOW, "touch.planned", "Touch planned", step="ack", channel="email"),
    ]
    later = Line(NOW + timedelta(hours=1), "touch.refused", "Touch refused", "opted out", step="ack", channel="sms")
    (day,) = days(told(look, *caused, later), Names())
    assert [(mark.words, mark.channel) for mark in day.marks] == [
        ("Touch refused", "sms"),
        ("Touch planned", "email"),
        ("Held", "sms"),
    ]


def test_days_are_those_of_the_lead_and_the_newest_comes_first() -> None:
    late = Line(datetime(2026, 11, 25, 3, 0, tzinfo=UTC), "replied", "Replied")  # still Tuesday in New York
    early = Line(NOW, "form.submitted", "Submitted a form")
    (day,) = days(told(early, late), Names())
    assert str(day.day) == "2026-11-24"
    assert [mark.words for mark in day.marks] == ["Replied", "Submitted a form"]


def test_an_event_of_a_kind_from_tomorrow_is_still_shown() -> None:
    (day,) = days(told(Line(NOW, "danced", "danced")), Names())
    assert day.marks[0].words == "danced"


def test_a_number_is_kept_for_a_while_and_read_anew_after_it() -> None:
    said = iter(range(10))
    key = UUID(int=1)
    assert [kept.kept(key, 60, lambda: next(said)) for _ in range(3)] == [0, 0, 0]
    assert kept.kept(key, 0, lambda: next(said)) == 1


def test_a_web_without_a_secret_says_how_to_make_one() -> None:
    with pytest.raises(BadEnvironmentError, match="token_urlsafe"):
        read({"DATABASE_URL": "postgresql:///x", "WARMLINE_SECRET": "short"})


def test_a_web_without_a_database_says_what_to_set() -> None:
    with pytest.raises(BadEnvironmentError, match="DATABASE_URL"):
        read({"WARMLINE_SECRET": SECRET})


def test_the_public_address_makes_cookies_secure_and_names_the_host() -> None:
    environ = {
        "DATABASE_URL": "postgresql:///x",
        "WARMLINE_SECRET": SECRET,
        "WARMLINE_PUBLIC_URL": "https://leads.acme.test/",
    }
    here = read(environ)
    assert here.is_https
    assert here.public_url == "https://leads.acme.test"
    assert "leads.acme.test" in here.hosts


def test_the_mark_of_an_installation_goes_by_its_secret_and_database_and_not_by_the_host_that_asks() -> None:
    def mark(dsn: str, secret: str = SECRET) -> str:
        return read({"DATABASE_URL": dsn, "WARMLINE_SECRET": secret}).mark

    here = mark("postgresql://me@localhost/acme")
    assert here == mark("postgresql://me@db.acme.test:6432/acme?sslmode=require"), "another host of the same"
    assert here != mark("postgresql://me@localhost/other")
    assert here != mark("postgresql://me@localhost/acme", "y" * 32)
    assert SECRET not in here


def test_what_django_has_no_name_for_reaches_the_database_driver() -> None:
    found = for_django("postgresql://me@db.acme.test:5433/leads?sslmode=require")
    assert (found["HOST"], found["PORT"], found["NAME"], found["USER"]) == ("db.acme.test", "5433", "leads", "me")
    assert found["OPTIONS"]["sslmode"] == "require"


def test_numbers_of_many_leads_are_grouped_in_thousands() -> None:
    assert [in_thousands(number) for number in (0, 999, 12_000, 1_000_000)] == ["0", "999", "12,000", "1,000,000"]
