import asyncio
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import web

from tests.channels.conformance import KEY, NOW, PUBLIC, message, secrets, touch
from tests.far_ends.quick import run_quickly
from tests.far_ends.web import serve
from warmline.channels import build
from warmline.channels.contract import Accepted, BadCallback, Callback, Message, NotSent, Receipt, Refused, Unknown
from warmline.channels.http import Answer
from warmline.channels.sandbox.behaviour import Behaviour
from warmline.channels.sandbox.provider import ARRIVED, make_app
from warmline.channels.secrets import Secret
from warmline.channels.signature import sign
from warmline.channels.sms.twilio_answers import find_in_list, read_receipt
from warmline.core.media import Media

VECTORS = Path(__file__).parent / "vectors"
ACCOUNT = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
TABLE = {"provider": "twilio", "account_sid": ACCOUNT, "auth_token": "token", "from": "+15005550006"}
CLASSES = {"21211": "invalid_number", "30003": "unreachable"}


def twilio(**settings: object):
    return build("sms", TABLE | settings, secrets, PUBLIC, KEY, {"twilio": CLASSES})


def answer(status: int, content: object, **headers: str) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def test_the_request_is_in_twilios_form() -> None:
    seen: list[tuple[str, str, dict[str, str]]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((request.path, request.headers["Authorization"], dict(await request.post())))
        return web.json_response({"sid": "SM9"}, status=201)

    async def steps() -> Receipt:
        app = web.Application()
        app.router.add_post("/{rest:.*}", take)
        async with serve(app) as base_url:
            channel = twilio(base_url=base_url + "/", validity_seconds=600)
            receipt = await channel.send(message("sms"))
            await channel.close()
            return receipt

    assert asyncio.run(steps()) == Accepted("SM9")
    [(path, authorization, form)] = seen
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert authorization == "Basic " + b64encode(f"{ACCOUNT}:token".encode()).decode()
    assert form == {
        "To": message("sms").to,
        "From": "+15005550006",
        "Body": message("sms").text,
        "StatusCallback": f"{PUBLIC}/hooks/sms/status?touch={touch(1)}&lead=lead-1",
        "ValidityPeriod": "600",
    }


@pytest.mark.parametrize(("settings", "seconds"), [({}, "3600"), ({"validity_seconds": 0}, None)])
def test_a_text_does_not_wait_in_twilios_queue_until_the_night_unless_it_is_told_to(
    settings: dict[str, object], seconds: str | None
) -> None:
    """Left alone, one waits there for up to ten hours, out of reach of a STOP and of the hours of the law."""
    assert twilio(**settings)._form(message("sms")).get("ValidityPeriod") == seconds


def test_an_error_of_the_rules_table_is_refused_with_its_class() -> None:
    body = {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}
    assert read_receipt(answer(400, body), CLASSES) == Refused("invalid_number", "21211", "Invalid 'To' Phone Number")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_that_no_table_knows_has_the_class_unknown(status: int) -> None:
    receipt = read_receipt(answer(status, b"<html>no</html>"), CLASSES)
    assert (type(receipt), receipt.reason, receipt.code) == (Refused, "unknown", f"http_{status}")


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_failing_server_may_have_sent_it(status: int) -> None:
    assert isinstance(read_receipt(answer(status, {"code": 20500, "message": "oops"}), CLASSES), Unknown)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"sid": null}', b'{"sid": 7}'])
def test_a_success_that_names_no_message_is_unknown(body: bytes) -> None:
    assert isinstance(read_receipt(answer(201, body), CLASSES), Unknown)


def test_a_redirect_is_refused_and_says_what_to_write() -> None:
    receipt = read_receipt(answer(301, b""), CLASSES)
    assert isinstance(receipt, Refused)
    assert "base_url" in receipt.detail


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *[("12", 12), ("Mon, 23 Nov 2026 15:01:00 GMT", 60), ("", 2), ("soon", 2), ("-5", 2), ("999999999999", 3600)],
        *[
            ("0", 2),
            ("Mon, 23 Nov 2026 15:00:00 GMT", 2),
            ("Mon, 23 Nov 2026 14:59:00 GMT", 2),
        ],  # else: no pause at all
        ("Mon, 23 Nov 99999999999999999999 15:00:00 GMT", 2),
    ],
)
def test_a_busy_twilio_is_asked_again_when_it_says(value: str, seconds: int) -> None:
    busy = answer(429, {"code": 20429, "message": "Too many"}, retry_after=value, date="Mon, 23 Nov 2026 15:00:00 GMT")
    receipt = read_receipt(busy, CLASSES)
    assert isinstance(receipt, NotSent)
    assert receipt.retry_after == timedelta(seconds=seconds)


