"""What a lead does with a link of ours, handed to intake as the signal it is."""

from __future__ import annotations

from collections.abc import Mapping

from ...channels.contract import Signal
from ...intake import inbound
from ...store import sent, workspaces
from ...store.ids import read_touch_ref
from .. import database
from .http import Request

#: Headers by which browsers and mail programs say that nobody has clicked yet.
_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def record(kind: str, ref: str, key: str, data: Mapping[str, str], reply: str = "") -> bool:
    """Record a signal about the touch `ref`. False when there is no such touch.

    Opens and clicks carry what `visit_of` saw; intake judges who came. An unsubscribe is never judged: it counts.
    """
    with database.connection() as conn:
        touch = sent.sent(conn, *read_touch_ref(ref))
        if touch is None:
            return False
        now = database.now(conn)
        signal = Signal(kind, now, ref, key=key, text=reply, data=data)
        inbound.receive(conn, workspaces.load(conn, touch.workspace_id), [signal], now)
    return True


def visit_of(request: Request) -> dict[str, str]:
    """What tells a person from a machine. Privacy signals (Sec-GPC, DNT) are not among it."""
    return {
        "method": request.method,
        "user_agent": request.headers.get("user-agent", "")[:200],
        "ip": request.client,
        "accept": request.headers.get("accept", "")[:200],
        "languages": request.headers.get("accept-language", "")[:200],
        "purpose": " ".join(request.headers[name][:60] for name in _PURPOSES if name in request.headers),
    }
