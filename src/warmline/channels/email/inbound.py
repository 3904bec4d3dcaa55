"""One mail that came in, in our words: a bounce, a delay, a complaint, an auto-reply, or what a person wrote. Pure.

The order matters: a bounce is marked as written by a machine too, and a vacation note comes to the address for bounces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from warmline import rules
from warmline.channels.contract import BadCallback, Signal
from warmline.channels.email.reading.auto_reply import why_automated
from warmline.channels.email.reading.back_on import read_back_on
from warmline.channels.email.reading.complaint import Complaint, read_complaint
from warmline.channels.email.reading.letter import MOST_BYTES, Letter
from warmline.channels.email.reading.matching import touch_of, touch_reported
from warmline.channels.email.reading.report import Report, read_odd_bounces, read_reports
from warmline.channels.email.reading.words import Words, read_words
from warmline.channels.email.tokens import read_address, read_message_id
from warmline.core.replies import read

#: A mail of ours goes to one recipient, and an alias may pass it on to some. A report may name as many as fit into a mail.
MOST_REPORTS = 20
MOST_TEXT = 8_000  # characters of a person's words, and of the whole text kept beside them
CUT = "(This mail is longer than what is read of one, and no words were found in it. Look at it in the mailbox.)"


def read_mail(
    raw: bytes,
    key: bytes,
    error_classes: Mapping[str, str],
    now: datetime,
    envelope_to: str = "",
    envelope_from: str | None = None,
) -> list[Signal]:
    """What the mail says, each with the touch it belongs to where we signed one; [] where there is nothing to tell.

    What is written without `touch_id` belongs to the lead of `sender`. `envelope_from` "" is the null sender, None not known.
    `now` is when it came in: a date without a year is read from there. Raises BadCallback with the reason, and nothing
    else.
    """
    raw = raw[:MOST_BYTES]
    if not raw.strip():
        raise BadCallback("The mail is empty.")
    try:
        return _read(_Came(Letter(raw), key, error_classes, now, envelope_to, envelope_from))
    except (BadCallback, MemoryError):
        raise
    except Exception as error:
        # Whatever a stranger sends, the mailbox stays readable: the mail is kept, and a person looks at it.
        raise BadCallback(f"The mail can't be taken apart ({type(error).__name__}). Read it as it is.") from error


@dataclass(frozen=True, slots=True)
class _Came:
    """A mail, and how it came."""

    letter: Letter
    key: bytes
    error_classes: Mapping[str, str]
    now: datetime
    envelope_to: str
    envelope_from: str | None

    @property
    def null_sender(self) -> bool:
        """Sent so that nobody answers it, as reports are (RFC 5321 4.5.5)."""
        if self.envelope_from is not None:
            return _is_nobody(self.envelope_from)
        return self.letter.has("Return-Path") and _is_nobody(self.letter.header("Return-Path"))

    def signal(self, kind: str, number: int = 0, *, reported: bool = False, **more: Any) -> Signal:
        """`number` tells the signals of one mail apart; `reported`: it tells of a mail of ours that is in it."""
        touch_id = (touch_reported if reported else touch_of)(self.letter, self.key, self.envelope_to)
        return Signal(
            kind=kind, at=self.now, touch_id=touch_id, provider_id=self.letter.header("Message-ID")[:300],
            recipient=self._recipient(), key=self.letter.key + (f":{number}" if number else ""), **more,
        )  # fmt: skip

    def _recipient(self) -> str:
        return self.envelope_to or next(iter(self.letter.addresses("Delivered-To", "To")), "")


def _is_nobody(address: str) -> bool:
    """Postfix hands a program that mails are piped to this word for an empty sender (pipe(8), null_sender)."""
    return address.strip().strip("<>").lower() in ("", "mailer-daemon")


def _read(came: _Came) -> list[Signal]:
    letter = came.letter
    if read_message_id(letter.header("Message-ID"), came.key):
        return []  # a mail of ours, copied back to us
    reports = read_reports(letter) or read_odd_bounces(letter, came.null_sender)
    if reports:
        return [one for number, report in enumerate(reports[:MOST_REPORTS]) for one in _reported(came, number, report)]
    complaint = read_complaint(letter)
    if complaint is not None:
        return _complained(came, complaint)
    if not letter.sender:
        raise BadCallback("The mail does not say who wrote it (no From), and is no report that can be read.")
    return [_written(came)]


def _reported(came: _Came, number: int, report: Report) -> list[Signal]:
    told = {"sender": report.recipient, "code": report.status, "text": report.detail}
    match report.action:
        case "failed":
            return [came.signal("bounced", number, reported=True, reason=report.reason(came.error_classes), **told)]
        case "delayed":
            data = {"retry_until": report.retry_until} if report.retry_until else {}
            return [came.signal("delayed", number, reported=True, data=data, **told)]
        case "delivered" | "expanded":  # expanded: delivered to a list, which passes it on
            return [came.signal("delivered", number, reported=True, sender=report.recipient)]
        case _:  # relayed: to a server that reports no delivery, so nothing is known of one
            return []


def _complained(came: _Came, complaint: Complaint) -> list[Signal]:
    if not complaint.counts:
        return []
    data = {"how": "complaint", "complaint": complaint.kind}
    return [came.signal("unsubscribed", reported=True, sender=complaint.recipient, data=data)]


def _written(came: _Came) -> Signal:
    letter = came.letter
    whole = letter.text()
    words = read_words(whole, f"{letter.sender_name} {letter.sender.rpartition('@')[0]}")
    text = _said(letter, words.own)
    # A mailing list says below each mail how to leave the list.
    if not letter.has("List-Id") and _opts_out(words.below):
        # By that line it is read as a doubt, and whoever decides sees it.
        text = f"{text}\n\n-- \n{words.below}".strip()
    if letter.is_cut and not whole:
        text = f"{text}\n{CUT}".strip()
    data = {"subject": letter.subject[:300]} if letter.subject else {}
    for name, header in (("original_from", "X-Original-From"), ("answer_to", "Reply-To")):
        other = next((one for one in letter.addresses(header) if "@" in one), "")
        if other not in ("", letter.sender) and not read_address(other, came.key):
            data[name] = other[:320]
    attachments = ", ".join(letter.attachments())[:300]
    if attachments:
        data["attachments"] = attachments
    automated = why_automated(letter, came.null_sender, whole)
    if automated:
        data["automated"] = automated
        back_on = _back_on(came, words)
        if back_on is not None:
            data["until"] = back_on.isoformat()
    elif whole[:MOST_TEXT].strip() != text[:MOST_TEXT].strip():
        data["whole"] = whole[:MOST_TEXT]
    return came.signal("inbound", sender=letter.sender, text=text[:MOST_TEXT], data=data)


def _said(letter: Letter, own: str) -> str:
    """A mail without words may have said it all in its subject ("unsubscribe"), but not in ours with "Re:" before it. In a
    mail that answers none, that counts whatever stands below it, a name or a "please"."""
    subject = "" if ":" in letter.subject[:6] else letter.subject
    answers = letter.has("In-Reply-To") or letter.has("References")
    if own and (answers or not _opts_out(subject)):
        return own
    return f"{subject}\n{own}".strip()


def _opts_out(text: str) -> bool:
    return read(text, rules.opt_out_words()).kind == "opt_out"


def _back_on(came: _Came, words: Words) -> date | None:
    """The date is counted from the day on the sender's calendar, where their clock told it plausibly."""
    told = came.letter.at
    near = told is not None and abs((told - came.now).total_seconds()) < 3 * 86_400
    on = told.date() if told is not None and near else came.now.date()
    hours = told.utcoffset() if told is not None else None
    american = came.letter.header("Content-Language").lower().endswith("-us") or (
        hours is not None and -10 <= hours.total_seconds() / 3600 <= -5
    )
    return read_back_on(
        f"{came.letter.subject}\n{words.own}\n{words.below}", on, month_first=True if american else None
    )
