import asyncio
import email
import email.policy
import re
import shutil
import ssl
import subprocess
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from email.charset import BASE64, QP, Charset
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.conformance import KEY, NOW, PUBLIC, SECRET, message, secrets, touch
from tests.e2e.support import PATIENCE
from tests.far_ends.smtp import CUT, SILENCE, WAIT, Mailbox, serve_smtp
from warmline.channels import ChannelSettingsError, build
from warmline.channels.contract import (
    Accepted,
    BadSignature,
    Callback,
    Message,
    NotSent,
    OpensFirst,
    Receipt,
    Refused,
    Unknown,
)
from warmline.channels.email.compose import Sender, UnusableAddressError, compose
from warmline.channels.email.tokens import message_id, read_address, read_message_id, reply_address

TABLE = {"provider": "smtp", "host": "127.0.0.1", "from": "Sam at Acme <sam@acme.test>", "tls": "none"}
SENDER = Sender("Sam at Acme", "sam@acme.test", "acme.test", "bounces.acme.test", "reply.acme.test")
ALSO = {"unsubscribe_url": f"{PUBLIC}/u/token", "follows": (touch(2), touch(3)), "html": "<p>Hi Zoe</p>"}
MAIL = replace(message("email"), **ALSO)


def read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)  # type: ignore[return-value]


def send(faults: dict[str, str], *messages: Message, **settings: object) -> tuple[list[Receipt], Mailbox]:
    async def steps() -> tuple[list[Receipt], Mailbox]:
        extensions = ("8BITMIME", "AUTH PLAIN", *settings.pop("extensions", ()))
        async with serve_smtp(faults, extensions=extensions) as box:
            channel = build("email", TABLE | {"port": box.port} | settings, secrets, PUBLIC, KEY, {})
            receipts = [await channel.send(one) for one in messages]
            await channel.close()
            return receipts, box

    return asyncio.run(steps())


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


