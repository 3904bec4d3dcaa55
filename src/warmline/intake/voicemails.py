"""A message that a caller left on our voicemail: a person spoke to us, so the machine stops and somebody listens."""

from __future__ import annotations

from datetime import datetime

import psycopg

from warmline import rules
from warmline.channels.contract import Signal
from warmline.core.lead import clean
from warmline.core.replies import read
from warmline.store import address_owners, events
from warmline.store.races import in_rounds
from warmline.store.workspaces import Workspace

from .case import Case, taken
from .messages import MOST_TEXT, READ_WITHIN, UnplacedError, read_address
from .opt_out import opt_out


@in_rounds()
def hear(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> None:
    """The recording, or later what a machine heard in it. Raises UnplacedError when no lead has the caller's number."""
    sender = read_address(signal.sender)
    lead_id = address_owners.owner_of(conn, workspace.id, sender)
    if sender is None or lead_id is None:
        raise _unplaced(signal)
    with taken(conn, workspace, lead_id, now, signal.key or None) as case:
        if case.is_erased:  # while we waited for it
            raise _unplaced(signal)
        if signal.key and signal.key in case.known_keys:
            return
        text = clean(signal.text)[:MOST_TEXT]
        if text:
            _read(case, signal, text, sender)
        else:
            _left(case, signal)


def _unplaced(signal: Signal) -> UnplacedError:
    where = signal.data.get("url") or signal.data.get("recording", "")
    return UnplacedError(f"No lead has the number {signal.sender[:60]!r} that left a voicemail: {where[:300]}")


def _left(case: Case, signal: Signal) -> None:
    seconds = signal.data.get("seconds", "")
    case.happened(
        "voicemail.left", channel="call", key=signal.key or None, recording=signal.data.get("recording", ""),
        url=signal.data.get("url", ""), seconds=int(seconds) if seconds.isdecimal() else 0,
    )  # fmt: skip
    if _was_an_opt_out(case, signal.data.get("recording", "")):
        return  # what it says came first, and was done: nobody is to answer it
    case.person_takes_over("reply", f"Left a voicemail of {seconds or '?'} s: listen to it")


def _was_an_opt_out(case: Case, recording: str) -> bool:
    """Whether the words of this message ended all contact."""
    heard = events.of_kinds(case.conn, case.lane, case.id, ("opted.out",))
    return any(one.data.get("recording") == recording and not one.data.get("channels") for one in heard if recording)


def _read(case: Case, signal: Signal, text: str, sender: str) -> None:
    """The same words as in a text mean the same."""
    key, recording = signal.key or None, signal.data.get("recording", "")
    reading = read(text, rules.opt_out_words())
    if reading.kind == "opt_out":
        opt_out(
            case, reason="opted_out", evidence=text, address=sender, channel="call", key=key, rule=reading.rule,
            recording=recording,
        )  # fmt: skip
    elif reading.kind == "doubtful":
        case.happened("doubtful", channel="call", key=key, text=text, rule=reading.rule, recording=recording)
        case.stop("human_live")
        case.reopen()
        case.needs_owner()
        title = f"Listen to what {case.person.called} said: is it an opt-out?"
        case.ask("read_reply", title, case.office_time(READ_WITHIN), text)
    else:
        case.happened("voicemail.transcribed", channel="call", key=key, text=text, recording=recording)
