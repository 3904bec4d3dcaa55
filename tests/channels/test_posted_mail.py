"""Mail that people write and providers post: whole or in parts, as each of them does."""

import base64
import json
import tracemalloc
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from tests.channels.conformance import KEY, NOW, PUBLIC, touch
from tests.channels.signing import MAIL_SECRET, Signer
from warmline.channels.contract import BadCallback, Callback, Signal
from warmline.channels.email.tokens import message_id

OURS = message_id(touch(1), "acme.test", KEY)
RAW = f"From: Ann <ann@lead.test>\r\nTo: sam@acme.test\r\nIn-Reply-To: {OURS}\r\nSubject: Re\r\n\r\nTuesday works\r\n"
PARTS = {"from": "Ann <ann@lead.test>", "subject": "Re", "text": "Tuesday works"}


def multipart(fields: dict[str, str]) -> tuple[bytes, str]:
    parts = "".join(f'--xx\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
    return f"{parts}--xx--\r\n".encode(), "multipart/form-data; boundary=xx"


def form(fields: dict[str, str]) -> tuple[bytes, str]:
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


INBOUND: list[tuple[str, str, bytes, str]] = [
    ("postmark", "postmark/inbound", json.dumps({"RawEmail": RAW}).encode(), "application/json"),
    ("sendgrid", "sendgrid/inbound", *multipart({"email": RAW, "envelope": '{"to":["sam@acme.test"],"from":"ann@lead.test"}'})),
    ("sendgrid", "sendgrid/inbound", *multipart({**PARTS, "headers": f"In-Reply-To: {OURS}\nTo: sam@acme.test"})),
    ("mailgun", "mailgun/inbound", *multipart({"recipient": "sam@acme.test", "sender": "ann@lead.test", "body-mime": RAW})),
    (
        "mailgun",
        "mailgun/inbound",
        *form(
            {
                "from": "ann@lead.test", "subject": "Re", "stripped-text": "Tuesday works",
                "message-headers": json.dumps([["In-Reply-To", OURS]]),
            }
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "door", "body", "content_type"), INBOUND)
def test_a_posted_mail_is_read_whole_or_from_its_parts(
    name: str, door: str, body: bytes, content_type: str, signer: Signer
) -> None:
    callback = Callback(
        "POST", f"{PUBLIC}/hooks/email/x", {"content-type": content_type}, body, f"{MAIL_SECRET}/{door}"
    )
    (signal,) = signer.channel(name).read(callback, NOW)
    assert (signal.kind, signal.sender, signal.touch_id) == ("inbound", "ann@lead.test", touch(1))
    assert "Tuesday works" in signal.text or "VHVlc2RheSB3b3Jrcw" in signal.text


@pytest.mark.parametrize("encoding", ["BASE64", "UTF-8"])
def test_a_mail_that_ses_received_is_read_from_the_notification(
    encoding: str, read: Callable[..., list[Signal]]
) -> None:
    content = base64.b64encode(RAW.encode()).decode() if encoding == "BASE64" else RAW
    receipt = {"recipients": ["sam@acme.test"], "action": {"type": "SNS", "encoding": encoding}}
    message = {
        "notificationType": "Received",
        "mail": {"source": "ann@lead.test"},
        "receipt": receipt,
        "content": content,
    }
    assert [(one.kind, one.touch_id) for one in read("ses", message)] == [("inbound", touch(1))]
    with pytest.raises(BadCallback, match="SNS action"):
        read("ses", {key: value for key, value in message.items() if key != "content"})


def test_half_of_an_emoji_in_a_raw_mail_spoils_nothing_else(read: Callable[..., list[Signal]]) -> None:
    broken = RAW.replace("works", "\ud83d works")
    received = {"notificationType": "Received", "mail": {"source": "ann@lead.test"}, "content": broken}
    for signals in (read("postmark", {"RawEmail": broken}, "postmark/inbound"), read("ses", received)):
        assert [(one.touch_id, one.text) for one in signals] == [(touch(1), "Tuesday ? works")]


@pytest.mark.parametrize(
    ("name", "door", "post"),
    [
        (
            "sendgrid",
            "sendgrid/inbound",
            lambda mail: multipart({"email": mail, "envelope": '{"from":"ann@lead.test"}'}),
        ),
        ("mailgun", "mailgun/inbound", lambda mail: form({"body-mime": mail, "sender": "ann@lead.test"})),
        ("postmark", "postmark/inbound", lambda mail: (json.dumps({"RawEmail": mail}).encode(), "application/json")),
        ("postmark", "raw", lambda mail: (mail.encode(), "message/rfc822")),
    ],
    ids=["in parts", "as a form", "as JSON", "as it is"],
)
def test_a_mail_with_thirty_megabytes_is_read_without_many_copies_of_it(
    name: str, door: str, post: Callable[[str], tuple[bytes, str]], signer: Signer
) -> None:
    attached = ("QUJD" * 19 + "\r\n") * 400_000
    body, kind = post(f"{RAW}\r\n{attached}")
    callback = Callback("POST", PUBLIC, {"content-type": kind}, body, f"{MAIL_SECRET}/{door}")
    tracemalloc.start()
    (signal,) = signer.channel(name).read(callback, NOW)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (signal.touch_id, signal.text.splitlines()[0]) == (touch(1), "Tuesday works")
    assert most < 2.5 * len(body)
