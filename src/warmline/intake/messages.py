"""A message or a call from a person: whose it is, what it asks for, and what follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from warmline import rules
from warmline.channels.contract import Signal
from warmline.core.enrol import Enter
from warmline.core.keywords import is_answered
from warmline.core.lead import Draft, clean
from warmline.core.mail_address import read_email
from warmline.core.phone import read_phone
from warmline.core.replies import Reading, own_words, read
from warmline.core.values import event_values
from warmline.store import address_owners, consents, playbooks, suppressions
from warmline.store.ids import new_id
from warmline.store.receipts import Touch
from warmline.store.workspaces import Workspace

from .accept import accept
from .case import Case, NoSuchLeadError, taken
from .keywords import answer_of, say_back
from .opt_out import opt_out, suppress_address
from .person import Person
from .proofs import proof
from .setting import setting_of
from .submission import Given, Origin, Submission
from .suppressed import Suppressed

#: A doubtful message is read within this much office time; nothing automated goes out before that.
READ_WITHIN = timedelta(hours=4)
MOST_TEXT = 8_000
#: What stood around a person's own words, kept to look back at. The mailbox has all of it.
MOST_WHOLE = 2_000
_KEYWORD = 24  # characters: a longer text from a stranger is a message, not a keyword


class UnplacedError(Exception):
    """A signal that belongs to nobody we know, or says nothing we can read. The text is for a person."""


def hear(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime, touch: Touch | None) -> str:
    """A message. The touch it answers says whose it is; else the address it came from. Returns what is said back."""
    text = clean(signal.text)[:MOST_TEXT]
    sender = read_address(signal.sender)
    reading = read(text, rules.opt_out_words())
    lead_id = touch.lead_id if touch else _owner(conn, workspace, sender)
    if lead_id is None:
        return _stranger(conn, workspace, signal, text, sender, reading, now)
    try:
        with taken(conn, workspace, lead_id, now, signal.key or None) as case:
            if signal.key and signal.key in case.known_keys:
                return ""  # told before, and answered then
            return _answer(case, signal, text, sender or "", reading, touch)
    except NoSuchLeadError as error:
        raise UnplacedError(str(error)) from error


def answer_call(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> None:
    """A call from a lead: somebody took it (called back), or nobody did (a trigger of its own)."""
    sender = read_address(signal.sender)
    if sender is None:
        raise UnplacedError(f"No number can be read in {signal.sender[:60]!r}.")
    kind = "called.back" if signal.data.get("answered") else "call.missed"
    one = _submission(workspace, kind, sender, "", signal)
    accept(conn, workspace, [one], now)


def leave(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> None:
    """An unsubscribe or a complaint that names an address and no touch. It stops contact and nothing else, so the address
    is enough; an address that is nobody's yet is kept from being mailed when it becomes somebody's."""
    address = read_address(signal.sender)
    if address is None:
        raise UnplacedError(f"It names no touch of this workspace, and {signal.sender[:60]!r} is no address.")
    evidence = signal.text or f"unsubscribed by {signal.data.get('how', 'a provider')}"
    lead_id = _owner(conn, workspace, address)
    if lead_id is None:
        _keep_out(conn, workspace, address, "unsubscribed", evidence, now)
        return
    with taken(conn, workspace, lead_id, now, signal.key or None) as case:
        if not signal.key or signal.key not in case.known_keys:
            how = {"how": signal.data["how"]} if signal.data.get("how") else {}
            opt_out(
                case, reason="unsubscribed", evidence=evidence, address=address,
                channel=_channel(address), key=signal.key or None, **how,
            )  # fmt: skip


def _keep_out(
    conn: psycopg.Connection, workspace: Workspace, address: str, reason: str, evidence: str, now: datetime
) -> int:
    """Returns 0 where that was known already."""
    row = {
        "id": new_id(), "workspace_id": workspace.id, "scope": "address", "value": address, "channels": [],
        "reason": reason, "evidence": evidence[:2000], "at": now,
    }  # fmt: skip
    return suppressions.add(conn, [row])


def read_address(text: str) -> str | None:
    return read_email(text) if "@" in text else read_phone(text, "US")


def _channel(sender: str) -> str:
    """By the address as it was told: one that can't be read is still one of its channel."""
    return "email" if "@" in sender else "sms"


