"""What a manager decides on the Attention page."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from ..intake import acts
from .asking import Ask


class BadRefError(Exception):
    """The address names nothing that can be settled so."""


def settle(ask: Ask, what: str, ref: str, act: str) -> str:
    """Do it. Returns why it did not work, "" when it did. Raises BadRefError."""
    do = _ACTS.get((what, act))
    if do is None:
        raise BadRefError(act)
    try:
        do(ask, UUID(ref))
    except ValueError as error:
        raise BadRefError(ref) from error
    except acts.ActError as error:
        return str(error)
    return ""


def _lane(ask: Ask) -> int:
    """Raises ValueError for a form that was not ours."""
    return int(ask.posted("lane"))


def _resume(ask: Ask, which: UUID) -> None:
    acts.replay_parked(ask.conn, ask.workspace, _lane(ask), which, ask.person.key, ask.now)


def _arrived(ask: Ask, which: UUID) -> None:
    acts.settle_unknown(ask.conn, ask.workspace, _lane(ask), which, ask.person.key, ask.now, status="sent")


def _lost(ask: Ask, which: UUID) -> None:
    acts.settle_unknown(ask.conn, ask.workspace, _lane(ask), which, ask.person.key, ask.now, status="failed")


def _replay(ask: Ask, which: UUID) -> None:
    body = ask.request.POST.get("body", "")
    acts.replay_quarantine(ask.conn, ask.workspace, which, body, ask.person.key, ask.now)


def _dismiss(ask: Ask, which: UUID) -> None:
    acts.dismiss_quarantine(ask.conn, ask.workspace, which, ask.person.key, ask.now)


_ACTS: dict[tuple[str, str], Callable[[Ask, UUID], None]] = {
    ("parked", "resume"): _resume,
    ("unknown", "sent"): _arrived,
    ("unknown", "failed"): _lost,
    ("quarantine", "replay"): _replay,
    ("quarantine", "dismiss"): _dismiss,
}
