"""Ringless voicemail: what the two providers are sent, byte for byte, and what their words mean."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.channels.conformance import HOOK, KEY, NOW, PUBLIC, SECRET, message, secrets, touch
from tests.channels.test_conformance import DROPCOWBOY, DROPCOWBOY_OLD, SLYBROADCAST
from tests.far_ends.quick import run_quickly
from tests.far_ends.ringless import Drop, Ringless
from tests.far_ends.web import serve
from warmline import rules
from warmline.channels import build
from warmline.channels.contract import Accepted, BadCallback, Message, Refused, Unknown
from warmline.channels.email.tokens import sign_touch
from warmline.channels.http import Answer
from warmline.channels.secret_path import masked
from warmline.channels.settings import ChannelSettingsError
from warmline.channels.voicemail import dropcowboy_answers, slybroadcast_answers
from warmline.channels.voicemail.slybroadcast_answers import from_eastern
from warmline.channels.voicemail.tokens import Heard, audio_url, read_audio, read_drop, sign_drop

VECTOR = Path(__file__).parent / "vectors" / "dropcowboy_rvm_success.json"
CLASSES = rules.provider_errors().classes_by_code()


def channel(settings: dict[str, object], **more: object):
    provider = "slybroadcast" if "user" in settings else "dropcowboy"
    table = {"provider": provider, **settings, "hook_secret": "env:HOOK", **more}
    return build("voicemail", table, secrets, PUBLIC, KEY, CLASSES)


def sent(settings: dict[str, object], given: Message | None = None, fate: Any = "taken", **more: object):
    """(the requests that the far end saw, the receipt)"""

    async def steps():
        far = Ringless(fate)
        async with serve(far.app()) as base_url:
            one = channel(settings, base_url=base_url, **more)
            receipt = await one.send(given or message("voicemail"))
            await one.close()
            return far.asked, receipt

    return run_quickly(steps())


# --- what goes out --------------------------------------------------------------------------------------------------


def test_drop_cowboy_of_today_gets_its_credentials_as_headers_and_an_idempotency_key() -> None:
    [drop], receipt = sent(DROPCOWBOY, phone_line_id="line-1")
    assert drop.path == "/rvm"
    assert (drop.headers["x-key"], drop.headers["x-secret"]) == ("k-1", SECRET)
    assert drop.headers["Idempotency-Key"] == touch(1)
    assert drop.fields == {
        "to": message("voicemail").to, "audio_url": message("voicemail").audio_url, "phone_line_id": "line-1",
        "foreign_id": sign_drop(touch(1), KEY), "callback_url": f"{PUBLIC}/hooks/voicemail/{HOOK}/dropcowboy",
    }  # fmt: skip
    assert receipt == Accepted(drop.id)


def test_drop_cowboy_of_old_reads_its_credentials_from_the_body_only() -> None:
    given = Message(touch(1), "voicemail", "+12125550123", "Hi", audio_url="http://a.test/1.wav", postal_code="10001")
    [drop], receipt = sent(DROPCOWBOY_OLD, given, forwarding_number="+12125550100")
    assert drop.path == "/v1/rvm"
    assert not {"x-key", "x-secret", "x-team-id", "Idempotency-Key"} & set(drop.headers)
    assert drop.fields == {
        "team_id": "t-1", "secret": SECRET, "brand_id": "b-1", "phone_number": "+12125550123",
        "audio_url": "http://a.test/1.wav", "audio_type": "wav", "forwarding_number": "+12125550100",
        "postal_code": "10001", "foreign_id": sign_drop(touch(1), KEY),
        "callback_url": f"{PUBLIC}/hooks/voicemail/{HOOK}/dropcowboy",
    }  # fmt: skip
    assert receipt == Accepted(touch(1)), "its answer names no drop, so our touch is its id"


def test_slybroadcast_gets_a_campaign_of_one_number_for_now() -> None:
    [drop], receipt = sent(SLYBROADCAST)
    assert drop.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert drop.fields == {
        "c_uid": "sam@acme.test", "c_password": SECRET, "c_phone": message("voicemail").to.removeprefix("+1"),
        "c_url": message("voicemail").audio_url, "c_audio": "wav", "c_callerID": "6173999982", "c_date": "now",
        "c_title": touch(1), "mobile_only": "1",
        "c_dispo_url": f"{PUBLIC}/hooks/voicemail/{HOOK}/slybroadcast/{sign_drop(touch(1), KEY)}",
    }  # fmt: skip
    assert receipt == Accepted(drop.id)


def test_slybroadcast_is_not_asked_for_a_number_that_it_cannot_reach() -> None:
    asked, receipt = sent(
        SLYBROADCAST, Message(touch(1), "voicemail", "+442077810000", "Hi", audio_url="http://a/1.wav")
    )
    assert asked == []
    assert isinstance(receipt, Refused)


@pytest.mark.parametrize("settings", [DROPCOWBOY, DROPCOWBOY_OLD, SLYBROADCAST])
def test_a_touch_without_a_recording_never_leaves(settings: dict[str, object]) -> None:
    asked, receipt = sent(settings, Message(touch(1), "voicemail", "+12125550123", "Hi"))
    assert asked == []
    assert isinstance(receipt, Refused)
    assert receipt.code == "no_recording"


@pytest.mark.parametrize("settings", [DROPCOWBOY, DROPCOWBOY_OLD, SLYBROADCAST])
@pytest.mark.parametrize("fate", ["silent", "broken"])
def test_no_answer_is_unknown_and_the_provider_can_not_be_asked(settings: dict[str, object], fate: str) -> None:
    asked, receipt = sent(settings, fate=fate)
    assert isinstance(receipt, Unknown)
    assert len(asked) == 1
    assert asyncio.run(channel(settings).find(message("voicemail"), NOW)) == "cannot_say"


# --- what their answers mean ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "session"),
    [
        ("OK\nsession_id=9876543210\nnumber of phone=1\n", "9876543210"),
        ("OK\n9876543210", "9876543210"),
        ("ok session_id=9876543210", "9876543210"),
    ],
)
def test_slybroadcasts_ok_in_the_layouts_that_were_seen(text: str, session: str) -> None:
    assert slybroadcast_answers.read_receipt(Answer(200, {}, text.encode()), {}, SECRET) == Accepted(session)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OK",
        "OK\n",
        "OK\nnumber of phone=1",
        "OK\r\nsession_id=\r\nnumber of phone=1",
        "<html><body>OK</body></html>",
    ],
)
def test_an_answer_of_slybroadcast_that_names_no_session_is_unknown(text: str) -> None:
    assert isinstance(slybroadcast_answers.read_receipt(Answer(200, {}, text.encode()), {}, SECRET), Unknown)


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("ERROR\nc_callerID Required", "c_callerid", "sender_config"),
        ("Invalid c_password", "c_password", "sender_config"),
        ("ERROR\nSomething else went wrong.", "something_else_went_wrong", "unknown"),
    ],
)
def test_an_error_text_of_slybroadcast_has_a_class_by_the_variable_it_names(text: str, code: str, reason: str) -> None:
    receipt = slybroadcast_answers.read_receipt(Answer(200, {}, text.encode()), CLASSES["slybroadcast"], SECRET)
    assert isinstance(receipt, Refused)
    assert (receipt.code, receipt.reason) == (code, reason)


def test_an_error_that_quotes_the_password_shows_it_to_nobody() -> None:
    for body in (f"ERROR\nc_password {SECRET} is wrong".encode(), json.dumps({"message": f"bad {SECRET}"}).encode()):
        answer = Answer(400, {}, body)
        for receipt in (
            slybroadcast_answers.read_receipt(answer, {}, SECRET),
            dropcowboy_answers.read_receipt(answer, touch(1), {}, SECRET),
        ):
            assert isinstance(receipt, Refused)
            assert SECRET not in repr(receipt)


@pytest.mark.parametrize("body", [b"", b"<html>queued</html>", b"{}", b'{"status": "error"}', b"[]"])
def test_a_2xx_of_drop_cowboy_that_does_not_say_queued_is_unknown(body: bytes) -> None:
    assert isinstance(dropcowboy_answers.read_receipt(Answer(200, {}, body), touch(1), {}, SECRET), Unknown)


# --- what they tell later -------------------------------------------------------------------------------------------


def test_the_documented_result_becomes_a_delivery_with_network_and_price() -> None:
    told = json.loads(VECTOR.read_text()) | {"foreign_id": sign_drop(touch(1), KEY)}
    [signal] = dropcowboy_answers.read_result(json.dumps(told).encode(), KEY, CLASSES["dropcowboy"], NOW)
    assert (signal.kind, signal.touch_id, signal.reason, signal.code) == ("delivered", touch(1), "", "")
    assert signal.data == {
        "attempted_at": "2026-11-23T21:10:26.000Z", "network": "Example Wireless", "network_type": "wireless",
        "cost": "0.1",
    }  # fmt: skip


def test_the_documented_result_with_a_foreign_id_of_somebody_else_is_kept_apart() -> None:
    with pytest.raises(BadCallback, match="foreign_id"):
        dropcowboy_answers.read_result(VECTOR.read_bytes(), KEY, {}, NOW)


def result(**more: object) -> list[Any]:
    drop = Drop("dropcowboy", "/rvm", {}, {"to": "+12125550123", "foreign_id": sign_drop(touch(1), KEY)}, "d1")
    status: Any = more.pop("status", "failure")
    return dropcowboy_answers.read_result(drop.result(status, **more)[1], KEY, CLASSES["dropcowboy"], NOW)


@pytest.mark.parametrize("status", ["success", "failure"])
def test_dnc_is_an_opt_out_and_comes_before_what_became_of_the_drop(status: str) -> None:
    stop, outcome = result(status=status, dnc=True)
    assert (stop.kind, stop.touch_id) == ("unsubscribed", touch(1))
    assert outcome.kind == {"success": "delivered", "failure": "failed"}[status]
    assert stop.key != outcome.key


def test_a_number_says_more_than_words_and_words_more_than_nothing() -> None:
    assert [(one.code, one.reason) for one in result(reason="No voicemail", reason_code=4001)] == [
        ("4001", "no_voicemail")
    ]
    assert [(one.code, one.reason) for one in result(reason="Carrier said: no.")] == [("carrier_said_no", "unknown")]
    assert [(one.code, one.reason) for one in result()] == [("failure", "unknown")]


@pytest.mark.parametrize(
    ("eastern", "utc"),
    [
        ("2026-07-01 17:00:00", datetime(2026, 7, 1, 21, 0, tzinfo=UTC)),
        ("2026-12-31 17:00:00", datetime(2026, 12, 31, 22, 0, tzinfo=UTC)),
        ("2026-03-08 01:59:59", datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)),
        ("2026-03-08 02:30:00", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # the hour that there was not
        ("2026-03-08 03:00:00", datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
        ("2026-11-01 00:59:59", datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC)),
        ("2026-11-01 01:30:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # the hour that came twice
        ("2026-11-01 02:00:00", datetime(2026, 11, 1, 7, 0, tzinfo=UTC)),
        ("now", None),
        ("", None),
        ("9999-12-31 23:59:59", None),
    ],
)
def test_eastern_time_in_summer_in_winter_and_in_the_nights_between(eastern: str, utc: datetime | None) -> None:
    assert from_eastern(eastern) == utc


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 100_000, b'{"foreign_id": "\\ud800.x"}', b'{"foreign_id": ' + b"9" * 5000 + b"}"]
)
def test_a_result_that_can_not_be_read_is_told_as_one(body: bytes) -> None:
    with pytest.raises(BadCallback):
        dropcowboy_answers.read_result(body, KEY, {}, NOW)


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"secret": "env:SECRET"}, "`team_id` are two interfaces"),
        ({**DROPCOWBOY, **DROPCOWBOY_OLD}, "exactly one is needed"),
        ({"team_id": "t-1", "secret": "env:SECRET"}, "brand_id"),
        ({**DROPCOWBOY, "forwarding_number": "+12125550100"}, "forwarding_number is not a setting"),
        ({**DROPCOWBOY, "hook_secret": "short"}, "at least 16"),
        ({**DROPCOWBOY, "hook_secret": "a/path/of/three/parts"}, "at least 16"),
        ({**SLYBROADCAST, "from": "+442077810000"}, "must be a US number"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ChannelSettingsError) as wrong:
        channel(settings, **({"hook_secret": settings["hook_secret"]} if "hook_secret" in settings else {}))
    assert words in str(wrong.value).replace("[channels.voicemail] ", "").replace(": is not", " is not")
    assert SECRET not in str(wrong.value)


@pytest.mark.parametrize("provider", ["twilio", "telnyx"])
def test_a_provider_that_rings_is_no_ringless_voicemail(provider: str) -> None:
    with pytest.raises(ChannelSettingsError, match="so the phone rings"):
        build("voicemail", {"provider": provider}, secrets, PUBLIC, KEY, {})


# --- signed names ---------------------------------------------------------------------------------------------------


def test_a_recordings_address_is_good_until_its_time_and_in_no_other_spelling() -> None:
    heard = Heard(3, UUID(int=1))
    until = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    token = audio_url(PUBLIC, heard, until, KEY).removeprefix(f"{PUBLIC}/a/")
    assert read_audio(token, KEY, NOW) == heard
    assert read_audio(token, KEY, until) is None
    assert read_audio(token, b"another key", NOW) is None
    later = token.replace(str(int(until.timestamp())), str(int(until.timestamp()) + 3600))
    assert later != token
    for wrong in (
        later,
        token.replace("3-", "4-", 1),
        token.removesuffix(".wav"),
        token + "x",
        "",
        "a.wav",
        "....wav",
        "\ud800.a.wav",
        "é.a.wav",
    ):
        assert read_audio(wrong, KEY, NOW) is None


def test_a_name_signed_for_one_purpose_is_none_for_another() -> None:
    assert read_drop(sign_touch(touch(1), "open", KEY), KEY) is None


def test_what_is_kept_of_an_address_hides_its_secret() -> None:
    assert (
        masked(f"http://w.test/hooks/voicemail/{HOOK}/slybroadcast?x=1")
        == "http://w.test/hooks/voicemail/***/slybroadcast?x=1"
    )
    assert masked(f"{HOOK}/dropcowboy") == "***/dropcowboy"
    assert masked("status") == "status"
