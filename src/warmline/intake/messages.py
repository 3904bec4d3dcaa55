"""A message or a call from a person: whose it is, what it asks for, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg

from warmline import rules
from warmline.channels.contract import Signal
from warmline.core.keywords import hear as heard_as
from warmline.core.keywords import is_answered, keyword_in
from warmline.core.lead import Draft, clean
from warmline.core.mail_address import read_email
from warmline.core.media import told
from warmline.core.phone import read_phone
from warmline.core.replies import Kind, Reading, own_words
from warmline.core.settings import Source
from warmline.core.tokens import tokens_of
from warmline.store import address_owners, consents, merges, suppressions
from warmline.store.ids import new_id
from warmline.store.races import LostRaceError, in_rounds
from warmline.store.receipts import Touch
from warmline.store.workspaces import Workspace

from .accept import accept
from .case import Case, NoSuchLeadError, taken
from .erased import in_force
from .keywords import answer_of, say_back, who_answers
from .opt_out import opt_out, suppress_address
from .ours import caller_of_ours
from .person import Person
from .proofs import proof
from .submission import Given, Origin, Submission
from .suppressed import Lifted, Suppressed

#: A doubtful message is read within this much office time; nothing automated goes out before that.
READ_WITHIN = timedelta(hours=4)
MOST_TEXT = 8_000
#: What stood around a person's own words, kept to look back at. The mailbox has all of it.
MOST_WHOLE = 2_000


class UnplacedError(Exception):
    """A signal that belongs to nobody we know, or says nothing we can read. The text is for a person."""


def hear(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime, touch: Touch | None) -> str:
    """A message. The touch it answers says whose it is; else the address it came from. Returns what is said back."""
    text = clean(signal.text)[:MOST_TEXT]
    sender = read_address(signal.sender)
    reading = _reading(workspace, signal, text)
    asked = _by_keyword(conn, workspace, signal, text, sender, reading)
    try:
        if touch is not None and reading.kind == "opt_out" and _is_of_another(conn, workspace, sender, touch):
            # Whoever asks for it is a lead, too, and wants no more on any channel: not only by this address.
            _of_lead(conn, workspace, signal, text, sender, reading, now, None, asked)
        said = _of_lead(conn, workspace, signal, text, sender, reading, now, touch, asked)
    except NoSuchLeadError as error:
        raise UnplacedError(str(error)) from error
    if said is not None:
        return said
    if asked is not None:
        accept(conn, workspace, [asked], now)
        return ""
    if own := caller_of_ours(conn, workspace, sender):
        raise UnplacedError(f"{own.name} wrote from their own phone: that is no lead.")
    raise UnplacedError(f"No lead has the address {signal.sender[:120]!r}, and no source lists this text as a keyword.")


def _is_of_another(conn: psycopg.Connection, workspace: Workspace, sender: str | None, touch: Touch) -> bool:
    """Whether the address is another lead's than the touch, as of one who answers in a thread that was passed on."""
    owner = address_owners.owner_of(conn, workspace.id, sender)
    return owner is not None and owner != merges.stands_for(conn, touch.lead_id)


@in_rounds()
def _of_lead(
    conn: psycopg.Connection, workspace: Workspace, signal: Signal, text: str, sender: str | None, reading: Reading,
    now: datetime, touch: Touch | None, asked: Submission | None,
) -> str | None:  # fmt: skip
    """What is said back. None: it is no lead's, or no longer, and no wish; or one's that nothing runs for and that asks by a
    keyword to be let in again."""
    lead_id = touch.lead_id if touch else address_owners.owner_of(conn, workspace.id, sender)
    if lead_id is None:
        return _stranger(conn, workspace, signal, text, sender, reading, now)
    with taken(conn, workspace, lead_id, now, signal.key or None) as case:
        if (
            touch is None
            and sender not in case.person.addresses
            and address_owners.owner_of(conn, workspace.id, sender) != case.id
        ):
            raise LostRaceError  # the address changed hands while we waited for its lead
        if case.is_erased:
            # The touch it answers went to somebody who is nobody's lead any more.
            return _stranger(conn, workspace, signal, text, sender, reading, now)
        if signal.key and signal.key in case.known_keys:
            return ""  # told before, and answered then
        if reading.kind == "start" and _starts_again(case, text, sender or "", signal.key or None, signal.at):
            return say_back(case, signal, "start", "sms")
        if asked is not None and case.is_free:
            return None
        return _answer(case, signal, text, sender or "", reading, touch)


