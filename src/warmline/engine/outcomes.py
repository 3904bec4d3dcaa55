"""What a receipt means for a touch. Only what certainly left nothing is ever tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from warmline.channels.contract import Accepted, NotSent, Receipt, Refused, Unknown
from warmline.core.lead import storable
from warmline.store.touches import Outcome, Ready

from .compose import Unsendable

#: After this many tries that certainly left nothing, a touch has failed: some ten minutes, and the next channel has its turn.
MOST_TRIES = 8

#: Where there is no other channel, a provider may be away for an afternoon: tries go on for so long, and so many at most.
NO_OTHER_WAY = timedelta(hours=4)
MOST_TRIES_EVER = 64

#: However long a provider is busy, it is tried again after this.
LONGEST_PAUSE = timedelta(hours=1)


def outcome_of_receipt(lane: int, touch: Ready, receipt: Receipt, now: datetime) -> Outcome:
    """The status of an unknown one is "asking": nothing is written of it before the provider has been asked. What a provider
    says is written without the letters that no database takes."""
    base = outcome_of(lane, touch, "sent", now)
    match receipt:
        case Accepted(provider_id):
            base.provider_id = storable(provider_id)
        case Refused(reason, code, detail):
            base.status, base.event, base.reason, base.wakes = "failed", "touch.failed", reason, True
            base.error = storable(detail)
            base.data = {"code": storable(code), "detail": base.error}
        case NotSent(detail, retry_after, counts) if not counts or _is_worth_a_try(touch, now):
            base.status, base.event, base.error, base.excused = "queued", "", storable(detail), not counts
            base.until = now + min(retry_after * 2 ** min(touch.tries - 1, MOST_TRIES), LONGEST_PAUSE)
        case NotSent(detail):
            base.status, base.event, base.reason, base.error = "failed", "touch.failed", "gave_up", storable(detail)
            base.data, base.wakes = {"detail": base.error}, True
        case Unknown(detail):
            base.status, base.event, base.error = "asking", "", storable(detail)
    return base


def _is_worth_a_try(touch: Ready, now: datetime) -> bool:
    tries = touch.tries - touch.excused
    if tries < MOST_TRIES:
        return True
    return touch.last and now < touch.created_at + NO_OTHER_WAY and tries < MOST_TRIES_EVER


def again(lane: int, touch: Ready, now: datetime, after: timedelta = timedelta(0)) -> Outcome:
    """Back in the queue: it was not sent, and not by anybody's fault. Ready `after` so long."""
    outcome = outcome_of(lane, touch, "queued", now, event="", until=now + after)
    outcome.excused = True
    return outcome


def unwritten(lane: int, touch: Ready, error: Exception, now: datetime) -> Outcome:
    """A touch without words, or of a lead that can't be judged: refused where no try would help, else its lead is parked."""
    if isinstance(error, Unsendable):
        return outcome_of(lane, touch, "refused", now, reason=error.reason)
    why = f"{type(error).__name__}: {error}".replace("\x00", "\\0")
    return outcome_of(lane, touch, "held", now, reason="error", park=why)


def outcome_of(
    lane: int,
    touch: Ready,
    status: str,
    now: datetime,
    *,
    reason: str = "",
    park: str = "",
    event: str | None = None,
    until: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> Outcome:
    """An outcome of `touch`, with the event that the story gets for it: touch.<status>, unless another is named."""
    return Outcome(
        lane=lane, id=touch.id, lead_id=touch.lead_id, workspace_id=touch.workspace_id, step=touch.step,
        enrollment_id=touch.enrollment_id, channel=touch.channel, last=touch.last, tries=touch.tries, status=status,
        at=now, event=f"touch.{status}" if event is None else event, until=until, reason=reason, error=park, park=park,
        data=data or {}, wakes=touch.wakes or status != "sent",
    )  # fmt: skip
