import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.core.length import segments, spoken_seconds
from warmline.core.message import TemplateError, Use, compared, render, variables_of
from warmline.core.playbook import Template


def text(body: str, subject: str = "") -> Template:
    return Template("ack", "text", body, subject)


def test_fills_in_subject_and_words() -> None:
    variables = {"lead": {"first_name": "Ann"}, "company": {"name": "Acme"}}
    said = render(
        text("Hi {{ lead.first_name }},\n\nthis is {{ company.name }}.\n", "For\n {{ lead.first_name }}"), variables
    )
    assert said.subject == "For Ann"
    assert said.text == "Hi Ann,\n\nthis is Acme."


@pytest.mark.parametrize("lead", [{}, {"first_name": ""}, {"first_name": "  "}, {"first_name": None}])
def test_a_missing_or_empty_name_takes_the_fall_back(lead: dict[str, object]) -> None:
    body = text('Hi {{ lead.first_name | default: "there" }}')
    assert render(body, {"lead": lead}).text == "Hi there"


def test_a_missing_name_without_a_fall_back_is_an_error_that_says_what_to_write() -> None:
    with pytest.raises(TemplateError) as error:
        render(text("Hello\nHi {{ lead.first_name }}"), {"lead": {}})
    assert error.value.variable == "lead.first_name"
    assert error.value.line == 2
    assert '{{ lead.first_name | default: "..." }}' in str(error.value)
    assert str(error.value).startswith("Template ack, line 2: ")


def test_a_missing_custom_field_is_named_in_full() -> None:
    with pytest.raises(TemplateError) as error:
        render(text("Hi {{ lead.fields.budget }}"), {"lead": {}})
    assert error.value.variable == "lead.fields.budget"


def test_an_unknown_value_is_false_in_a_condition() -> None:
    body = text("{% if lead.company %}At {{ lead.company }}{% else %}At home{% endif %}")
    assert render(body, {"lead": {}}).text == "At home"
    assert render(body, {"lead": {"company": "Acme"}}).text == "At Acme"


def test_words_are_not_escaped_and_are_never_read_as_liquid() -> None:
    assert (
        render(text("{{ lead.first_name }}"), {"lead": {"first_name": "O'Neil & {{ x }}"}}).text == "O'Neil & {{ x }}"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ x",
        "{% if x %}",
        "{{ x | nothing }}",
        "{% include 'a' %}",
        "{% render 'a' %}",
        "{% for i in (1..99999999) %}a{% endfor %}",
    ],
)
def test_what_is_not_liquid_or_reads_files_or_never_ends_is_refused(body: str) -> None:
    with pytest.raises(TemplateError):
        render(text(body), {"x": 1})


def test_lists_the_variables_with_their_lines() -> None:
    body = '{{ lead.first_name | default: "x" }}\n{% if event.form == "a" %}{{ lead.fields.budget }}{% endif %}'
    assert variables_of(body) == (Use("lead.first_name", 1), Use("event.form", 2), Use("lead.fields.budget", 2))


def test_lists_what_a_variable_is_compared_with_and_nothing_else() -> None:
    body = (
        '{% if touch.channel == "sms" and event.form == "a" %}x{% elsif "email" != touch.channel %}y{% endif %}\n'
        '{% unless touch.channel contains "mail" %}{{ touch.channel | default: "b" }}{% endunless %}\n'
        '{% case touch.channel %}{% when "call", "voicemail" %}{% if touch["channel"] == "fax" %}z{% endif %}{% endcase %}'
    )
    assert set(compared(body, "touch.channel")) == {
        Use("sms", 1), Use("email", 1), Use("call", 3), Use("voicemail", 3), Use("fax", 3)
    }  # fmt: skip


def test_what_is_not_liquid_is_compared_with_nothing() -> None:
    with pytest.raises(TemplateError):
        compared("{% if x %}", "touch.channel")


def test_numbers_are_written_as_people_there_write_them() -> None:
    body = text("{{ rep.phone | phone }}")
    assert render(body, {"rep": {"phone": "+15550104477"}}).text == "555-010-4477"
    assert render(body, {"rep": {"phone": "+442079460000"}}).text == "+442079460000"


@pytest.mark.parametrize(
    ("body", "encoding", "units", "count"),
    [
        ("", "gsm7", 0, 0),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("a" * 152 + "€" + "b" * 152, "gsm7", 306, 3),  # the escape may not be cut in two
        ("é" * 160, "gsm7", 160, 1),
        ("ж" * 70, "ucs2", 70, 1),
        ("ж" * 71, "ucs2", 71, 2),
        ("😀" * 35, "ucs2", 70, 1),
        ("😀" * 36, "ucs2", 72, 2),
        ("ж" * 66 + "😀" + "ж" * 66, "ucs2", 134, 3),  # nor may the surrogate pair
    ],
)
def test_counts_segments_as_carriers_bill_them(body: str, encoding: str, units: int, count: int) -> None:
    counted = segments(body)
    assert (counted.encoding, counted.units, counted.count) == (encoding, units, count)


def test_names_the_character_that_makes_a_text_expensive() -> None:
    assert segments("It’s here").odd == "’"
    assert segments("It's here").odd == ""


@given(st.text(max_size=400), st.characters(codec="utf-8"))
def test_a_longer_text_never_takes_fewer_segments(body: str, char: str) -> None:
    assert segments(body + char).count >= segments(body).count


def test_a_spoken_number_takes_its_digits() -> None:
    assert spoken_seconds("one " * 150) == 60
    assert spoken_seconds("555-010-4477") == 4
    assert spoken_seconds("don't") == 0.4