@pytest.mark.parametrize(
    "to",
    [
        "",
        "lead",
        "@lead.test",
        "a@",
        "a@b, c@d",
        "Zoe <zoe@lead.test>",
        "a@b\r\nBcc: c@d",
        "a b@lead.test",
        "a@le..test",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(to: str) -> None:
    with pytest.raises(UnusableAddressError):
        compose(replace(MAIL, to=to), SENDER, KEY, NOW)
    [receipt], box = send({}, replace(MAIL, to=to))
    assert isinstance(receipt, Refused)
    assert receipt.reason == "invalid_address"
    assert box.connections == 0


def test_a_domain_with_letters_beyond_ascii_goes_out_in_its_ascii_form() -> None:
    _, box = send({}, replace(MAIL, to="zoe@bücher.test"))
    assert box.accepted[0][1] == "zoe@xn--bcher-kva.test"


def test_a_name_with_letters_beyond_ascii_needs_a_server_that_takes_it() -> None:
    [refused], _ = send({}, replace(MAIL, to="zoë@lead.test"))
    assert isinstance(refused, Refused)
    assert refused.reason == "unreachable"
    [accepted], box = send({}, replace(MAIL, to="zoë@lead.test"), extensions=("SMTPUTF8",))
    assert isinstance(accepted, Accepted)
    assert box.accepted[0][1] == "zoë@lead.test"


@pytest.mark.parametrize(
    ("faults", "kind", "reason"),
    [
        ({"CONNECT": "421 4.3.2 busy"}, NotSent, ""),
        ({"CONNECT": "554 no"}, NotSent, ""),
        ({"CONNECT": CUT}, NotSent, ""),
        ({"CONNECT": SILENCE}, NotSent, ""),
        ({"MAIL": "451 4.3.0 later"}, NotSent, ""),
        ({"MAIL": "550 5.1.1 you are nobody"}, Refused, "sender_config"),
        ({"MAIL": CUT}, NotSent, ""),
        ({"RCPT": "450 4.2.0 grey"}, NotSent, ""),
        ({"RCPT": "550 5.1.1 nobody"}, Refused, "invalid_address"),
        ({"RCPT": "550 nobody here, or not for you"}, Refused, "unknown"),
        ({"RCPT": "553 no such name"}, Refused, "invalid_address"),
        ({"RCPT": "550 5.7.1 relaying denied"}, Refused, "sender_config"),
        ({"RCPT": "552 5.2.2 full"}, Refused, "unreachable"),
        ({"RCPT": CUT}, NotSent, ""),
        ({"RCPT": SILENCE}, NotSent, ""),
        ({"DATA": "451 4.3.0 later"}, NotSent, ""),
        ({"DATA": "554 5.5.1 no"}, Refused, "sender_config"),
        ({"DATA": CUT}, NotSent, ""),
        ({"DATA": SILENCE}, NotSent, ""),
        ({"CONTENT": "451 4.7.1 later"}, NotSent, ""),
        ({"CONTENT": "554 this is spam"}, Refused, "filtered"),
        ({"CONTENT": "554 5.7.26 unauthenticated"}, Refused, "sender_config"),
        ({"CONTENT": CUT}, Unknown, ""),
        ({"CONTENT": SILENCE}, Unknown, ""),
    ],
)
def test_a_fault_at_each_step_means_what_it_means(faults: dict[str, str], kind: type, reason: str) -> None:
    [receipt], box = send(faults, MAIL, timeout=0.3)
    assert isinstance(receipt, kind)
    assert getattr(receipt, "reason", "") == reason
    assert len(box.accepted) == (1 if kind is Unknown else 0)


@pytest.mark.parametrize(
    ("said", "kind"),
    [("200 OK", Accepted), ("252 2.0.0 taken", Accepted), ("354 go on", Unknown), ("150 wait", Unknown)],
)
def test_only_a_no_after_the_content_sends_the_mail_again(said: str, kind: type) -> None:
    """A reply is what its first digit says (RFC 5321 4.2.1), and what is neither yes nor no is nothing to guess on."""
    [receipt], _ = send({"CONTENT": said}, MAIL, timeout=0.3)
    assert isinstance(receipt, kind)


@pytest.mark.parametrize("step", ["AUTH", "MAIL", "RCPT", "DATA", "CONTENT"])
def test_a_mail_that_is_broken_off_before_its_content_is_written_has_certainly_not_left(step: str) -> None:
    async def steps() -> tuple[Receipt | None, Mailbox]:
        async with serve_smtp({step: SILENCE}, extensions=("8BITMIME", "AUTH PLAIN")) as box:
            table = TABLE | {"port": box.port, "user": "sam", "password": "env:SECRET"}
            channel = build("email", table, secrets, PUBLIC, KEY, {})
            sending = asyncio.create_task(channel.send(MAIL))
            await box.silent.wait()
            sending.cancel()
            [receipt] = await asyncio.gather(sending, return_exceptions=True)
            await channel.close()
            return None if isinstance(receipt, BaseException) else receipt, box

    receipt, box = asyncio.run(steps())
    if step == "CONTENT":
        assert receipt is None, "nobody can tell"
        assert len(box.accepted) == 1
    else:
        assert isinstance(receipt, NotSent)
        assert not receipt.counts
        assert box.accepted == []


def test_a_mail_does_not_leave_when_it_was_broken_off_and_only_the_library_has_noticed() -> None:
    """wait_for of Python 3.11 loses a cancel that comes just when what it waits for is there."""

    async def broken_off(sending: Coroutine[object, object, Receipt]) -> Receipt:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        return await sending

    async def steps() -> tuple[Receipt, Mailbox]:
        async with serve_smtp() as box:
            channel = build("email", TABLE | {"port": box.port}, secrets, PUBLIC, KEY, {})
            receipt = await asyncio.create_task(broken_off(channel.send(MAIL)))
            await channel.close()
            return receipt, box

    receipt, box = asyncio.run(steps())
    assert isinstance(receipt, NotSent)
    assert not receipt.counts
    assert box.accepted == []


def test_a_mail_that_is_broken_off_while_it_waits_for_a_connection_has_certainly_not_left() -> None:
    async def steps() -> tuple[Receipt, Mailbox]:
        async with serve_smtp({"CONTENT": SILENCE}) as box:
            channel = build("email", TABLE | {"port": box.port, "concurrency": 1}, secrets, PUBLIC, KEY, {})
            first = asyncio.create_task(channel.send(message("email", 1)))
            await box.silent.wait()
            second = asyncio.create_task(channel.send(message("email", 2)))
            await asyncio.sleep(0)  # it begins
            second.cancel()
            receipt = await second
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            return receipt, box

    receipt, box = asyncio.run(steps())
    assert isinstance(receipt, NotSent)
    assert not receipt.counts
    assert (box.connections, len(box.accepted)) == (1, 1)


def test_a_wrong_password_is_the_accounts_matter() -> None:
    [receipt], box = send({"AUTH": "535 5.7.8 no"}, MAIL, user="sam", password="env:SECRET")
    assert isinstance(receipt, Refused)
    assert receipt.reason == "account_refused"
    assert SECRET not in repr(receipt)
    assert box.accepted == []


def test_mails_one_after_another_share_a_connection() -> None:
    receipts, box = send({}, *(message("email", number) for number in range(5)), user="sam", password="env:SECRET")
    assert [type(one) for one in receipts] == [Accepted] * 5
    assert box.connections == 1
    assert box.logins == [("sam", SECRET)]


def test_a_refused_recipient_does_not_cost_the_connection() -> None:
    receipts, box = send({"RCPT": "550 5.1.1 nobody"}, message("email", 1), message("email", 2))
    assert [type(one) for one in receipts] == [Refused, Refused]
    assert box.connections == 1


@pytest.mark.parametrize("tired", ["421 4.4.2 too many mails on this connection", CUT])
def test_a_kept_connection_that_the_server_gave_up_is_replaced_without_a_loss(tired: str) -> None:
    async def steps() -> tuple[list[Receipt], Mailbox]:
        async with serve_smtp(mails_per_connection=2, tired=tired) as box:
            channel = build("email", TABLE | {"port": box.port}, secrets, PUBLIC, KEY, {})
            receipts = [await channel.send(message("email", number)) for number in range(6)]
            await channel.close()
            return receipts, box

    receipts, box = asyncio.run(steps())
    assert [type(one) for one in receipts] == [Accepted] * 6
    assert [recipient for _, recipient, _ in box.accepted] == [message("email", number).to for number in range(6)]
    assert box.connections == 3


# --- a connection first -----------------------------------------------------------------------------------------------


def test_a_line_is_open_before_anything_is_sent_and_is_kept_when_nothing_is() -> None:
    async def steps() -> Mailbox:
        async with serve_smtp(extensions=("8BITMIME", "AUTH PLAIN")) as box:
            table = TABLE | {"port": box.port, "user": "sam", "password": "env:SECRET", "concurrency": 1}
            channel = build("email", table, secrets, PUBLIC, KEY, {})
            assert isinstance(channel, OpensFirst)
            first = await channel.open_line()
            assert not isinstance(first, NotSent | Refused)
            assert (first.fresh, box.logins, box.accepted) == (True, [("sam", SECRET)], [])
            first.leave()
            second = await channel.open_line()  # the one that was left: there is room for no other
            assert not isinstance(second, NotSent | Refused)
            assert not second.fresh
            assert isinstance(await second.send(replace(MAIL, to="nobody")), Refused)
            third = await channel.open_line()
            assert not isinstance(third, NotSent | Refused)
            assert isinstance(await third.send(MAIL), Accepted)
            await channel.close()
            return box

    box = asyncio.run(steps())
    assert (box.connections, len(box.accepted)) == (1, 1)


def test_a_mail_that_can_not_be_written_takes_up_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    async def steps() -> object:
        async with serve_smtp(extensions=("8BITMIME", "AUTH PLAIN")) as box:
            channel = build("email", TABLE | {"port": box.port, "concurrency": 1}, secrets, PUBLIC, KEY, {})
            assert isinstance(channel, OpensFirst)
            line = await channel.open_line()
            assert not isinstance(line, NotSent | Refused)
            with monkeypatch.context() as broken, suppress(RuntimeError):
                broken.setattr("warmline.channels.email.smtp.compose", fail)
                await line.send(MAIL)
            receipt = await asyncio.wait_for(channel.send(MAIL), PATIENCE)
            await channel.close()
            return receipt

    assert isinstance(asyncio.run(steps()), Accepted)


@pytest.mark.parametrize(
    ("faults", "kind"), [({"CONNECT": CUT}, NotSent), ({"AUTH": "535 5.7.8 no"}, Refused), ({"AUTH": CUT}, NotSent)]
)
def test_a_line_that_can_not_be_opened_says_why_and_takes_up_no_room(faults: dict[str, str], kind: type) -> None:
    async def steps() -> list[object]:
        async with serve_smtp(faults, extensions=("8BITMIME", "AUTH PLAIN")) as box:
            table = TABLE | {"port": box.port, "user": "sam", "password": "env:SECRET", "concurrency": 1}
            channel = build("email", table, secrets, PUBLIC, KEY, {})
            assert isinstance(channel, OpensFirst)
            return [await asyncio.wait_for(channel.open_line(), PATIENCE) for _ in range(2)]

    assert [type(one) for one in asyncio.run(steps())] == [kind, kind]


def test_a_line_that_is_broken_off_while_it_is_opened_takes_up_no_room() -> None:
    async def steps() -> object:
        async with serve_smtp({"AUTH": WAIT}, extensions=("8BITMIME", "AUTH PLAIN")) as box:
            table = TABLE | {"port": box.port, "user": "sam", "password": "env:SECRET", "concurrency": 1}
            channel = build("email", table, secrets, PUBLIC, KEY, {})
            assert isinstance(channel, OpensFirst)
            opening = asyncio.create_task(channel.open_line())
            await box.silent.wait()
            opening.cancel()
            broken = await opening
            assert isinstance(broken, NotSent)
            assert not broken.counts
            box.go_on.set()
            receipt = await asyncio.wait_for(channel.send(MAIL), PATIENCE)
            await channel.close()
            return receipt

    assert isinstance(asyncio.run(steps()), Accepted)


def test_never_more_connections_than_allowed() -> None:
    async def steps() -> Mailbox:
        async with serve_smtp() as box:
            channel = build("email", TABLE | {"port": box.port, "concurrency": 3}, secrets, PUBLIC, KEY, {})
            assert channel.most == 3
            await asyncio.gather(*(channel.send(message("email", number)) for number in range(30)))
            await channel.close()
            return box

    box = asyncio.run(steps())
    assert len(box.accepted) == 30
    assert box.connections <= 3


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_a_server_is_believed_only_with_a_certificate_of_the_named_authority(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=mx",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    made = [
        *command,
        "-addext",
        "keyUsage=critical,digitalSignature,keyCertSign",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def steps(**settings: object) -> tuple[Receipt, Mailbox]:
        async with serve_smtp(tls=context) as box:
            table = TABLE | {"port": box.port, "tls": "tls"} | settings
            channel = build("email", table, secrets, PUBLIC, KEY, {})
            receipt = await channel.send(MAIL)
            await channel.close()
            return receipt, box

    receipt, box = asyncio.run(steps(ca_file=str(certificate)))
    assert isinstance(receipt, Accepted)
    assert len(box.accepted) == 1
    receipt, box = asyncio.run(steps())
    assert isinstance(receipt, NotSent)
    assert box.accepted == []


def test_starttls_that_is_not_offered_sends_nothing() -> None:
    [receipt], box = send({}, MAIL, tls="starttls")
    assert isinstance(receipt, NotSent)
    assert box.accepted == []


def test_a_password_is_not_sent_in_the_clear_over_a_network() -> None:
    table = TABLE | {"host": "mail.example.com", "user": "sam", "password": "env:SECRET"}
    with pytest.raises(ChannelSettingsError, match="in the clear"):
        build("email", table, secrets, PUBLIC, KEY, {})


def test_whoever_calls_back_for_smtp_is_not_a_mail_server() -> None:
    channel = build("email", TABLE, secrets, PUBLIC, KEY, {})
    with pytest.raises(BadSignature):
        channel.read(Callback("POST", f"{PUBLIC}/hooks/email/status", {}, b""), NOW)