def listed(
    *entries: dict[str, object], more: str | None = None, clock: datetime = NOW + timedelta(minutes=5)
) -> Answer:
    return answer(200, {"messages": list(entries), "next_page_uri": more}, date=format_datetime(clock, usegmt=True))


def entry(sid: str, body: str, made: datetime = NOW, direction: str = "outbound-api") -> dict[str, object]:
    return {"sid": sid, "body": body, "date_created": format_datetime(made), "date_sent": None, "direction": direction}


SENT: Message = message("sms")
SETTLED = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (listed(entry("SM1", SENT.text)), Accepted("SM1")),
        (listed(entry("SM1", SENT.text), entry("SM2", "Hello", NOW - timedelta(days=1))), Accepted("SM1")),
        (listed(), "absent"),
        (listed(entry("SM0", SENT.text, NOW - timedelta(hours=2))), "absent"),
        (listed(entry("SM0", SENT.text, direction="inbound")), "absent"),
        # The clock that wrote the hand-over may be minutes ahead of Twilio's: that message may be ours.
        (listed(entry("SM0", SENT.text, NOW - timedelta(minutes=5))), "cannot_say"),
        (listed(entry("SM0", "another text", NOW - timedelta(minutes=5))), "absent"),
        (listed(clock=NOW + timedelta(seconds=10)), "cannot_say"),
        (listed(more="/page2"), "cannot_say"),
        (listed(entry("SM1", SENT.text), entry("SM2", SENT.text)), "cannot_say"),
        (listed(entry("SM1", "")), "cannot_say"),
        (listed({"sid": "SM1", "body": SENT.text, "date_created": "yesterday"}), "cannot_say"),
        (answer(200, b"<html>"), "cannot_say"),
        (answer(200, {"messages": []}), "cannot_say"),
    ],
)
def test_a_message_is_found_absent_or_left_open(found: Answer, says: object) -> None:
    assert find_in_list(found, SENT, NOW, SETTLED) == says


def test_what_the_provider_took_without_an_answer_is_found_there() -> None:
    async def steps() -> tuple[Receipt, object, str]:
        app = make_app(Behaviour(silent=1), lambda _outgoing: asyncio.sleep(0))
        async with serve(app) as base_url:
            channel = twilio(base_url=base_url)
            since = datetime.now(UTC)
            receipt = await channel.send(SENT)
            found = await channel.find(SENT, since)
            await channel.close()
            return receipt, found, app[ARRIVED][0].id

    receipt, found, sid = run_quickly(steps())
    assert isinstance(receipt, Unknown)
    assert found == Accepted(sid)


def test_a_provider_that_cannot_be_reached_cannot_say() -> None:
    async def steps() -> object:
        channel = twilio(base_url="http://127.0.0.1:9")
        found = await channel.find(SENT, NOW)
        await channel.close()
        return found

    assert asyncio.run(steps()) == "cannot_say"


def told(tail: str, fields: dict[str, str], query: str = "") -> Callback:
    url = f"{PUBLIC}/hooks/sms/{tail}{query}"
    headers = {"x-twilio-signature": sign(url, list(fields.items()), Secret("token"))}
    return Callback("POST", url, headers, urlencode(fields).encode(), tail)


def test_an_undelivered_status_is_a_failure_with_its_class() -> None:
    fields = json.loads((VECTORS / "twilio_sms_status.form.json").read_text())
    [signal] = twilio().read(told("status", fields, f"?touch={touch(3)}"), NOW)
    assert (signal.kind, signal.reason, signal.code, signal.touch_id) == ("failed", "unreachable", "30003", touch(3))
    assert signal.key == "SM00000000000000000000000000000002:undelivered"
    assert signal.data["status"] == "undelivered"


