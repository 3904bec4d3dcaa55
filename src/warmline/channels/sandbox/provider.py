"""The sandbox's far end: one small web app for all kinds, Twilio's exact form for SMS and plain JSON for the rest.

POST /2010-04-01/Accounts/{sid}/Messages.json   as Twilio; GET lists, with To
POST /{kind}/messages                           JSON; GET lists, with touch
GET  /messages                                  everything that arrived, in order
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import get_args

from aiohttp import web

from warmline.channels.contract import Kind
from warmline.channels.sandbox.behaviour import Behaviour, Conduct, FollowUp, conduct
from warmline.channels.sandbox.callbacks import Outgoing, json_request, post, twilio_request
from warmline.channels.secrets import Secret

DEFAULT_KEY = "sandbox"  # signs callbacks; a stand-in has nothing to hide
LONGEST_SMS = 1600
FOREVER = 3600.0
ERRORS = {
    "21602": "Message body is required",
    "21603": "A 'From' phone number or MessagingServiceSid is required",
    "21604": "A 'To' phone number is required",
    "21610": "Attempt to send to unsubscribed recipient",
    "21617": "The concatenated message body exceeds the 1600 character limit",
    "20003": "Authenticate",
    "20429": "Too Many Requests",
}

Deliver = Callable[[Outgoing], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message that was accepted: when its request came and when it was taken (ISO 8601, UTC)."""

    id: str
    kind: str
    came: str
    at: str
    to: str
    sender: str
    text: str
    touch_id: str
    fields: Mapping[str, str]


ARRIVED: web.AppKey[list[Arrived]] = web.AppKey("arrived", list)


def make_app(
    behaviour: Behaviour, on_callback: Deliver = post, *, signing_key: str = DEFAULT_KEY, inbound_url: str = ""
) -> web.Application:
    """`on_callback` sends one signed request (by HTTP unless told otherwise). Inbound texts go to `inbound_url`, or
    next to the status callback: .../status becomes .../inbound. `app[ARRIVED]` is the list of what was accepted."""
    app = web.Application(client_max_size=4 * 1024 * 1024)
    far_end = _FarEnd(behaviour, on_callback, Secret(signing_key), inbound_url)
    app[ARRIVED] = far_end.arrived
    app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", far_end.take_sms)
    app.router.add_get("/2010-04-01/Accounts/{sid}/Messages.json", far_end.list_sms)
    app.router.add_get("/messages", far_end.list_all)
    app.router.add_post("/{kind}/messages", far_end.take_json)
    app.router.add_get("/{kind}/messages", far_end.list_json)
    app.on_cleanup.append(far_end.stop)
    return app


