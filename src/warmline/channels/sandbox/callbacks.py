"""How the sandbox's far end tells us things: Twilio's form for SMS, JSON for the rest, all signed."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import aiohttp

from warmline.channels.sandbox.behaviour import FollowUp
from warmline.channels.secrets import Secret
from warmline.channels.signature import sign

LINK = re.compile(r"https?://[^\s<>\"']+")
SECONDS = 15  # what Twilio gives a webhook in all
FORM = "application/x-www-form-urlencoded"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
BROWSING = {
    "user-agent": BROWSER,
    "accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request to us. Header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def twilio_request(
    sid: str, form: Mapping[str, str], account: str, follow_up: FollowUp, key: Secret, inbound_url: str
) -> Outgoing | None:
    """None where there is no address to tell it to, or no link to click."""
    ours = form.get("From", "+15005550000")
    common = {"AccountSid": account, "ApiVersion": "2010-04-01"}
    status_url = form.get("StatusCallback", "")
    if follow_up.event in ("delivered", "failed"):
        status = "delivered" if follow_up.event == "delivered" else "undelivered"
        told = {
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "From": ours,
            "To": form["To"],
        }
        told |= {"ErrorCode": follow_up.code} if follow_up.code else {}
        return _signed_form(status_url, common | told, key) if status_url else None
    if follow_up.event == "clicked":
        return _click(form["Body"])
    url = inbound_url or _beside(status_url)
    # A message told twice is the same message, so its id comes from the one it answers.
    inbound = "SM" + uuid.uuid5(uuid.NAMESPACE_OID, f"{sid} {follow_up.name}").hex
    told = {"MessageSid": inbound, "SmsSid": inbound, "From": form["To"], "To": ours, "Body": follow_up.text}
    return _signed_form(url, common | told | {"NumMedia": "0", "NumSegments": "1"}, key) if url else None


def json_request(message_id: str, message: Mapping[str, str], follow_up: FollowUp, key: Secret) -> Outgoing | None:
    if follow_up.event == "clicked":
        return _click(message["text"])
    if follow_up.event == "unsubscribed" and message.get("unsubscribe_url"):
        body = b"List-Unsubscribe=One-Click"
        return Outgoing("POST", message["unsubscribe_url"], {"content-type": FORM, "user-agent": BROWSER}, body)
    from_lead = follow_up.event not in ("delivered", "failed")
    told = {
        "kind": follow_up.event,
        "key": f"{message_id}:{follow_up.name}",
        "id": message_id,
        "touch_id": message["touch_id"],
        "from": message["to"] if from_lead else "",
        "to": "" if from_lead else message["to"],
        "text": follow_up.text,
        "code": follow_up.code,
    }
    body = json.dumps(told).encode()
    tail = "inbound" if from_lead else "status"
    url = f"{message['callback_url']}/{tail}?{urlencode({'bodySHA256': hashlib.sha256(body).hexdigest()})}"
    return Outgoing("POST", url, {"content-type": "application/json", "x-twilio-signature": sign(url, [], key)}, body)


async def post(outgoing: Outgoing) -> None:
    """Sends it once. Nobody listening is one of the things that happen to callbacks: it is logged and lost."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.request(
                outgoing.method, outgoing.url, data=outgoing.body, headers=outgoing.headers, allow_redirects=False
            ) as answer,
        ):
            log.info("callback to %s: %s", urlsplit(outgoing.url).path, answer.status)
    except (TimeoutError, aiohttp.ClientError, OSError) as failure:
        log.warning("callback to %s was lost: %s", urlsplit(outgoing.url).path, type(failure).__name__)


def _signed_form(url: str, fields: Mapping[str, str], key: Secret) -> Outgoing:
    headers = {"content-type": FORM, "x-twilio-signature": sign(url, list(fields.items()), key)}
    return Outgoing("POST", url, headers, urlencode(fields).encode())


def _click(text: str) -> Outgoing | None:
    found = LINK.search(text)
    return Outgoing("GET", found[0].rstrip(".,;:!?)"), dict(BROWSING)) if found else None


def _beside(status_url: str) -> str:
    """The inbound address next to a status address, which is where our own web listens."""
    base = status_url.partition("?")[0]
    return base.removesuffix("/status") + "/inbound" if base.endswith("/status") else ""