def test_an_inbound_text_keeps_the_fields_nobody_asked_for() -> None:
    fields = json.loads((VECTORS / "twilio_sms_inbound.form.json").read_text()) | {"OptOutType": "STOP", "Empty": ""}
    [signal] = twilio().read(told("inbound", fields), NOW)
    assert (signal.kind, signal.text, signal.sender, signal.recipient) == (
        "inbound",
        "STOP",
        "+15558675310",
        "+15017122661",
    )
    assert signal.data["OptOutType"] == "STOP"
    assert signal.data["Empty"] == ""


@pytest.mark.parametrize("kind", ["STOP", "START", "HELP"])
def test_what_twilio_took_a_text_for_goes_with_it(kind: str) -> None:
    fields = {"MessageSid": "SM1", "From": "+15558675310", "To": "+15005550006", "Body": "ROOFOFF", "OptOutType": kind}
    [signal] = twilio().read(told("inbound", fields), NOW)
    assert (signal.data["asks"], signal.data["answered_by"]) == (kind.lower(), "twilio")


@pytest.mark.parametrize("status", ["accepted", "queued", "sending"])
def test_a_message_on_its_way_is_no_signal(status: str) -> None:
    assert twilio().read(told("status", {"MessageSid": "SM1", "MessageStatus": status}), NOW) == []


def test_a_message_that_left_twilio_is_told_as_sent() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "sent"}
    [signal] = twilio().read(told("status", fields, f"?touch={touch(3)}"), NOW)
    assert (signal.kind, signal.touch_id, signal.provider_id, signal.key) == ("sent", touch(3), "SM1", "SM1:sent")


def test_what_comes_with_a_text_is_kept_ten_at_most_and_only_as_links() -> None:
    fields = {"MessageSid": "MM1", "From": "+15558675310", "To": "+15005550006", "Body": "", "NumMedia": "12"}
    for number in range(12):
        fields |= {f"MediaUrl{number}": f"https://api.twilio.com/ME{number}", f"MediaContentType{number}": "image/jpeg"}
    fields["MediaUrl3"] = "javascript:alert(1)"
    del fields["MediaContentType4"]
    [signal] = twilio().read(told("inbound", fields), NOW)
    assert [one.url.removeprefix("https://api.twilio.com/ME") for one in signal.media] == list("012456789")
    assert signal.media[0] == Media("https://api.twilio.com/ME0", "image/jpeg")
    assert signal.media[3] == Media("https://api.twilio.com/ME4")


@pytest.mark.parametrize("tail", ["inbound", "status"])
def test_a_webhook_set_to_get_is_told_what_to_set_at_twilio(tail: str) -> None:
    query = urlencode({"MessageSid": "SM1", "From": "+15558675310", "To": "+15005550006", "Body": "STOP"})
    url = f"{PUBLIC}/hooks/sms/{tail}?{query}"
    headers = {"x-twilio-signature": sign(url, [], Secret("token"))}
    with pytest.raises(BadCallback, match="In Twilio's console, set this webhook to HTTP POST"):
        twilio().read(Callback("GET", url, headers, b"", tail), NOW)


def test_an_id_that_no_key_can_hold_is_cleaned() -> None:
    fields = {"MessageSid": "SM\x00\x1b1" + "0" * 500, "From": "+15558675310", "To": "+15005550006", "Body": "STOP"}
    [signal] = twilio().read(told("inbound", fields), NOW)
    assert signal.provider_id == "SM1" + "0" * 197
    assert signal.key == f"{signal.provider_id}:inbound"


@pytest.mark.parametrize(
    ("tail", "fields"),
    [
        ("status", {"MessageSid": "SM1", "MessageStatus": "teleported"}),
        ("status", {"MessageStatus": "delivered"}),
        ("status", {"MessageSid": "SM1", "MessageStatus": "delivered", "AccountSid": "ACother"}),
        ("inbound", {"MessageSid": "SM1", "Body": "Hi"}),
        ("elsewhere", {"MessageSid": "SM1"}),
    ],
)
def test_a_signed_callback_that_makes_no_sense_is_kept_apart(tail: str, fields: dict[str, str]) -> None:
    with pytest.raises(BadCallback):
        twilio().read(told(tail, fields), NOW)