class _FarEnd:
    def __init__(self, behaviour: Behaviour, deliver: Deliver, key: Secret, inbound_url: str) -> None:
        self.arrived: list[Arrived] = []
        self._behaviour = behaviour
        self._deliver = deliver
        self._key = key
        self._inbound_url = inbound_url
        self._attempts: Counter[tuple[str, str, str]] = Counter()
        self._telling: set[asyncio.Task[None]] = set()

    async def take_sms(self, request: web.Request) -> web.Response:
        came = datetime.now(UTC)
        form = {name: str(value) for name, value in (await request.post()).items()}
        wrong = _wrong_with(form, request)
        if wrong:
            return _twilio_error(401 if wrong == "20003" else 400, wrong)
        does = await self._meet("sms", form["To"], form["Body"])
        if does.verdict == "busy":
            return _twilio_error(429, "20429", {"Retry-After": f"{self._behaviour.retry_after:g}"})
        if does.verdict == "refuse":
            return _twilio_error(400, does.code)
        account = request.match_info["sid"]
        sender = form.get("From", "")
        fields = form | {"sid": account}
        kept = self._keep("SM" + uuid.uuid4().hex, "sms", came, form["To"], sender, form["Body"], "", fields)
        for follow_up in does.follow_ups:
            self._tell(follow_up, twilio_request(kept.id, form, account, follow_up, self._key, self._inbound_url))
        await self._fall_silent(does)
        return web.json_response(_twilio_message(kept), status=201)

    async def list_sms(self, request: web.Request) -> web.Response:
        wanted = request.query.get("To")
        found = [
            _twilio_message(one) for one in reversed(self.arrived) if one.kind == "sms" and wanted in (None, one.to)
        ]
        size = int(request.query.get("PageSize", "50"))
        more = f"{request.path}?Page=1&PageSize={size}" if len(found) > size else None
        return web.json_response({"messages": found[:size], "page": 0, "page_size": size, "next_page_uri": more})

    async def take_json(self, request: web.Request) -> web.Response:
        came = datetime.now(UTC)
        kind = _kind(request)
        given = await request.json()
        does = await self._meet(kind, given["to"], given["text"])
        if does.verdict == "busy":
            headers = {"Retry-After": f"{self._behaviour.retry_after:g}"}
            return web.json_response({"code": does.code, "message": "busy"}, status=429, headers=headers)
        if does.verdict == "refuse":
            return web.json_response({"code": does.code, "message": ERRORS.get(does.code, "refused")}, status=400)
        fields = {name: str(value) for name, value in given.items()}
        kept = self._keep(uuid.uuid4().hex, kind, came, given["to"], "", given["text"], given["touch_id"], fields)
        for follow_up in does.follow_ups:
            self._tell(follow_up, json_request(kept.id, fields, follow_up, self._key))
        await self._fall_silent(does)
        return web.json_response({"id": kept.id}, status=201)

    async def list_json(self, request: web.Request) -> web.Response:
        kind, touch = _kind(request), request.query.get("touch")
        found = [asdict(one) for one in self.arrived if one.kind == kind and touch in (None, one.touch_id)]
        return web.json_response({"messages": found})

    async def list_all(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's handler
        return web.json_response({"messages": [asdict(one) for one in self.arrived]})

    async def stop(self, app: web.Application) -> None:  # noqa: ARG002 - aiohttp's signal
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _meet(self, kind: Kind, to: str, text: str) -> Conduct:
        seen = (kind, to, text)
        does = conduct(self._behaviour, kind, to, text, self._attempts[seen])
        self._attempts[seen] += 1
        await asyncio.sleep(does.delay)
        return does

    async def _fall_silent(self, does: Conduct) -> None:
        if does.verdict == "silent":
            await asyncio.sleep(FOREVER)

    def _keep(
        self, message_id: str, kind: str, came: datetime, to: str, sender: str, text: str, touch_id: str,
        fields: Mapping[str, str],
    ) -> Arrived:  # fmt: skip
        at = datetime.now(UTC).isoformat()
        kept = Arrived(message_id, kind, came.isoformat(), at, to, sender, text, touch_id, fields)
        self.arrived.append(kept)
        return kept

    def _tell(self, follow_up: FollowUp, outgoing: Outgoing | None) -> None:
        if outgoing is None:
            return

        async def tell() -> None:
            await asyncio.sleep(follow_up.after)
            await self._deliver(outgoing)

        task = asyncio.create_task(tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def _kind(request: web.Request) -> Kind:
    for kind in get_args(Kind):
        if kind == request.match_info["kind"]:
            found: Kind = kind
            return found
    raise web.HTTPNotFound(text="The kinds are sms, email and voicemail.")


def _wrong_with(form: Mapping[str, str], request: web.Request) -> str:
    """The code Twilio answers a malformed request with, or ""."""
    if not re.match(r"Basic \S", request.headers.get("Authorization", "")):
        return "20003"
    if not form.get("To"):
        return "21604"
    if not (form.get("From") or form.get("MessagingServiceSid")):
        return "21603"
    if not form.get("Body"):
        return "21602"
    return "21617" if len(form["Body"]) > LONGEST_SMS else ""


def _twilio_error(status: int, code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {
        "code": int(code),
        "message": ERRORS.get(code, "Refused"),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return web.Response(text=json.dumps(body), status=status, content_type="application/json", headers=headers)


def _twilio_message(kept: Arrived) -> dict[str, object]:
    made = format_datetime(datetime.fromisoformat(kept.at))
    account = kept.fields.get("sid", "")
    return {
        "sid": kept.id,
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": kept.text,
        "date_created": made,
        "date_sent": made,
        "date_updated": made,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": kept.sender or None,
        "messaging_service_sid": kept.fields.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "status": "queued",
        "to": kept.to,
        "uri": f"/2010-04-01/Accounts/{account}/Messages/{kept.id}.json",
    }
