"""Mails posted to us, and the mailbox's table: what opens the door, and what is wrong with a setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.conformance import KEY, NOW, PUBLIC, secrets, touch
from warmline.channels import ChannelSettingsError, build
from warmline.channels.contract import BadCallback, BadSignature, Callback, Channel
from warmline.channels.email.tokens import bounce_address
from warmline.rules import provider_errors

TABLE = {"provider": "smtp", "host": "127.0.0.1", "from": "Sam at Acme <sam@acme.test>", "tls": "none"}
OLD, NEW = "a-secret-of-tests-1", "a-secret-of-tests-2"
INBOX = {"host": "imap.acme.test", "user": "sam", "password": "word of tests"}
BOUNCE = (Path(__file__).parent / "mails" / "dsn-postfix-failed-5.1.1.eml").read_bytes()


def smtp(**more: object) -> Channel:
    return build("email", TABLE | more, secrets, PUBLIC, KEY, provider_errors().classes_by_code())


def posted(tail: str, body: bytes = BOUNCE, query: str = "") -> Callback:
    return Callback("POST", f"{PUBLIC}/hooks/email/{tail}{query}", {"content-type": "message/rfc822"}, body, tail)


@pytest.mark.parametrize("plus", ["%2B", "+"])
@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_mail_behind_one_of_the_secrets_is_read_with_its_envelope(secret: str, plus: str) -> None:
    to = bounce_address(touch(1), "acme.test", KEY)
    callback = posted(f"{secret}/raw", query=f"?to={to.replace('+', plus)}&from=")
    (signal,) = smtp(hook_secret=[NEW, OLD]).read(callback, NOW)
    assert (signal.kind, signal.touch_id, signal.reason) == ("bounced", touch(1), "invalid_address")
    assert signal.recipient == to


@pytest.mark.parametrize(("sender", "automated"), [("", True), ("MAILER-DAEMON", True), ("ann@lead.test", False)])
def test_a_note_that_nobody_is_to_answer_is_a_machines_also_as_postfix_pipes_it(sender: str, automated: bool) -> None:
    note = b"From: ann@lead.test\r\nSubject: Thank you\r\n\r\nWe got your mail.\r\n"
    (signal,) = smtp(hook_secret=OLD).read(posted(f"{OLD}/raw", note, f"?to=hello@acme.test&from={sender}"), NOW)
    assert (signal.data.get("automated") == "null_sender") is automated


@pytest.mark.parametrize("tail", ["raw", f"{OLD}x/raw", "", "/", f"{OLD[:-1]}/raw", "é/raw"])
def test_without_the_secret_nothing_is_read(tail: str) -> None:
    with pytest.raises(BadSignature):
        smtp(hook_secret=OLD).read(posted(tail), NOW)
    with pytest.raises(BadSignature):
        smtp().read(posted(tail), NOW)


def test_a_door_that_nobody_knows_and_a_mail_that_is_none_are_told() -> None:
    with pytest.raises(BadCallback, match="raw"):
        smtp(hook_secret=OLD).read(posted(f"{OLD}/elsewhere"), NOW)
    with pytest.raises(BadCallback, match="empty"):
        smtp(hook_secret=OLD).read(posted(f"{OLD}/raw", b""), NOW)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"hook_secret": "short"}, "at least 16"),
        ({"inbox": {**INBOX, "host": ""}}, r"\[channels.email.inbox\] host"),
        ({"inbox": {**INBOX, "tls": "none"}}, "in the clear"),
        ({"inbox": {**INBOX, "prot": 1}}, "Did you mean port"),
        ({"inbox": {**INBOX, "processed": "INBOX"}}, "is the folder that is read"),
        ({"inbox": {"host": "a"}}, "user: is missing"),
        ({"inbox": "imap.acme.test"}, "must be a table"),
    ],
)
def test_a_wrong_setting_is_told_with_what_to_write(more: dict[str, object], said: str) -> None:
    with pytest.raises(ChannelSettingsError, match=said) as caught:
        smtp(**more)
    assert "word of tests" not in str(caught.value)


def test_a_complete_inbox_is_taken_and_a_sandbox_leaves_it_alone() -> None:
    smtp(inbox=INBOX)
    build("email", {"provider": "sandbox", "inbox": INBOX, "hook_secret": OLD}, secrets, PUBLIC, KEY, {})