def answer_call(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> None:
    """A call from a lead: somebody took it (called back), or nobody did (a trigger of its own)."""
    sender = read_address(signal.sender)
    if sender is None:
        raise UnplacedError(f"No number can be read in {signal.sender[:60]!r}.")
    if own := caller_of_ours(conn, workspace, sender):
        raise UnplacedError(f"{own.name} called from their own phone: that is no lead.")
    kind = "called.back" if signal.data.get("answered") else "call.missed"
    source = next((one for one in workspace.config.sources.values() if one.event == kind), None)
    one = _submission(workspace, source, kind, sender, signal)
    accept(conn, workspace, [one], now)


@in_rounds()
def leave(conn: psycopg.Connection, workspace: Workspace, signal: Signal, now: datetime) -> None:
    """An unsubscribe or a complaint that names an address and no touch. It stops contact and nothing else, so the address
    is enough; an address that is nobody's yet is kept from being mailed when it becomes somebody's."""
    address = read_address(signal.sender)
    if address is None:
        raise UnplacedError(f"It names no touch of this workspace, and {signal.sender[:60]!r} is no address.")
    evidence = signal.text or f"unsubscribed by {signal.data.get('how', 'a provider')}"
    lead_id = address_owners.owner_of(conn, workspace.id, address)
    if lead_id is None:
        _keep_out(conn, workspace, address, "unsubscribed", evidence, now)
        return
    with taken(conn, workspace, lead_id, now, signal.key or None) as case:
        if case.is_erased:  # while we waited for it
            _keep_out(conn, workspace, address, "unsubscribed", evidence, now)
        elif not signal.key or signal.key not in case.known_keys:
            how = {"how": signal.data["how"]} if signal.data.get("how") else {}
            opt_out(
                case, reason="unsubscribed", evidence=evidence, address=address,
                channel=_channel(address), key=signal.key or None, **how,
            )  # fmt: skip


def _keep_out(
    conn: psycopg.Connection, workspace: Workspace, address: str, reason: str, evidence: str, now: datetime
) -> int:
    """Returns 0 where that was known already, of somebody who was erased too."""
    tokens = tokens_of(workspace.token_key, [address])
    row = {
        "id": new_id(), "workspace_id": workspace.id, "scope": "address", "value": address, "channels": [],
        "reason": reason, "evidence": evidence[:2000], "at": now,
    }  # fmt: skip
    with conn.transaction():
        suppressions.hold(conn, workspace.id, address)
        kept = suppressions.in_force(conn, workspace.id, tokens).values()
        return 0 if any(not one.channels for rows in kept for one in rows) else suppressions.add(conn, [row])


def read_address(text: str) -> str | None:
    """Channels tell numbers in their international form. One that has lost it may be anybody's: None."""
    return read_email(text) if "@" in text else read_phone(text, "")


#: What a provider may have taken a text for -> what it is for us.
_TAKEN_FOR: Mapping[str, Kind] = {"stop": "opt_out", "start": "start", "help": "help"}


def _reading(workspace: Workspace, signal: Signal, text: str) -> Reading:
    """What a message asks for. What the provider has acted on counts before the words: it knows words that we don't."""
    if kind := _TAKEN_FOR.get(signal.data.get("asks", "")):
        return Reading(kind, "certain", f"taken for it by {signal.data.get('answered_by', 'the provider')}")
    return heard_as(text, rules.opt_out_words(), who_answers(workspace, _channel(signal.sender)))


def _channel(sender: str) -> str:
    """By the address as it was told: one that can't be read is still one of its channel."""
    return "email" if "@" in sender else "sms"


def _answer(case: Case, signal: Signal, text: str, sender: str, reading: Reading, touch: Touch | None) -> str:
    channel = _channel(signal.sender)
    key = signal.key or None
    step = touch.step if touch else ""
    came = _came_with(signal)
    if signal.data.get("automated"):  # an out-of-office is no person (invariant 7)
        # An out-of-office may say when they are back.
        until: dict[str, Any] = {"until": signal.data["until"]} if signal.data.get("until") else {}
        case.happened(
            "replied", channel=channel, step=step, key=key, text=text, automated=signal.data["automated"], **until
        )
        return ""
    if reading.kind == "opt_out":
        opt_out(
            case, reason="opted_out", evidence=text, address=sender, channel=channel, key=key, rule=reading.rule, **came,
        )  # fmt: skip
        if touch and touch.address and touch.address != sender:  # written from another address than the one we reached
            suppress_address(case, touch.address, "opted_out", text)
        return say_back(case, signal, "stop", channel)
    if reading.kind == "help":
        case.happened("help.asked", channel=channel, key=key, text=text, rule=reading.rule, **came)
        return say_back(case, signal, "help", channel)
    if reading.kind == "doubtful":
        case.happened("doubtful", channel=channel, key=key, text=text, rule=reading.rule, **came)
        case.stop("human_live")
        case.reopen()
        case.needs_owner()
        title = f"Read what {case.person.called} wrote: is it an opt-out?"
        case.ask("read_reply", title, case.office_time(READ_WITHIN), told({"text": text, **came}))
    else:
        whole: dict[str, Any] = {"whole": clean(signal.data["whole"])[:MOST_WHOLE]} if signal.data.get("whole") else {}
        case.happened("replied", channel=channel, step=step, key=key, text=text, **whole, **came)
        wrote = own_words(text).strip()[:1000]
        case.person_takes_over("reply", told({"text": f"Wrote: {wrote}" if wrote or not came else "", **came}))
    return ""


def _came_with(signal: Signal) -> dict[str, Any]:
    """The pictures and files of a message, for the data of the event that tells of it."""
    return {"media": msgspec.to_builtins(signal.media)} if signal.media else {}


def _lift(
    conn: psycopg.Connection, workspace: Workspace, person: Person, sender: str, given: Given, now: datetime
) -> Lifted | None:
    """What the person's own word has put on the list, for the person or the number, is off it for texts and nothing else.
    None when there is nothing to lift, or when others have put it there, too."""
    kept = in_force(conn, workspace, {sender, str(person.id)})
    asked = Submission("sms", Draft(phone=sender), consents=(given,))
    lifted = Suppressed(person, kept).lift(asked, workspace.id, now)
    if lifted is not None:
        suppressions.lift(conn, lifted.rows, now)
        suppressions.add(conn, lifted.narrowed)
    return lifted


def _starts_again(case: Case, text: str, sender: str, key: str | None, said_at: datetime) -> bool:
    """START lifts the lead's own opt-out for texts, and for nothing else. False when there is none to lift: then it is a
    text like any other."""
    given = _given_by_start(text, said_at)
    lifted = _lift(case.conn, case.workspace, case.person, sender, given, case.now)
    if lifted is None:
        return False
    kept_as = proof(
        case.person, case.workspace.id, case.workspace.config.workspace.name, given, case.now,
        source="sms", origin=Origin(), phone=sender, email=None, months=None,
    )  # fmt: skip
    consents.add(case.conn, [kept_as])
    case.happened("opted.in", channel="sms", key=key, proof=lifted.proof, channels=["sms"], text=text)
    if case.person.status == "opted_out":
        case.person.put("status", "open")
    case.leave_nobody_behind(f"{case.person.called} asked to hear from us again: decide what comes next")
    return True


def _given_by_start(text: str, said_at: datetime) -> Given:
    """Told late, it lifts nothing that was said after it was written."""
    return Given("express", ("sms",), "start", f"Texted {text}", at=said_at)


def _stranger(
    conn: psycopg.Connection, workspace: Workspace, signal: Signal, text: str, sender: str | None, reading: Reading,
    now: datetime,
) -> str | None:  # fmt: skip
    """Somebody no lead owns the address of. An opt-out counts all the same, and START lifts it; None for anything else."""
    if sender is not None and reading.kind == "opt_out":
        news = _keep_out(conn, workspace, sender, "opted_out", text, now)
        # A stranger has no story: the suppression that is new is what says that this was answered.
        if not news or not is_answered("stop", (), now, signal.at):
            return ""
        return answer_of(workspace, signal, "stop", _channel(sender))
    if sender is not None and reading.kind == "start":
        with conn.transaction():
            suppressions.hold(conn, workspace.id, sender)
            nobody = Person(new_id(), True, phone=sender, addresses={sender: "ok"})
            lifted = _lift(conn, workspace, nobody, sender, _given_by_start(text, signal.at), now)
        if lifted is not None:
            return answer_of(workspace, signal, "start", _channel(sender))
    return None


def _by_keyword(
    conn: psycopg.Connection, workspace: Workspace, signal: Signal, text: str, sender: str | None, reading: Reading
) -> Submission | None:
    """A text that is a keyword of a source: what it asks for, with the consent that the source says it proves. A provider
    may take that very word for START."""
    taken = reading.kind == "start" and signal.data.get("asks") == "start"
    if (
        sender is None
        or "@" in sender
        or not (reading.kind == "reply" or taken)
        or caller_of_ours(conn, workspace, sender)
    ):
        return None
    for source in workspace.config.sources.values():
        if keyword := keyword_in(text, source.keywords):
            return _submission(workspace, source, source.event, sender, signal, keyword)
    return None


def _submission(
    workspace: Workspace, source: Source | None, kind: str, phone: str, signal: Signal, keyword: str = ""
) -> Submission:
    """As if the source that reports such events had posted it: its consent and its name are the ones that count. Told late,
    it lifts nothing that was said after it was written."""
    words = workspace.config.wordings
    given = tuple(
        Given(rule.level, rule.channels, rule.wording, words.get(rule.wording, ""), rule.purpose, signal.at)
        for rule in (source.consent if source else ())
        if not rule.field
    )
    return Submission(
        source=source.key if source else "inbound", draft=Draft(phone=phone), kind=kind,
        form=source.form if source else "", keyword=keyword, consents=given, key=signal.key or None,
        data=_came_with(signal),
        raw=msgspec.json.encode(signal).decode(),
    )  # fmt: skip
