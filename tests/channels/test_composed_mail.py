"""What a mail looks like when it leaves: its headers, its two forms, and what nobody can write into it."""

import email
import email.policy
import re
from dataclasses import replace
from email.charset import BASE64, QP, Charset
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.conformance import KEY, NOW, PUBLIC, message, touch
from tests.channels.test_smtp import MAIL, SENDER
from warmline.channels.email.compose import compose
from warmline.channels.email.tokens import message_id, read_address, read_message_id, reply_address


def read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)  # type: ignore[return-value]


def test_a_mail_has_both_forms_and_every_header_a_follow_up_needs() -> None:
    mail = compose(MAIL, SENDER, KEY, NOW)
    parsed = read(mail.content)
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert parsed["From"] == "Sam at Acme <sam@acme.test>"
    assert parsed["To"] == "lead1@lead.test"
    assert parsed["Date"].datetime == NOW
    assert parsed["In-Reply-To"] == message_id(touch(3), "acme.test", KEY)
    assert parsed["References"] == f"{message_id(touch(2), 'acme.test', KEY)} {message_id(touch(3), 'acme.test', KEY)}"
    assert parsed["List-Unsubscribe"] == f"<{PUBLIC}/u/token>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert parsed["Message-ID"] == mail.message_id == message_id(touch(1), "acme.test", KEY)
    assert read_message_id(parsed["Message-ID"], KEY) == touch(1)
    assert read_address(parsed["Reply-To"], KEY) == ("reply", touch(1))
    assert read_address(mail.envelope_from, KEY) == ("bounce", touch(1))


LONG_HOST = "follow-up.springfield-roofing-and-sons.test"  # longer than most, and with it every link


def test_links_and_message_ids_are_written_out_whatever_their_length() -> None:
    link = f"https://{LONG_HOST}/u/{touch(1)}.abcdefghijklmnop"
    sender = replace(SENDER, domain=LONG_HOST, reply_domain=LONG_HOST, bounce_domain=LONG_HOST)
    marks = {"Feedback-ID": "x" * 90, "X-SMTPAPI": '{"unique_args": {"touch": "' + "x" * 60 + '"}}'}
    content = compose(replace(MAIL, unsubscribe_url=link), sender, KEY, NOW, marks).content
    first, latest = (message_id(touch(number), LONG_HOST, KEY) for number in (2, 3))
    for line in (
        f"List-Unsubscribe: <{link}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"Message-ID: {message_id(touch(1), LONG_HOST, KEY)}",
        f"In-Reply-To: {latest}",
        f"References: {first}\r\n {latest}",
        f"Reply-To: {reply_address(touch(1), LONG_HOST, KEY)}",
        f"Feedback-ID: {'x' * 90}",
    ):
        assert f"\r\n{line}\r\n".encode() in content
    assert b"=?" not in content.split(b"\r\n\r\n")[0]
    parsed = read(content)
    assert parsed["List-Unsubscribe"] == f"<{link}>"
    assert parsed["References"] == f"{first} {latest}"
    assert parsed["In-Reply-To"] == latest
    assert parsed["X-SMTPAPI"] == marks["X-SMTPAPI"]


@given(subject=st.text(st.sampled_from("ab  é😀,;"), max_size=200) | st.integers(1, 3_000).map("x".__mul__))
def test_a_subject_is_read_back_as_it_was_and_no_line_is_longer_than_a_server_takes(subject: str) -> None:
    content = compose(replace(MAIL, subject=subject), SENDER, KEY, NOW).content
    assert read(content)["Subject"] == subject.strip()
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_a_mail_that_nobody_can_leave_has_no_unsubscribe_headers() -> None:
    parsed = read(compose(message("email"), replace(SENDER, reply_domain=""), KEY, NOW).content)
    assert parsed["List-Unsubscribe"] is None
    assert parsed["List-Unsubscribe-Post"] is None
    assert parsed["Reply-To"] is None
    assert parsed.get_content_type() == "text/plain"


NASTY = st.text(st.sampled_from('a é\r\n\x00\x0b\u2028:,<>"Bc'), max_size=40)


@given(subject=NASTY, name=NASTY, unsubscribe=NASTY, reply=NASTY)
def test_no_text_can_add_a_header(subject: str, name: str, unsubscribe: str, reply: str) -> None:
    given_mail = replace(
        MAIL,
        subject=f"{subject}\r\nBcc: x@evil.test",
        unsubscribe_url=f"https://a.test/{unsubscribe}\r\nBcc: x@evil.test",
        follows=(f"{reply}\r\nBcc: x@evil.test",),
    )
    content = compose(given_mail, replace(SENDER, name=name), KEY, NOW).content
    head = content.split(b"\r\n\r\n", 1)[0]
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")}
    assert b"bcc" not in names
    assert names <= {
        *(b"date", b"from", b"to", b"subject", b"message-id", b"reply-to", b"in-reply-to", b"references"),
        *(
            b"list-unsubscribe",
            b"list-unsubscribe-post",
            b"mime-version",
            b"content-type",
            b"content-transfer-encoding",
        ),
    }


#: What somebody may write into the field for their name: a line end, a header and a text of their own.
HIDDEN = "x\r\nBcc: x@evil.test\r\n\r\nPay here"


@pytest.mark.parametrize("recipient", ["ann@lead.test", "änn@lead.test"])
@pytest.mark.parametrize("around", ["{} has a question", "{} möchte etwas wissen", "{}"])
@pytest.mark.parametrize("encoding", ["q", "b"])
def test_an_encoded_word_in_a_leads_name_adds_no_header_and_no_text(recipient: str, around: str, encoding: str) -> None:
    charset = Charset("utf-8")
    charset.header_encoding = QP if encoding == "q" else BASE64
    subject = around.format(charset.header_encode(HIDDEN))
    head, _, body = compose(replace(MAIL, to=recipient, subject=subject), SENDER, KEY, NOW).content.partition(
        b"\r\n\r\n"
    )
    assert not re.search(rb"(?mi)^bcc", head)
    assert b"Subject: " in head
    assert b"Message-ID: " in head
    assert b"Pay here" not in body


@given(
    subject=st.lists(st.sampled_from(["=?utf-8?q?=E9?=", "=?utf-8?b?6Q?=", "=?us-ascii?q?=80?=", "é", "Ann ", "=?"]))
)
def test_an_encoded_word_of_whatever_bytes_is_text_like_any_other(subject: list[str]) -> None:
    content = compose(replace(MAIL, subject="".join(subject)), SENDER, KEY, NOW).content
    assert read(content)["Subject"].replace(" ", "") == "".join(subject).replace(" ", "")
