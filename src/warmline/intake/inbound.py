"""What providers and links tell of touches and leads: receipts, messages, opens, clicks, bounces, unsubscribes.

Each signal is a transaction of its own. Late, doubled and reordered ones change nothing. What belongs to nobody we know
is kept in quarantine, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog

from warmline import rules
from warmline.channels.contract import Signal
from warmline.core.lead import clean, storable
from warmline.core.mail_address import read_email
from warmline.store import address_owners, events, paces, quarantine, receipts
from warmline.store.ids import lane_of, read_touch_ref
from warmline.store.races import in_rounds
from warmline.store.receipts import Touch
from warmline.store.workspaces import Workspace

from . import messages, visits, voicemails
from .case import Case, NoSuchLeadError, taken
from .judge import HAND_OFF_WITHIN
from .messages import UnplacedError
from .opt_out import opt_out, suppress_address
from .ours import as_written, is_ours

log = structlog.get_logger()

#: A mail without a token of ours is taken for an answer to what was mailed to its address within this time.
ANSWERED_WITHIN = timedelta(days=14)

#: How long a channel rests whose account is refused. Then a second's worth goes out, and tells whether it is over.
ACCOUNT_RESTS = paces.LONGEST_REST


def receive(conn: psycopg.Connection, workspace: Workspace, signals: Sequence[Signal], now: datetime) -> list[str]:
    """Returns what is to be said back to whoever wrote, in the answer to the provider's request; mostly nothing.

    Raises psycopg.OperationalError when the database is not there; the provider then tells it again.
    """
    said = []
    for signal in signals:
        try:
            said.append(receive_one(conn, workspace, signal, now))
        except UnplacedError as error:
            keep_signal(conn, workspace, signal, str(error), {}, now)
    return [text for text in said if text]


def keep_signal(
    conn: psycopg.Connection, workspace: Workspace, signal: Signal, reason: str, context: dict[str, Any], now: datetime
) -> None:
    """Set a signal aside until a person places it, once however often it is told."""
    # A provider that gives what it tells no id gives it all one key: what it says belongs to it.
    key = f"{signal.key} {signal.touch_id} {signal.sender} {signal.text}" if signal.key else ""
    body = msgspec.json.encode(_storable(signal)).decode()
    quarantine.keep(
        conn, workspace.id, f"signal:{signal.kind}", reason, body, "application/json", context, now, key
    )  # fmt: skip


def receive_one(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> str:
    """Returns the answer to a keyword, "" for none. Raises UnplacedError for what belongs to nobody we know; then nothing
    is written."""
    signal = _storable(signal)
    about = _ABOUT_TOUCHES.get(signal.kind)
    if about is not None:
        _about_touch(conn, workspace, signal, now, about)
    elif signal.kind == "inbound":
        return _hear(conn, workspace, as_written(conn, workspace, signal), now)
    elif signal.kind == "call":
        messages.answer_call(conn, workspace, signal, now)
    elif signal.kind == "voicemail":
        voicemails.hear(conn, workspace, signal, now)
    else:
        raise UnplacedError(f"Warmline knows no signal {signal.kind!r}.")
    return ""


def _hear(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> str:
    touch = _touch(conn, workspace, signal) or _last_mail(conn, workspace, signal, now)
    if is_ours(workspace, signal.sender):
        address = read_email(signal.sender)
        # Somebody of ours who tries things out as a lead answers what was mailed to that very address.
        if touch is not None and touch.address != address:
            return ""
        if touch is None and address_owners.owner_of(conn, workspace.id, address) is None:
            raise UnplacedError("One of our own people wrote it, and it answers no mail to a lead.")
    return messages.hear(conn, workspace, signal, now, touch)


def _storable(signal: Signal) -> Signal:
    """As it was told, without characters that no database takes: what can be read of it counts."""
    texts: dict[str, Any] = {name: storable(value) for name in _TEXTS if (value := getattr(signal, name))}
    return replace(signal, **texts, data={name: storable(value) for name, value in signal.data.items()})


_TEXTS = tuple(one.name for one in fields(Signal) if one.type in (str, "str"))


def learn_refusal(
    conn: psycopg.Connection, workspace: Workspace, lane: int, touch_id: UUID, reason: str, code: str, now: datetime
) -> None:
    """A provider refused a touch at the hand-over, with an error of class `reason`: what that says of the address.

    Call it in the transaction that writes the receipt: an opt-out that the provider knows of must be in force before
    the next channel has its turn. The refusal itself is the receipt's to tell.
    """
    touch = receipts.find(conn, workspace.id, lane, touch_id)
    if touch is None:
        return
    _about_account(conn, workspace, touch, reason, code)
    if not _says_something(reason):
        return
    with taken(conn, workspace, touch.lead_id, now) as case:
        _mark(case, touch, reason, code)


def learn_fate(conn: psycopg.Connection, workspace: Workspace, lead_id: UUID, now: datetime) -> None:
    """The receipt of a touch of this lead came when the touch was unknown already, and a person had been asked about it.

    Call it in the transaction that writes the receipt, which is told already.
    """
    with taken(conn, workspace, lead_id, now) as case:
        _known_now(case, "unknown")


def _touch(conn: psycopg.Connection, workspace: Workspace, signal: Signal) -> Touch | None:
    """By the id that came back to us, which only a provider or whoever has a mail of ours knows."""
    try:
        lane, touch_id = read_touch_ref(signal.touch_id)
    except ValueError:
        return None
    return receipts.find(conn, workspace.id, lane, touch_id)


def _last_mail(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> Touch | None:
    """What was mailed last to whoever wrote: a mail that names none may answer it."""
    if signal.touch_id:
        return None
    address = read_email(signal.sender) if "@" in signal.sender else None
    lead_id = address_owners.owner_of(conn, workspace.id, address)
    if address is None or lead_id is None:
        return None
    return receipts.latest_mail(conn, workspace.id, lane_of(lead_id), lead_id, address, now - ANSWERED_WITHIN)


def _about_touch(
    conn: psycopg.Connection,
    workspace: Workspace,
    signal: Signal,
    now: datetime,
    about: Callable[[Case, Touch, Signal], None],
) -> None:
    touch = _touch(conn, workspace, signal)
    if touch is None and signal.kind == "unsubscribed" and signal.sender:
        messages.leave(conn, workspace, signal, now)
        return
    if touch is None:
        raise UnplacedError(_no_report_of_ours(signal))
    if touch.status not in _OUT_OF.get(signal.kind, (touch.status,)):
        return  # a late word changes nothing, and needs no lock to say so
    try:
        _tell_of(conn, workspace, signal, now, touch, about)
    except NoSuchLeadError as error:
        raise UnplacedError(str(error)) from error


def _no_report_of_ours(signal: Signal) -> str:
    if signal.touch_id or not signal.sender:
        return "It names no touch of this workspace."
    return (
        "The report quotes nothing of a mail of ours, and anybody can write such a report: it changes nothing. Correct the"
        " lead's address if you know that it is a bad one, and dismiss this."
    )


@in_rounds()
def _tell_of(
    conn: psycopg.Connection,
    workspace: Workspace,
    signal: Signal,
    now: datetime,
    touch: Touch,
    about: Callable[[Case, Touch, Signal], None],
) -> None:
    with taken(conn, workspace, touch.lead_id, now, signal.key or None) as case:
        if case.is_erased and signal.kind in _OF_A_PERSON:
            return
        if signal.key in case.known_keys:
            if signal.kind != "unsubscribed" or not _agreed_before(case, signal.at):
                return
            signal = replace(signal, key="")  # the story has it already, of the time before
        about(case, touch, signal)


def _agreed_before(case: Case, at: datetime) -> bool:
    """Whether the lead had opted in anew by then: a mail has one button, and it counts whenever it is pressed."""
    story = events.of_kinds(case.conn, case.lane, case.id, ("opted.out", "opted.in"))
    return bool(story) and story[-1].kind == "opted.in" and story[-1].at <= at


#: What somebody does, or a server says of them in its own words: of whoever was erased nothing of it is kept any more.
_OF_A_PERSON = ("delayed", "opened", "clicked", "unsubscribed")

#: Out of which statuses a report moves a touch: forward only. Any of them may overtake the receipt of the hand-over, and
#: where that never comes it is all that is ever told.
_OUT_OF: Mapping[str, tuple[str, ...]] = {
    "sent": ("sending", "unknown"),
    "delivered": ("sending", "sent", "unknown"),
    "failed": ("sending", "sent", "unknown"),
}


def _sent(case: Case, touch: Touch, signal: Signal) -> None:
    before = receipts.move(case.conn, touch, "sent", _OUT_OF["sent"], sent_at=case.now, provider_id=signal.provider_id)
    if before:
        _tell(case, touch, "touch.sent", key=signal.key)
        _known_now(case, before)


def _delivered(case: Case, touch: Touch, signal: Signal) -> None:
    before = receipts.move(
        case.conn, touch, "delivered", _OUT_OF["delivered"],
        sent_at=case.now, provider_id=signal.provider_id,
    )  # fmt: skip
    if not before:
        return
    if before == "sending":  # the receipt of the hand-over is still on its way, and will find the touch moved on
        _tell(case, touch, "touch.sent")
    # A report may come late: clicks are judged by when the mail arrived, not by when we heard of it.
    arrived = {"delivered_at": signal.at.isoformat()} if signal.at < case.now else {}
    _tell(case, touch, "touch.delivered", key=signal.key, **arrived, **_worth_knowing(signal))
    _known_now(case, before)


def _delayed(case: Case, touch: Touch, signal: Signal) -> None:
    """Not there yet, and not lost either: a line of the story, and nothing else moves."""
    _tell(
        case, touch, "touch.delayed", key=signal.key, code=signal.code, text=clean(signal.text)[:300], **_marks(signal)
    )


def _failed(case: Case, touch: Touch, signal: Signal) -> None:
    reason = signal.reason or "unknown"
    before = receipts.move(case.conn, touch, "failed", _OUT_OF["failed"], reason)
    if not before:
        return  # it was delivered, or had failed already: a late word changes nothing
    _tell(
        case, touch, "touch.failed", key=signal.key, reason=reason, code=signal.code, last=touch.last,
        **_worth_knowing(signal),
    )  # fmt: skip
    _known_now(case, before)
    _about_account(case.conn, case.workspace, touch, reason, signal.code)
    _mark(case, touch, reason, signal.code)


def _bounced(case: Case, touch: Touch, signal: Signal) -> None:
    """A mail that came back. Some come back for a while only (unreachable, filtered): then the address stays good."""
    before = receipts.move(case.conn, touch, "failed", ("sending", "sent", "unknown", "delivered"), "bounced")
    hard = signal.reason in ("", "unknown", "invalid_address", "invalid_number")
    _tell(
        case,
        touch,
        "bounced",
        key=signal.key,
        reason=signal.reason,
        code=signal.code,
        address=touch.address or "",
        hard=hard,
    )
    if before:
        _tell(case, touch, "touch.failed", reason="bounced", code=signal.code, last=touch.last)
        _known_now(case, before)
    if hard and touch.address:
        case.person.mark_address(touch.address, "bounced")
    elif not hard:
        _mark(case, touch, signal.reason, signal.code)


def _opened(case: Case, touch: Touch, signal: Signal) -> None:
    if "user_agent" in signal.data:
        visits.visited(case, touch, signal)
        return
    _tell(case, touch, "opened", key=signal.key, **_marks(signal))


def _clicked(case: Case, touch: Touch, signal: Signal) -> None:
    if "user_agent" in signal.data:
        visits.visited(case, touch, signal)
        return
    _tell(case, touch, "clicked", key=signal.key, **_marks(signal))
    if not signal.data.get("automated"):
        case.person_takes_over("click", f"Clicked {signal.data.get('url', 'a link')}")


def _unsubscribed(case: Case, touch: Touch, signal: Signal) -> None:
    evidence = signal.text or f"unsubscribed by {signal.data.get('how', 'a link')}"
    # The button of our page says "no email, no texts, no voicemail": whoever presses it has ended them all.
    channel = "" if signal.data.get("how") == "page" else touch.channel
    opt_out(
        case, reason="unsubscribed", evidence=evidence, address=touch.address or "", channel=channel,
        key=signal.key or None, **_marks(signal),
    )  # fmt: skip


_ABOUT_TOUCHES: Mapping[str, Callable[[Case, Touch, Signal], None]] = {
    "sent": _sent,
    "delivered": _delivered,
    "delayed": _delayed,
    "failed": _failed,
    "bounced": _bounced,
    "opened": _opened,
    "clicked": _clicked,
    "unsubscribed": _unsubscribed,
}


def _tell(case: Case, touch: Touch, kind: str, key: str | None = None, **data: object) -> None:
    case.happened(
        kind,
        enrollment=touch.enrollment_id,
        step=touch.step,
        channel=touch.channel,
        touch=touch.id,
        key=key or None,
        **data,
    )


def _marks(signal: Signal) -> dict[str, str]:
    return {name: clean(value)[:2000] for name, value in signal.data.items() if value}


def _worth_knowing(signal: Signal) -> dict[str, str]:
    """What a receipt told beside its status, in our words; a provider's own fields are not kept in the story."""
    names = ("attempted_at", "network", "network_type", "cost", "spam")
    return {name: clean(value)[:200] for name in names if (value := signal.data.get(name))}


