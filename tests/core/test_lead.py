"""From what people type to a draft of a lead."""

from __future__ import annotations

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from warmline import rules
from warmline.core.lead import MOST_CHARACTERS, MOST_FIELDS, Draft, Problems, normalise
from warmline.core.mail_address import read_email
from warmline.core.phone import read_phone, read_told

REGIONS = rules.regions()


def draft(mapping: dict[str, str] | None = None, country: str = "US", /, **fields: str) -> Draft:
    found = normalise(fields, mapping or {}, country, REGIONS)
    assert isinstance(found, Draft), found
    return found


def problems(mapping: dict[str, str] | None = None, /, **fields: str) -> dict[str, str]:
    found = normalise(fields, mapping or {}, "US", REGIONS)
    assert isinstance(found, Problems), found
    return dict(found.fields)


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("(212) 555-0123", "US", "+12125550123"),
        ("212.555.0123", "US", "+12125550123"),
        ("1-212-555-0123", "US", "+12125550123"),
        ("+1 (212) 555 0123", "GB", "+12125550123"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("416 555 0123", "US", "+14165550123"),
        ("０2079460018", "GB", "+442079460018"),
        ("555-0123", "US", None),
        ("111 222 3333", "US", None),
        ("212555012", "US", None),
        ("212-555-0123 x5", "US", None),
        ("hello", "US", None),
        ("", "US", None),
        ("2" * 50, "US", None),
    ],
)
def test_a_number_is_read_in_its_country(typed: str, country: str, number: str | None) -> None:
    assert read_phone(typed, country) == number


@pytest.mark.parametrize(
    ("told", "country", "number"),
    [
        ("447400123456", "GB", "+447400123456"),
        ("00447400123456", "GB", "+447400123456"),
        ("07400123456", "GB", "+447400123456"),
        ("+12125550123", "GB", "+12125550123"),
        ("12125550123", "GB", "+12125550123"),
        ("5512345678", "MX", "+525512345678"),
        ("525512345678", "MX", "+525512345678"),
        ("2125550123", "US", "+12125550123"),
        ("12125550123", "US", "+12125550123"),
        ("447400123456", "US", "+447400123456"),
        ("33612345678", "US", "+33612345678"),
        ("07400123456", "US", None),
        ("13013", "US", None),
        ("80FLOWERS99", "US", None),
        ("", "US", None),
    ],
)
def test_a_number_that_lost_its_plus_is_read_where_it_was_sent(told: str, country: str, number: str | None) -> None:
    assert read_told(told, country) == number


def by_the_book(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if len(text) > 40 or number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_digits = st.text("0123456789", min_size=10, max_size=11)
_written = st.builds(
    lambda area, a, b, line, plus: f"{plus}{area}{a}{b}{line}",
    st.integers(190, 999),
    st.sampled_from(["", " ", "-", ".", ") ", ")"]),
    st.integers(100, 999),
    st.builds(lambda sep, n: f"{sep}{n:04d}", st.sampled_from(["", "-", " ", "."]), st.integers(0, 9999)),
    st.sampled_from(["", "1", "+1", "+1 ", "1-", "(", "+1 (", " "]),
)


@given(_digits | _written | st.text("0123456789+-(). x", max_size=16), st.sampled_from(["US", "CA"]))
@example("(212) 555-0123", "US")
@example("2125550123 ", "CA")
def test_the_short_way_reads_what_phonenumbers_reads(text: str, country: str) -> None:
    assert read_phone(text, country) == by_the_book(text, country)


@pytest.mark.parametrize("country", phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])
def test_every_kind_of_number_of_north_america_is_read_as_phonenumbers_does(country: str) -> None:
    kinds = phonenumbers.PhoneNumberType.values()
    examples = [one for kind in kinds if (one := phonenumbers.example_number_for_type(country, kind)) is not None]
    assert examples
    for number in examples:
        text = str(number.national_number)
        assert read_phone(text, "CA") == by_the_book(text, "CA") is not None
        wrong = text[:-7] + "1" + text[-6:]
        assert read_phone(wrong, "US") == by_the_book(wrong, "US")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Ann@Example.COM ", "ann@example.com"),
        ("mailto:a@b.co", "a@b.co"),
        ("a.b+c@sub.acme.test", "a.b+c@sub.acme.test"),
        ("jörg@exämple.de", "jörg@exämple.de"),
        ("ann@localhost", None),
        ("a@b", None),
        ("@example.com", None),
        ("a..b@x.co", None),
        ("a@x..co", None),
        ("ann example.com", None),
        ("a@[127.0.0.1]", None),
        ("a@-x.co", None),
        ("x" * 65 + "@x.co", None),
    ],
)
def test_a_mail_address_is_read_by_its_syntax(typed: str, address: str | None) -> None:
    assert read_email(typed) == address


@given(st.from_regex(r"[a-z0-9._+-]{1,12}@[a-z0-9.-]{1,14}\.[a-z0-9]{1,4}", fullmatch=True))
def test_the_short_way_accepts_only_what_email_validator_accepts(text: str) -> None:
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, strict=True)
        expected = (found.ascii_email or found.normalized).lower()
    except EmailNotValidError:
        expected = None
    assert read_email(text) == expected


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ann Lee", "Ann", "Lee"),
        ("Lee, Ann", "Ann", "Lee"),
        ("Ann", "Ann", ""),
        ("  Ann   van  Dyk ", "Ann", "van Dyk"),
        ("José Nuñez", "José", "Nuñez"),
        ("王小明", "王小明", ""),
        ("Ann\u202eLee\x07", "AnnLee", ""),
    ],
)
def test_a_name_is_taken_apart(name: str, first: str, last: str) -> None:
    found = draft(name=name, email="a@example.com")
    assert (found.first_name, found.last_name) == (first, last)