def _answer(case: Case, signal: Signal, text: str, sender: str, reading: Reading, touch: Touch | None) -> str:
    channel = _channel(signal.sender)
    key = signal.key or None
    step = touch.step if touch else ""
    if signal.data.get("automated"):  # an out-of-office is no person (invariant 7)
        # An out-of-office may say when they are back.
        until: dict[str, Any] = {"until": signal.data["until"]} if signal.data.get("until") else {}
        case.happened(
            "replied", channel=channel, step=step, key=key, text=text, automated=signal.data["automated"], **until
        )
        return ""
    if reading.kind == "opt_out":
        opt_out(case, reason="opted_out", evidence=text, address=sender, channel=channel, key=key, rule=reading.rule)
        if touch and touch.address and touch.address != sender:  # written from another address than the one we reached
            suppress_address(case, touch.address, "opted_out", text)
        return say_back(case, signal, "stop", channel)
    if reading.kind == "help":
        case.happened("help.asked", channel=channel, key=key, text=text, rule=reading.rule)
        return say_back(case, signal, "help", channel)
    if reading.kind == "doubtful":
        case.happened("doubtful", channel=channel, key=key, text=text, rule=reading.rule)
        case.stop("human_live")
        case.reopen()
        case.needs_owner()
        title = f"Read what {case.person.called} wrote: is it an opt-out?"
        case.ask("read_reply", title, case.office_time(READ_WITHIN), text)
    elif reading.kind == "start" and channel == "sms" and _starts_again(case, text, sender, key):
        case.leave_nobody_behind(f"{case.person.called} asked to hear from us again: decide what comes next")
        return say_back(case, signal, "start", channel)
    else:
        whole: dict[str, Any] = {"whole": clean(signal.data["whole"])[:MOST_WHOLE]} if signal.data.get("whole") else {}
        case.happened("replied", channel=channel, step=step, key=key, text=text, **whole)
        case.person_takes_over("reply", f"Wrote: {own_words(text).strip()[:1000]}")
    return ""


def _starts_again(case: Case, text: str, sender: str, key: str | None) -> bool:
    """START lifts the lead's own opt-out for texts, and for nothing else. False when there is none to lift."""
    values = {sender, str(case.id), *(value for value in (case.person.email, case.person.phone) if value)}
    kept = suppressions.in_force(case.conn, case.workspace.id, values)
    standing = Suppressed(case.person, kept)
    if not standing.out:
        return False
    given = Given("express", ("sms",), "start", f"Texted {text}")
    lifted = standing.lift(Submission("sms", Draft(phone=sender), consents=(given,)), case.workspace.id, case.now)
    if lifted is None:
        return False
    suppressions.lift(case.conn, lifted.rows, case.now)
    suppressions.add(case.conn, lifted.narrowed)
    kept_as = proof(
        case.person, case.workspace.id, case.workspace.config.workspace.name, given, case.now,
        source="sms", origin=Origin(), phone=sender, email=None, months=None,
    )  # fmt: skip
    consents.add(case.conn, [kept_as])
    case.happened("opted.in", channel="sms", key=key, proof=lifted.proof, channels=["sms"], text=text)
    if case.person.status == "opted_out":
        case.person.put("status", "open")
    return True


def _stranger(
    conn: psycopg.Connection, workspace: Workspace, signal: Signal, text: str, sender: str | None, reading: Reading,
    now: datetime,
) -> str:  # fmt: skip
    """Somebody no lead owns the address of. An opt-out counts all the same; a keyword that a playbook asks for makes a
    lead; anything else waits for a person."""
    if sender is not None and reading.kind == "opt_out":
        news = _keep_out(conn, workspace, sender, "opted_out", text, now)
        # A stranger has no story: the suppression that is new is what says that this was answered.
        if not news or not is_answered("stop", (), now, signal.at):
            return ""
        return answer_of(workspace, signal, "stop", _channel(sender))
    if sender is not None and reading.kind == "reply" and 0 < len(text) <= _KEYWORD and "@" not in sender:
        one = _submission(workspace, "keyword.received", sender, text.upper(), signal)
        if _asked_for(conn, workspace, one, now):
            accept(conn, workspace, [one], now)
            return ""
    raise UnplacedError(f"No lead has the address {signal.sender[:120]!r}, and no playbook asks for this text.")


def _submission(workspace: Workspace, kind: str, phone: str, keyword: str, signal: Signal) -> Submission:
    """As if the source that reports such events had posted it: its consent and its name are the ones that count."""
    source = next((one for one in workspace.config.sources.values() if one.event == kind), None)
    given = tuple(
        Given(rule.level, rule.channels, rule.wording, workspace.config.wordings.get(rule.wording, ""), rule.purpose)
        for rule in (source.consent if source else ())
        if not rule.field
    )
    return Submission(
        source=source.key if source else "inbound", draft=Draft(phone=phone), kind=kind,
        form=source.form if source else "", keyword=keyword, consents=given, key=signal.key or None,
        raw=msgspec.json.encode(signal).decode(),
    )  # fmt: skip


def _asked_for(conn: psycopg.Connection, workspace: Workspace, one: Submission, now: datetime) -> bool:
    """Whether a playbook would take a new lead that came by this keyword."""
    setting = setting_of(workspace, playbooks.current(conn, workspace.id), now)
    event = event_values(
        one.kind, form=one.form, source=one.source, keyword=one.keyword, after_hours=setting.after_hours(now)
    )
    lead = Person(new_id(), True, phone=one.draft.phone, source=one.source)
    return isinstance(setting.chooser.choose(event, lead.values(), None, (), now), Enter)


def _owner(conn: psycopg.Connection, workspace: Workspace, sender: str | None) -> UUID | None:
    return address_owners.find(conn, workspace.id, [sender]).get(sender) if sender else None
