"""A mail on its way to a server: what each of its answers means, and connections that are kept."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import aiosmtplib
import pytest

from tests.channels.conformance import KEY, NOW, PUBLIC, SECRET, message, secrets, touch
from tests.e2e.support import PATIENCE
from tests.far_ends.quick import run_quickly
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

TABLE = {"provider": "smtp", "host": "127.0.0.1", "from": "Sam at Acme <sam@acme.test>", "tls": "none"}
SENDER = Sender("Sam at Acme", "sam@acme.test", "acme.test", "bounces.acme.test", "reply.acme.test")
ALSO = {"unsubscribe_url": f"{PUBLIC}/u/token", "follows": (touch(2), touch(3)), "html": "<p>Hi Zoe</p>"}
MAIL = replace(message("email"), **ALSO)


def send(faults: dict[str, str], *messages: Message, **settings: object) -> tuple[list[Receipt], Mailbox]:
    async def steps() -> tuple[list[Receipt], Mailbox]:
        extensions = ("8BITMIME", "AUTH PLAIN", *settings.pop("extensions", ()))
        async with serve_smtp(faults, extensions=extensions) as box:
            channel = build("email", TABLE | {"port": box.port} | settings, secrets, PUBLIC, KEY, {})
            receipts = [await channel.send(one) for one in messages]
            await channel.close()
            return receipts, box

    return run_quickly(steps())


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
    [receipt], box = send(faults, MAIL)
    assert isinstance(receipt, kind)
    assert getattr(receipt, "reason", "") == reason
    assert len(box.accepted) == (1 if kind is Unknown else 0)


@pytest.mark.parametrize(
    ("said", "kind"),
    [("200 OK", Accepted), ("252 2.0.0 taken", Accepted), ("354 go on", Unknown), ("150 wait", Unknown)],
)
def test_only_a_no_after_the_content_sends_the_mail_again(said: str, kind: type) -> None:
    """A reply is what its first digit says (RFC 5321 4.2.1), and what is neither yes nor no is nothing to guess on."""
    [receipt], _ = send({"CONTENT": said}, MAIL)
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


@pytest.mark.parametrize(
    ("step", "faults", "kind"),
    [
        ("mail", {}, NotSent),
        ("rcpt", {}, NotSent),
        ("rset", {"RCPT": "550 5.1.1 nobody"}, Refused),  # the server has said no; only the session is of no more use
    ],
)
def test_an_unforeseen_failure_outside_the_content_is_no_doubt_whether_a_mail_has_left(
    step: str, faults: dict[str, str], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ValueError("a fault of a library")

    monkeypatch.setattr(aiosmtplib.SMTP, step, fail)
    [receipt], box = send(faults, MAIL)
    assert isinstance(receipt, kind)
    assert box.accepted == []


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