def _known_now(case: Case, before: str) -> None:
    """A touch whose fate was unknown has one now: nobody needs to look any more, unless there is another."""
    if before == "unknown" and not case.has_unknown():
        case.cancel_tasks("settled", kinds=("unknown",))
        case.leave_nobody_behind(f"Decide what {case.person.called} gets next")


def _says_something(reason: str) -> bool:
    means = rules.provider_errors().classes.get(reason)
    return means is not None and (means.address != "keep" or means.tell == "person")


def _about_account(conn: psycopg.Connection, workspace: Workspace, touch: Touch, reason: str, code: str) -> None:
    """What an error says of our account: an admin reads of it in the log now, and on the page Attention for a week; and
    where the provider takes nothing from us, the channel rests."""
    means = rules.provider_errors().classes.get(reason)
    if means is None:
        return
    if means.tell == "admin":
        log.warning("provider.refused", channel=touch.channel, reason=reason, code=code, touch=str(touch.id))
    if means.account == "pause":
        paces.rest(conn, workspace.id, touch.channel, ACCOUNT_RESTS)


def _mark(case: Case, touch: Touch, reason: str, code: str) -> None:
    """What the class of an error says of the address, and who should hear of it (rules/provider_errors.yaml)."""
    means = rules.provider_errors().classes.get(reason)
    if means is None:
        return
    address = touch.address or ""
    if means.address == "suppress_person":
        said = f"the provider says so: {code or reason}"
        if case.person.status == "opted_out":  # told twice: as an opt-out, and as why the touch failed
            if address:
                suppress_address(case, address, "opted_out", said)
            return
        opt_out(case, reason="opted_out", evidence=said, address=address, channel=touch.channel)
        return
    if means.address in ("bad_address", "no_sms") and address:
        case.person.mark_address(address, "invalid" if means.address == "bad_address" else "not_sms_capable")
    if means.tell == "person" and case.person.status == "open":
        case.ask(
            "fix",
            f"{means.means} Check {address or 'the address'}",
            case.office_time(HAND_OFF_WITHIN),
        )
