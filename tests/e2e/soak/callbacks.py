"""What the provider told us, in the words of the account."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from warmline.channels.email.tokens import read_touch

SECRET = b"a secret of tests that is long enough for it"
OPT_OUTS = ("STOP", "stop")


@dataclass(frozen=True)
class Callback:
    """`means`: report, reply, call, opt-out or click. `key`: the one that its event carries, "" where nothing has
    to be recorded. Nobody takes the calls of the soak: a missed call may start a playbook, or stop one that outranks it, so
    nothing is said of it."""

    means: str
    key: str
    touch: str  # ref, "" for a text from a lead
    phone: str
    status: int
    answered_at: datetime

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def reports(self) -> bool:
        return self.means == "report"


def read_callbacks(told: Iterable[dict[str, Any]]) -> list[Callback]:
    return [_read(one["url"], one["body"], one["status"], datetime.fromisoformat(one["at"])) for one in told]


def _read(url: str, body: str, status: int, at: datetime) -> Callback:
    parts = urlsplit(url)
    if parts.path.startswith("/u/") and body:  # following the link only shows a page: a click, as on any other
        ref = read_touch(parts.path.removeprefix("/u/"), "unsubscribe", SECRET) or ""
        how = "one click" if "One-Click" in body else "page"
        return Callback("opt-out", f"unsubscribe:{ref}:{how}", ref, "", status, at)
    if parts.path.startswith("/hooks/sms/"):
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        sid = fields["MessageSid"]
        if parts.path.endswith("/status"):
            touch = parse_qs(parts.query)["touch"][0]
            return Callback("report", f"{sid}:{fields['MessageStatus']}", touch, "", status, at)
        means = "opt-out" if fields["Body"] in OPT_OUTS else "reply"
        return Callback(means, f"{sid}:inbound", "", fields["From"], status, at)
    if parts.path.startswith("/hooks/"):
        fields = json.loads(body)
        means = {"inbound": "reply", "call": "call"}.get(fields["kind"], "report")
        if means == "reply" and fields["text"] in OPT_OUTS:
            means = "opt-out"
        return Callback(means, fields["key"], fields["touch_id"], "", status, at)
    return Callback("click", "", "", "", status, at)
