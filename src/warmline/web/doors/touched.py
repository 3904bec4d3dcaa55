"""What a lead does with a link of ours, handed to intake as the signal it is."""

from __future__ import annotations

from collections.abc import Mapping

from ...channels.contract import Signal
from ...channels.email.tracking import looks_automated
from ...intake import inbound
from ...store import sent, workspaces
from ...store.ids import read_touch_ref
from .. import database


def record(
    kind: str, ref: str, key: str, method: str, user_agent: str, data: Mapping[str, str], reply: str = ""
) -> bool:
    """Record a signal about the touch `ref`. False when there is no such touch.

    A scanner's visit is kept too, marked with how it gave itself away; `key` makes a person's second click on the same
    link, or a scanner's tenth, one event of its sort. An unsubscribe is never judged by who sends it: it counts.
    """
    with database.connection() as conn:
        touch = sent.sent(conn, *read_touch_ref(ref))
        if touch is None:
            return False
        now = database.now(conn)
        since = (now - touch.sent_at).total_seconds() if touch.sent_at else 0.0
        automated = looks_automated(user_agent, since, method) if kind != "unsubscribed" else None
        marks = {**data, **({"automated": automated} if automated else {}), "user_agent": user_agent[:200]}
        signal = Signal(kind, now, ref, key=f"{key}:{automated or 'person'}", text=reply, data=marks)
        inbound.receive(conn, workspaces.load(conn, touch.workspace_id), [signal], now)
    return True