@pytest.mark.parametrize(
    "given_name",
    [
        "null", "None", "N/A", "NaN", "undefined", "-", "?", "...", "12345",
        "http://win.example/x", "Ann www.win.example", "win.example/x", "<b>Ann</b>", "{{ first_name }}", "*|FNAME|*",
        "[First Name]", "ann@example.com",
    ],
)  # fmt: skip
def test_nobody_is_called_what_is_no_name(given_name: str) -> None:
    """Or a text would begin with "Hi null," and a form would send links to whoever's number is written into it."""
    found = draft(first_name=given_name, last_name="Lee", company=given_name, email="a@example.com")
    assert (found.first_name, found.last_name) == ("", "Lee")
    assert found.fields["first_name"] == given_name
    assert any("is no name" in note for note in found.notes)
    assert draft(name=given_name, email="a@example.com").first_name == ""


@pytest.mark.parametrize(
    "name",
    ["Null", "Nan", "Na", "J.R.", "St. John", "O'Neil", "Jean-Luc", "Ann (Annie)", "D’Arcy", "Нана", "Ng", "X Æ A-12"],
)
def test_a_name_that_looks_odd_is_a_name(name: str) -> None:
    assert draft(first_name=name, email="a@example.com").first_name == name


@pytest.mark.parametrize("company", ["7-11", "3M", "1-800-Roofs", "Smith & Sons [2]", "Booking.com"])
def test_a_company_may_be_called_what_no_person_is(company: str) -> None:
    assert draft(company=company, email="a@example.com").company == company


def test_a_bad_address_beside_a_good_one_is_a_note_and_not_the_loss_of_the_lead() -> None:
    found = draft(phone="2125550123", email="ann at example")
    assert (found.phone, found.email) == ("+12125550123", None)
    assert found.notes == ["'ann at example' is no mail address. Write: ann@example.com"]


def test_of_a_number_that_names_its_own_country_no_other_is_said() -> None:
    found = draft(phone="+44 7700 900123", email="ann@example.com")
    assert found.notes == ["'+44 7700 900123' is no valid phone number. Write: +1 212 555 0123"]


def test_a_lead_that_nobody_could_reach_is_a_problem_that_names_the_senders_fields() -> None:
    assert list(problems(name="Ann")) == ["phone", "email"]
    assert problems({"phone": "tel_nr"}, tel_nr="12") == {
        "tel_nr": "'12' is no valid phone number in US. Write: +1 201 555 0123"
    }


def test_a_source_map_comes_before_what_a_name_looks_like() -> None:
    found = draft(
        {"phone": "tel_a"}, "US", tel_a="2125550123", phone="2125550199", Mobile="2125550188", email="a@example.com"
    )
    assert found.phone == "+12125550123"
    assert found.fields == {"phone": "2125550199", "Mobile": "2125550188"}


def test_everything_else_is_kept_under_its_own_name() -> None:
    assert draft(email="a@example.com", roof="slate", ZIP="10001").fields == {"roof": "slate", "zip": "10001"}


@pytest.mark.parametrize(
    ("given_", "region", "kept"),
    [
        ({"state": "NY"}, "US-NY", {}),
        ({"state": "new york"}, "US-NY", {}),
        ({"region": "us-ca"}, "US-CA", {}),
        ({"state": "ON", "country": "Canada"}, "CA-ON", {}),
        ({"state": "Atlantis"}, "", {"region": "Atlantis"}),
    ],
)
def test_a_region_is_known_or_kept_as_said(given_: dict[str, str], region: str, kept: dict[str, str]) -> None:
    found = draft(email="a@example.com", **given_)
    assert (found.region, found.fields) == (region, kept)


def test_a_zone_that_is_none_does_not_pass_for_knowledge() -> None:
    found = draft(email="a@example.com", timezone="Mars/Olympus")
    assert (found.time_zone, found.fields) == ("", {"time_zone": "Mars/Olympus"})
    assert draft(email="a@example.com", timezone="America/Chicago").time_zone == "America/Chicago"


def test_the_default_country_is_only_believed_with_a_number_of_it() -> None:
    assert draft(phone="2125550123").country == "US"
    assert draft(phone="+442079460018").country == ""
    assert draft(email="a@example.com").country == ""
    assert draft(email="a@example.com", country="Germany").country == "DE"


def test_limits_are_said_clearly() -> None:
    assert "room for 64" in problems(**{f"f{n}": "x" for n in range(MOST_FIELDS + 1)})[""]
    assert "2,000" in problems(email="a@example.com", essay="x" * (MOST_CHARACTERS + 1))["essay"]
    assert "64 kB" in problems(**{f"f{n}": "é" * 1900 for n in range(20)})[""]
    assert "NUL" in problems(email="a@example.com", x="a\x00b")["x"]
    assert "half a character" in problems(email="a@example.com", x="\ud800")["x"]
    assert "half a character" in problems(email="a@example.com", **{"x\udfff": "é"})["'x\\udfff'"]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=12))
def test_no_fields_make_it_raise_and_nothing_unclean_gets_through(fields: dict[str, str]) -> None:
    found = normalise({**fields, "email": "ann@example.com"}, {}, "US", REGIONS)
    if isinstance(found, Draft):
        for text in (found.first_name, found.last_name, found.company, *found.fields, *found.fields.values()):
            text.encode("utf-8")
            assert "\x00" not in text
    else:
        assert all(found.fields.values())
