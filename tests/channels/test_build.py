import asyncio

import pytest

from tests.channels.conformance import KEY, PUBLIC, message
from warmline.channels import ChannelSettingsError, build
from warmline.channels.contract import Refused
from warmline.channels.sandbox.channel import SandboxChannel
from warmline.channels.sandbox.remote import RemoteSandboxChannel
from warmline.channels.secrets import MissingSecretError, Secret, resolve

TWILIO = {"provider": "twilio", "account_sid": "AC1", "auth_token": "env:TOKEN", "from": "+15005550006"}
SMTP = {"provider": "smtp", "host": "127.0.0.1", "from": "Sam <sam@acme.test>"}
KANNEL = {"provider": "kannel", "username": "sam", "password": "env:TOKEN", "from": "1234", "hook_secret": "x" * 20}
DROPS = {"provider": "dropcowboy", "team_id": "T1", "brand_id": "B1", "secret": "env:TOKEN", "hook_secret": "x" * 20}
DROPS_BY_KEY = {
    "provider": "dropcowboy", "key": "env:TOKEN", "secret": "env:TOKEN", "brand_id": "B1", "hook_secret": "x" * 20,
}  # fmt: skip
SLYBROADCAST = {
    "provider": "slybroadcast", "user": "sam", "password": "env:TOKEN", "from": "+16173999982", "hook_secret": "x" * 20,
}  # fmt: skip
ENVIRON = {"TOKEN": "hunter2", "SID": "AC2", "EMPTY": ""}


def made(kind: str, table: dict[str, object], public_url: str = PUBLIC):
    return build(kind, table, lambda value: resolve(value, ENVIRON), public_url, KEY, {})


def test_a_secret_shows_itself_nowhere_but_where_it_is_revealed() -> None:
    secret = resolve("env:TOKEN", ENVIRON)
    assert isinstance(secret, Secret)
    shown = [repr(secret), str(secret), f"{secret}", "{:>9}".format(secret), "%s" % secret, repr({"a": [secret]})]  # noqa: UP031, UP032
    assert not [one for one in shown if "hunter2" in one]
    assert secret.reveal() == "hunter2"
    assert type(secret.reveal()) is str


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_line_end_that_a_secret_from_a_file_carries_is_no_part_of_it(ends: str) -> None:
    secret = resolve("env:TOKEN", {"TOKEN": f"hunter2{ends}"})
    assert isinstance(secret, Secret)
    assert secret.reveal() == "hunter2"
    with pytest.raises(MissingSecretError):
        resolve("env:TOKEN", {"TOKEN": ends})


def test_a_value_that_names_no_variable_stays_as_it_is() -> None:
    assert resolve("acme", {}) == "acme"


@pytest.mark.parametrize("value", ["env:NOWHERE", "env:EMPTY", "env:"])
def test_a_missing_variable_is_named_and_nothing_else_is_said(value: str) -> None:
    with pytest.raises(MissingSecretError) as raised:
        resolve(value, ENVIRON)
    assert value.removeprefix("env:") in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_setting_from_the_environment_reaches_the_provider_whole() -> None:
    channel = made("sms", TWILIO | {"account_sid": "env:SID"})
    assert "/Accounts/AC2/" in channel._messages_url


