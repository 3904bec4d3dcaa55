"""What Kannel is asked, what its answers mean, and what it tells."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from tests.channels.conformance import KEY, NOW, PUBLIC, message, secrets, touch
from tests.far_ends.kannel_form import KannelForm
from tests.far_ends.web import serve
from warmline import rules
from warmline.channels import ChannelSettingsError, build
from warmline.channels.contract import (
    Accepted,
    BadCallback,
    BadSignature,
    Callback,
    Channel,
    NotSent,
    Refused,
    Signal,
    Unknown,
)  # fmt: skip
from warmline.channels.http import Answer
from warmline.channels.sms.kannel_answers import read_receipt
from warmline.channels.sms.kannel_callbacks import code_of

OLD, NEW = "the-old-secret-of-tests", "the-new-secret-of-tests"
TABLE: dict[str, object] = {
    "provider": "kannel", "username": "warmline", "password": "pw", "from": "13013", "hook_secret": [NEW, OLD],
}  # fmt: skip
CLASSES = rules.provider_errors().classes_by_code()


def kannel(public_url: str = PUBLIC, **settings: object) -> Channel:
    return build("sms", TABLE | settings, secrets, public_url, KEY, CLASSES)


def asked(text: str, public_url: str = PUBLIC, **settings: object) -> dict[str, str]:
    """The headers of one hand-over."""

    async def steps() -> dict[str, str]:
        far = KannelForm(password="pw")
        async with serve(far.app()) as base_url:
            channel = kannel(public_url, base_url=base_url, **settings)
            assert await channel.send(message("sms", text=text)) == Accepted(touch(1))
            await channel.close()
            assert far.texts == [text]
            return far.asked[0]

    return asyncio.run(steps())


@pytest.mark.parametrize(
    ("text", "coding"), [("Hi {Zoe}, 5€?", "0"), ("Zoë", "2"), ("It’s 👍", "2"), ("@£$¥ Straße", "0")]
)
def test_the_alphabet_is_told_because_kannel_would_write_question_marks(text: str, coding: str) -> None:
    given = asked(text)
    assert (given["coding"], given["content-type"]) == (coding, "text/plain; charset=UTF-8")


def test_our_touch_is_in_the_address_of_the_report_and_the_newest_secret_too() -> None:
    given = asked("Hi", validity_minutes=90)
    assert (given["to"], given["from"], given["dlr-mask"], given["validity"]) == (
        message("sms").to,
        "13013",
        "31",
        "90",
    )
    filled = given["dlr-url"].replace("%d", "1").replace("%F", "smsc-1").replace("%A", quote("stat:DELIVRD err:000"))
    parts = urlsplit(filled)
    assert filled.startswith(f"{PUBLIC}/hooks/sms/{NEW}/dlr?")
    assert {name: value for name, (value,) in parse_qs(parts.query).items()} == {
        "touch": touch(1), "lead": "lead-1", "st": "1", "id": "smsc-1", "said": "stat:DELIVRD err:000",
    }  # fmt: skip


def test_a_per_cent_sign_of_ours_is_doubled_because_kannel_fills_them_in() -> None:
    assert asked("Hi", "http://acme.test/a%20b")["dlr-url"].startswith(f"http://acme.test/a%%20b/hooks/sms/{NEW}/dlr?")


@pytest.mark.parametrize(
    ("status", "body", "receipt"),
    [
        (202, "0: Accepted for delivery", Accepted("t")),
        (202, "3: Queued for later delivery", Accepted("t")),
        (202, "Sent.", Accepted("t")),
        (403, "Authorization failed for sendsms", Refused("account_refused", "no_login", "Authorization failed for sendsms")),
        (403, "Not routable. Do not try again.", Refused("sender_config", "no_route", "Not routable. Do not try again.")),
        (400, "Number(s) has/have been denied by white- and/or black-lists.",
         Refused("filtered", "number_denied", "Number(s) has/have been denied by white- and/or black-lists.")),
        (404, "", Refused("unknown", "http_404", "no reason given")),
    ],
)  # fmt: skip
def test_kannels_answers_by_their_words(status: int, body: str, receipt: object) -> None:
    assert read_receipt(Answer(status, {}, body.encode()), "t", CLASSES["kannel"]) == receipt


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, "Temporal failure, try again later.", NotSent),  # the bearerbox did not store it
        (503, "<html>upstream timed out</html>", Unknown),  # a proxy: the smsbox may have it
        (500, "Sending failed.", Unknown),
        (502, "", Unknown),
        (408, "", Unknown),
        (200, "<html>welcome</html>", Unknown),
        (301, "", Refused),
    ],
)
def test_only_kannels_own_words_make_it_certain(status: int, body: str, kind: type) -> None:
    receipt = read_receipt(Answer(status, {}, body.encode()), "t", CLASSES["kannel"])
    assert isinstance(receipt, kind)
    if isinstance(receipt, NotSent):
        assert receipt.retry_after > timedelta(0)


def told(tail: str, secret: str = NEW, **fields: str | bytes) -> Callback:
    return Callback("GET", f"{PUBLIC}/hooks/sms/{secret}/{tail}?{urlencode(fields)}", {}, b"", f"{secret}/{tail}")


def read(callback: Callback) -> list[Signal]:
    return kannel().read(callback, NOW)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_the_old_and_the_new_secret_both_count_while_one_is_rotated(secret: str) -> None:
    assert read(told("dlr", secret, touch=touch(1), st="1"))[0].kind == "delivered"


@pytest.mark.parametrize("tail", ["dlr", f"{NEW}x/dlr", f"{NEW[:-1]}/dlr", "/dlr", "é/dlr", ""])
def test_without_the_secret_nothing_is_read(tail: str) -> None:
    with pytest.raises(BadSignature):
        read(Callback("GET", f"{PUBLIC}/hooks/sms/{tail}?st=1&touch=t", {}, b"", tail))


@pytest.mark.parametrize(
    ("status", "said", "kind", "reason", "code"),
    [
        ("1", "", "delivered", "", ""),
        ("8", "ACK/", "sent", "", ""),
        ("2", "id:7 sub:001 dlvrd:000 submit date:2611241530 done date:2611241531 stat:EXPIRED err:027 text:Hi",
         "failed", "unreachable", "EXPIRED:027"),
        ("2", "stat:UNDELIV err:001", "failed", "unreachable", "UNDELIV:001"),
        ("2", "stat:REJECTD err:099", "failed", "unknown", "REJECTD:099"),
        ("2", "", "failed", "unknown", "dlr_2"),
        ("16", "NACK/0x0000000b/Invalid Destination Address", "failed", "invalid_number", "0x0000000b"),
        ("16", "NACK/0x00000045/Submit Failed", "failed", "unknown", "0x00000045"),
        ("16", "NACK/", "failed", "unknown", "dlr_16"),
    ],
)  # fmt: skip
def test_a_report_becomes_a_signal_with_its_class(status: str, said: str, kind: str, reason: str, code: str) -> None:
    [signal] = read(told("dlr", touch=touch(3), st=status, said=said, id="smsc-1"))
    assert (signal.kind, signal.touch_id, signal.reason, signal.code) == (kind, touch(3), reason, code)
    assert signal.key == f"{touch(3)}:dlr:{status}"


def test_a_message_that_kannel_has_buffered_is_no_signal() -> None:
    assert read(told("dlr", touch=touch(1), st="4")) == []


@pytest.mark.parametrize(
    ("charset", "body"), [("UTF-8", "Zoë 👍".encode()), ("", b"Zo\xc3\xab"), ("UTF-16BE", "Zoë".encode("utf-16-be")),
                          ("WINDOWS-1252", b"Zo\xeb"), ("iso-8859-1", b"Zo\xeb")],
)  # fmt: skip
def test_a_text_is_read_in_the_charset_it_came_in(charset: str, body: bytes) -> None:
    fields = {"from": "+15558675310", "to": "13013", "id": "m1", "charset": charset, "text": body}
    [signal] = read(told("inbound", **fields))
    assert signal.text.startswith("Zoë")
    assert (signal.sender, signal.recipient) == ("+15558675310", "13013")
    assert signal.key.startswith("m1:inbound:")


@pytest.mark.parametrize(
    ("sender", "country", "number"),
    [
        ("447400123456", "GB", "+447400123456"),
        ("00447400123456", "gb", "+447400123456"),
        ("07400123456", "GB", "+447400123456"),
        ("5512345678", "MX", "+525512345678"),
        ("2125550123", "US", "+12125550123"),
        ("ACME", "GB", "ACME"),
    ],
)
def test_who_wrote_is_read_where_the_gateway_stands(sender: str, country: str, number: str) -> None:
    fields = {"from": sender, "to": "13013", "id": "m1", "text": "STOP"}
    [signal] = kannel(country=country).read(told("inbound", **fields), NOW)
    assert signal.sender == number


@pytest.mark.parametrize(
    ("told_at", "at"),
    [
        (str(int(NOW.timestamp()) - 10_800), NOW - timedelta(hours=3)),
        (str(int(NOW.timestamp()) + 60), NOW),
        (str(int(NOW.timestamp()) + 61), NOW),
        (None, NOW),
        ("", NOW),
        ("-1", NOW),
        ("0", NOW),
        ("2026-11-24 10:30", NOW),
        ("9" * 11, NOW),
        ("9" * 40, NOW),
    ],
)
def test_a_text_was_written_when_kannel_got_it(told_at: str | None, at: datetime) -> None:
    fields = {"from": "+15558675310", "to": "13013", "id": "m1", "text": "STOP"}
    [signal] = read(told("inbound", **fields | ({} if told_at is None else {"ts": told_at})))
    assert signal.at == at


def test_texts_of_a_gateway_that_gives_them_all_one_id_are_told_apart_and_one_told_twice_is_not() -> None:
    same = {"from": "+15558675310", "to": "13013", "id": "%I", "ts": "1795534200"}
    keys = [
        read(told("inbound", **same | {"text": text} | more))[0].key
        for text, more in (("Hi", {}), ("Hi", {}), ("STOP", {}), ("Hi", {"ts": "1795534260"}))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_an_id_that_no_key_can_hold_is_cleaned_and_the_text_is_heard() -> None:
    fields = {"from": "+15558675310\x00", "to": "13013", "id": "a\x00\u202eb" + "c" * 500, "text": "STOP"}
    [signal] = read(told("inbound", **fields))
    assert (signal.sender, signal.provider_id) == ("+15558675310", "ab" + "c" * 198)
    assert signal.key.startswith(f"{signal.provider_id}:inbound:")
    [report] = read(told("dlr", touch=f"{touch(1)}\x00", st="1"))
    assert (report.touch_id, report.key) == (touch(1), f"{touch(1)}:dlr:1")


@pytest.mark.parametrize(
    ("tail", "fields"),
    [
        ("dlr", {"st": "1"}),
        ("dlr", {"touch": "t", "st": "3"}),
        ("dlr", {"touch": "t"}),
        ("inbound", {"from": "+1", "to": "2", "text": "Hi"}),
        ("inbound", {"from": "", "to": "2", "text": "Hi", "id": "m"}),
        ("inbound", {"from": "+1", "to": "2", "text": "Hi", "id": "\x00"}),
        ("inbound", {"from": "+1", "to": "2", "text": b"\xff", "id": "m"}),
        ("inbound", {"from": "+1", "to": "2", "text": "Hi", "id": "m", "charset": "KLINGON"}),
        ("elsewhere", {}),
        ("dlr", {f"f{number}": "1" for number in range(60)}),
    ],
)
def test_what_makes_no_sense_is_kept_apart_and_never_shows_the_secret(tail: str, fields: dict[str, str]) -> None:
    with pytest.raises(BadCallback) as raised:
        read(told(tail, **fields))
    assert NEW not in str(raised.value)


def test_the_reason_is_found_wherever_the_smsc_writes_it() -> None:
    assert code_of("id:1 sub:1 stat:undeliv err:0a1 text:stat") == "UNDELIV:0a1"
    assert code_of("err:005") == "005"
    assert code_of("some words") == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hook_secret": "too-short"}, ["hook_secret", "at least 16", "token_urlsafe"]),
        ({"hook_secret": "a secret with spaces in it"}, ["hook_secret", "letters, digits"]),
        ({"hook_secret": [NEW, "short"]}, ["at least 16"]),
        ({"from": "Zoë"}, ["from", "plain ASCII"]),
        ({"country": "England"}, ["country", "ENGLAND", 'Write country = "GB"']),
        ({"country": "XX"}, ["country", "XX"]),
        ({"password": "pass\nword"}, ["password", "plain ASCII"]),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_shown(settings: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ChannelSettingsError) as raised:
        kannel(**settings)
    assert [word for word in words if word not in str(raised.value)] == []
    assert NEW not in str(raised.value)
