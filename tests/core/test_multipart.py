"""Forms in parts, as browsers write them and as nobody should."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.core.multipart import MOST_HEAD, MOST_PARTS, NoFormError, Part, read_parts

KIND = "multipart/form-data; boundary=x"
NESTED = "Content-Type: multipart/mixed; boundary=y\r\n"


def part(disposition: str, body: str = "v", more: str = "") -> bytes:
    return f"--x\r\nContent-Disposition: {disposition}\r\n{more}\r\n{body}\r\n".encode()


def read(*parts: bytes, kind: str = KIND, most: int = 1_000) -> list[Part]:
    return list(read_parts(kind, b"".join(parts) + b"--x--\r\n", most))


def test_parts_come_in_their_order_with_names_files_and_transfer_encodings_told_apart() -> None:
    assert read(
        part('form-data; name="a"', "1"),
        part('form-data; name="Größe"', "2\r\n--y\r\n3"),
        part("form-data; name*=utf-8''na%C3%AFve", "4"),
        part('form-data; name="f"; filename="a;b.pdf"', "%PDF"),
        part('form-data; name="c"', "Sm9zw6k=", "Content-Transfer-Encoding: base64\r\n"),
        part("form-data"),
    ) == [
        Part("a", False, b"1"),
        Part("Größe", False, b"2\r\n--y\r\n3"),
        Part("naïve", False, b"4"),
        Part("f", True, b"%PDF"),
        Part("c", False, "José".encode()),
    ]


def test_of_a_part_no_more_is_taken_than_is_wanted_and_the_last_may_be_cut_short() -> None:
    begun = b'--x\r\nContent-Disposition: form-data; name="b"\r\n\r\nhalf'
    assert list(read_parts(KIND, part('form-data; name="a"', "12345") + begun, 3)) == [
        Part("a", False, b"123"), Part("b", False, b"hal")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (part('form-data; name="a"') * (MOST_PARTS + 1), "fields"),
        (part('form-data; name="' + "a" * MOST_HEAD + '"'), "headers"),
        (b"nothing", "boundary"),
    ],
)
def test_what_is_no_form_or_too_much_of_one_says_why(body: bytes, why: str) -> None:
    with pytest.raises(NoFormError, match=why):
        list(read_parts(KIND, body, 1_000))


@pytest.mark.parametrize(
    "hostile",
    [
        part('form-data; name="a"; ' + "; ".join(f"p{number}=1" for number in range(1_500))),
        part('form-data; name="a"', more="Content-Type: text/plain" + "; a=b" * 2_000 + "\r\n"),
        part('form-data; name="a"; x=' + "(" * 10_000),
        part('form-data; name="a"', more="Content-Transfer-Encoding: " + "(" * 10_000 + "\r\n"),
        part('form-data; name="a"', f"--y\r\n{NESTED}\r\n" * 9, NESTED),
    ],
)  # fmt: skip
def test_headers_without_end_and_parts_within_parts_are_one_field(hostile: bytes) -> None:
    assert [one.name for one in read(*[hostile] * 20)] == ["a"] * 20


@given(kind=st.text(max_size=60), body=st.binary(max_size=300))
def test_nothing_makes_it_raise_anything_but_its_own_error(kind: str, body: bytes) -> None:
    for one in (f"multipart/form-data; boundary={kind}", KIND):
        with suppress(NoFormError):
            list(read_parts(one, b"--x\r\n" + body + b"\r\n--x--", 100))