@pytest.mark.parametrize(
    ("kind", "table", "words"),
    [
        ("sms", {}, ["[channels.sms] provider", "missing", 'provider = "..."']),
        ("sms", {"provider": "pigeon"}, ["provider", '"pigeon"', '"twilio", "kannel", "sandbox"']),
        ("voicemail", {"provider": "twilio"}, ["provider", "the phone rings", '"dropcowboy"']),
        ("voicemail", {"provider": "pigeon"}, ['"pigeon" is not one of', '"slybroadcast", "sandbox"']),
        ("call", {"provider": "sandbox"}, ["[channels.sms]"]),
        ("sms", TWILIO | {"auth_token": "env:NOWHERE"}, ["auth_token", "NOWHERE", "not set"]),
        ("sms", TWILIO | {"auth_token": 5}, ["auth_token", "a number", "env:NAME"]),
        ("sms", TWILIO | {"auth_token": []}, ["auth_token", "empty"]),
        ("sms", {key: TWILIO[key] for key in TWILIO if key != "from"}, ["from", "missing"]),
        ("sms", TWILIO | {"base_url": "api.twilio.com"}, ["base_url", "https://api.twilio.com"]),
        ("sms", TWILIO | {"rate": "fast"}, ["rate", "a number from 1 to 10000"]),
        ("sms", TWILIO | {"timeout": 0}, ["timeout", "and is 0"]),
        ("sms", TWILIO | {"form": "+1"}, ["form", "Did you mean from?"]),
        ("sms", {"provider": "sandbox", "behaviour": {"busy": 2}}, ["behaviour", "busy", "0 to 1"]),
        ("email", SMTP | {"from": "Sam"}, ["from", "not a mail address", "sam@acme.test"]),
        ("email", SMTP | {"track_links": "yes"}, ["track_links", "true or false"]),
        ("email", SMTP | {"tls": "ssl"}, ["tls", '"starttls"']),
        ("email", SMTP | {"user": "sam"}, ["password", "missing"]),
        ("email", SMTP | {"ca_file": "/nowhere/ca.pem"}, ["ca_file", "cannot be read"]),
        ("email", SMTP | {"reply_domain": "a b\r\n"}, ["reply_domain", "not a domain name"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write(kind: str, table: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ChannelSettingsError) as raised:
        made(kind, table)
    said = str(raised.value)
    assert [word for word in words if word not in said] == []
    assert "hunter2" not in said


def test_a_channel_needs_a_public_address_to_be_called_back() -> None:
    with pytest.raises(ChannelSettingsError, match="public_url"):
        made("sms", TWILIO, public_url="warmline.acme.test")


def test_the_sandbox_needs_no_other_process_unless_it_is_given_an_address() -> None:
    assert isinstance(made("voicemail", {"provider": "sandbox"}), SandboxChannel)
    assert isinstance(made("sms", {"provider": "sandbox", "base_url": "http://127.0.0.1:4010"}), RemoteSandboxChannel)


def test_the_sandbox_refuses_in_twilios_codes() -> None:
    table = {"provider": "sandbox", "behaviour": {"refuse": 1.0, "refuse_code": "21610"}}
    channel = build("sms", table, str, PUBLIC, KEY, {"twilio": {"21610": "opted_out"}})
    receipt = asyncio.run(channel.send(message("sms")))
    assert isinstance(receipt, Refused)
    assert receipt.reason == "opted_out"


@pytest.mark.parametrize(
    ("kind", "table", "most"),
    [
        ("sms", TWILIO, 500),
        ("sms", TWILIO | {"concurrency": 7}, 7),
        ("sms", {"provider": "sandbox", "base_url": "http://127.0.0.1:4010", "concurrency": 7}, 7),
        ("sms", {"provider": "sandbox"}, None),
        ("email", SMTP, 10),
        ("email", SMTP | {"concurrency": 7}, 7),
    ],
)
def test_a_channel_says_how_many_it_sends_at_once(kind: str, table: dict[str, object], most: int | None) -> None:
    assert made(kind, table).most == most


@pytest.mark.parametrize(
    ("kind", "table", "other", "same"),
    [
        ("sms", TWILIO, {"account_sid": "AC9"}, {"from": "+15005550009", "auth_token": "rotated"}),
        ("sms", TWILIO, {"base_url": "http://127.0.0.1:4010"}, {"timeout": 5}),
        ("sms", KANNEL, {"username": "lou"}, {"password": "rotated"}),
        ("sms", KANNEL, {"base_url": "http://hunter2:hunter2@127.0.0.2:13013"}, {"validity_minutes": 5}),
        ("email", SMTP, {"host": "127.0.0.2"}, {"user": "hunter2", "password": "hunter2", "tls": "auto"}),
        ("voicemail", DROPS, {"team_id": "T2"}, {"secret": "rotated"}),
        ("voicemail", DROPS_BY_KEY, {"brand_id": "B2"}, {"key": "hunter2-rotated"}),
        ("voicemail", SLYBROADCAST, {"user": "lou"}, {"password": "rotated"}),
    ],
)
def test_a_channel_names_its_account_and_nothing_of_its_login(
    kind: str, table: dict[str, object], other: dict[str, object], same: dict[str, object]
) -> None:
    account = made(kind, table).account
    assert account
    assert made(kind, table | same).account == account
    assert made(kind, table | other).account != account
    assert "hunter2" not in account + made(kind, table | other).account


def test_a_messaging_service_needs_no_number() -> None:
    table = {key: TWILIO[key] for key in TWILIO if key != "from"} | {"messaging_service_sid": "MG1"}
    assert made("sms", table).provider == "twilio"
