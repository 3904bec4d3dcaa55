"""Reading a request: every form it may come in, and nothing that makes it raise."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import starter_files
from warmline.core.settings import ConsentRule, Source, parse_settings
from warmline.intake.sources import Parsed, Unread, parse
from warmline.intake.submission import Origin, Submission

CONFIG = parse_settings(starter_files()["warmline.toml"]).config
assert CONFIG is not None
PRICING, KEYWORD = CONFIG.sources["pricing"], CONFIG.sources["keyword"]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def read(body: bytes | str, content_type: str = JSON, source: Source = PRICING) -> Parsed:
    assert CONFIG is not None
    raw = body.encode() if isinstance(body, str) else body
    return parse(source, CONFIG, Origin(content_type=content_type, body=raw.decode("utf-8", "replace")), raw)


def one(told: Any, **more: Any) -> Submission:
    (entry,) = read(json.dumps(told), **more).entries
    assert isinstance(entry, Submission), entry
    return entry


def problem(told: Any) -> dict[str, str]:
    (entry,) = read(json.dumps(told)).entries
    assert isinstance(entry, Unread), entry
    return dict(entry.fields)


def test_json_is_read_with_the_sources_own_field_names() -> None:
    found = one({"name": "Ann Lee", "phone_number": "(212) 555-0123", "roof": "slate", "storeys": 2, "flat": False})
    assert (found.draft.phone, found.draft.first_name, found.form) == ("+12125550123", "Ann", "pricing")
    assert found.draft.fields == {"roof": "slate", "storeys": "2", "flat": "false"}


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"leads": rows}])
def test_a_list_is_read_in_its_order_with_its_problems_in_place(wrap: Any) -> None:
    rows = [{"email": "a@example.com"}, {"email": "no"}, {"email": "b@example.com"}, 7]
    found = read(json.dumps(wrap(rows)))
    assert found.many
    assert [isinstance(entry, Submission) for entry in found.entries] == [True, False, True, False]
    assert json.loads(found.problems[0].raw) == {"email": "no"}


def test_a_form_is_read_and_its_checkboxes_are_joined() -> None:
    body = urlencode([("email", "ann@example.com"), ("wish", "roof"), ("wish", "gutter"), ("agree", "on")])
    (entry,) = read(body, FORM).entries
    assert isinstance(entry, Submission)
    assert entry.draft.fields == {"wish": "roof, gutter"}
    assert [consent.level for consent in entry.consents] == ["express_written", "inquiry"]


@pytest.mark.parametrize("typed", ["first_name=Jos%E9&email=j%40x.co", "first_name=Jos%C3%A9&email=j%40x.co"])
def test_an_old_form_that_is_no_utf_8_is_read_as_what_old_forms_are(typed: str) -> None:
    (entry,) = read(typed, FORM).entries
    assert isinstance(entry, Submission)
    assert entry.draft.first_name == "José"


def test_a_multipart_form_is_read_without_its_files() -> None:
    body = (
        '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nann@example.com\r\n'
        '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nJosé Nuñez\r\n'
        '--x\r\nContent-Disposition: form-data; name="plan"; filename="a.pdf"\r\n\r\n%PDF\r\n--x--\r\n'
    )
    (entry,) = read(body, "multipart/form-data; boundary=x").entries
    assert isinstance(entry, Submission)
    assert (entry.draft.first_name, entry.draft.last_name, entry.draft.fields) == ("José", "Nuñez", {})


@pytest.mark.parametrize(
    ("ticked", "levels"),
    [
        ("on", ["express_written", "inquiry"]),
        ("1", ["express_written", "inquiry"]),
        (True, ["express_written", "inquiry"]),
        ("Yes", ["express_written", "inquiry"]),
        ("", ["inquiry"]),
        ("no", ["inquiry"]),
        (False, ["inquiry"]),
        ("0", ["inquiry"]),
        (None, ["inquiry"]),
    ],
)
def test_consent_is_only_what_was_ticked(ticked: Any, levels: list[str]) -> None:
    found = one({"email": "ann@example.com", "agree": ticked})
    assert [consent.level for consent in found.consents] == levels


def test_consent_keeps_the_words_that_the_lead_saw() -> None:
    (written, _) = one({"email": "ann@example.com", "agree": "on"}).consents
    assert written.wording == "sms-2026-11"
    assert written.wording_text.startswith("By ticking this box")


def test_an_unknown_event_is_told_which_there_are() -> None:
    assert problem({"email": "a@example.com", "event": "form.submited"}) == {
        "event": 'There is no event "form.submited". Did you mean form.submitted?'
    }
    assert "appointment.missed" in problem({"email": "a@example.com", "event": "zzz"})["event"]


def test_other_events_come_in_by_the_same_door() -> None:
    found = one({"phone_number": "2125550123", "event": "keyword.received", "keyword": " QUOTE "})
    assert (found.kind, found.keyword, found.form, found.draft.fields) == ("keyword.received", "QUOTE", "", {})


def test_a_keyword_source_takes_only_the_words_that_it_lists() -> None:
    (found,) = read(json.dumps({"phone": "2125550123", "keyword": "quote!"}), source=KEYWORD).submissions
    assert (found.kind, found.keyword, len(found.consents)) == ("keyword.received", "QUOTE", 2)
    (wrong,) = read(json.dumps({"phone": "2125550123", "keyword": "hello"}), source=KEYWORD).problems
    assert wrong.fields == {"keyword": '"hello" is no keyword of this source. Known here: QUOTE.'}


def test_a_problem_names_the_senders_field_and_what_to_write() -> None:
    found = problem({"phone_number": "12", "email": "x"})
    assert found == {
        "phone_number": "'12' is no valid phone number in US. Write: +1 201 555 0123",
        "email": "'x' is no mail address. Write: ann@example.com",
    }


def test_what_is_missing_altogether_is_named_as_the_sender_calls_it() -> None:
    assert set(problem({"first_name": "Ann"})) == {"phone_number", "email"}
    assert set(problem({"first_name": "Ann", "phone_number": " "})) == {"phone_number", "email"}


def test_what_is_to_be_done_about_two_fields_alike_is_said_once() -> None:
    (entry,) = read("{}").problems
    assert entry.reason == (
        "phone_number, email: To reach the lead, give a phone number or a mail address."
        " Write: +1 201 555 0123 or ann@example.com"
    )
    (entry,) = read(json.dumps({"phone_number": "12", "email": "x"})).problems
    assert entry.reason == (
        "phone_number: '12' is no valid phone number in US. Write: +1 201 555 0123; "
        "email: 'x' is no mail address. Write: ann@example.com"
    )


def test_an_entry_of_a_list_that_is_no_lead_is_kept_by_itself() -> None:
    entries = read(json.dumps([{"email": "a@example.com"}, 7, None, "Ann", {"\x00": "x"}])).entries
    kept = [entry.raw for entry in entries if isinstance(entry, Unread)]
    assert [json.loads(raw) for raw in kept] == [7, None, "Ann", {"\x00": "x"}]


@pytest.mark.parametrize("name", ["a", "lead", "k" * 1_000])
def test_a_lead_nested_without_end_takes_no_more_room_than_it_came_with(name: str) -> None:
    inner: Any = {str(number): "x" for number in range(60)}
    for _ in range(800):
        inner = {name: inner}
    body = json.dumps({"email": "a@example.com", "deep": inner})
    (entry,) = read(body).entries
    kept = json.loads(entry.raw) if isinstance(entry, Unread) else dict(entry.raw)
    assert kept["email"] == "a@example.com"
    assert sum(map(len, kept)) + sum(map(len, kept.values())) < 2 * len(body)
    assert '"59"' in "".join(kept.values()), "nothing is lost"


def test_json_of_whatever_depth_is_read_or_said_to_be_unreadable() -> None:
    for depth in range(900, 1_050):
        for begin, end in (('{"a":', "}"), ('{"lead":', "}"), ('{"a":[', "]}"), ("[", "]")):
            assert read(f"{begin * depth}1{end * depth}").entries


def test_a_byte_order_mark_before_json_is_no_part_of_it() -> None:
    for content_type in (JSON, ""):
        (entry,) = read("\ufeff" + json.dumps({"email": "ann@example.com"}), content_type).entries
        assert isinstance(entry, Submission), entry


def test_a_filled_in_honeypot_is_no_lead() -> None:
    assert list(problem({"email": "a@example.com", "_gotcha": "buy now"})) == ["_gotcha"]


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"[]", b"\xff\xfe", b"null", b'"x"', b"[" * 5000])
def test_a_body_that_is_no_json_says_so(body: bytes) -> None:
    found = read(body)
    assert found.submissions == []
    assert all(entry.reason for entry in found.problems)
    assert found.problems


_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    body=st.binary(max_size=400),
    content_type=st.sampled_from([JSON, FORM, "", "multipart/form-data; boundary=x", "text/x"]),
)
def test_no_bytes_make_it_raise_and_none_are_lost(body: bytes, content_type: str) -> None:
    found = read(body, content_type)
    assert found.entries
    assert all(entry.reason for entry in found.problems)


@given(told=st.dictionaries(st.sampled_from(["email", "phone", "name", "agree", "event", "x", "fields", ""]), _values))
def test_no_json_makes_it_raise(told: Any) -> None:
    found = read(json.dumps(told))
    assert len(found.entries) == 1
    for entry in found.submissions:
        assert entry.draft.email or entry.draft.phone


@given(st.lists(st.tuples(st.text(max_size=10), st.text(max_size=40)), max_size=20))
def test_no_form_makes_it_raise(pairs: list[tuple[str, str]]) -> None:
    found = read(urlencode(pairs, errors="surrogatepass"), FORM)
    assert len(found.entries) == 1


def test_a_source_may_call_our_event_field_something_else() -> None:
    source = Source("x", map={"event": "type"}, consent=(ConsentRule("inquiry", ("email",)),))
    found = one({"email": "a@example.com", "type": "call.missed", "event": "Garden party"}, source=source)
    assert (found.kind, found.draft.fields) == ("call.missed", {"event": "Garden party"})
