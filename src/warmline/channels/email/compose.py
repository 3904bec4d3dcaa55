"""One touch as the bytes of a mail: pure, given the time. Sources: RFC 5322, RFC 2369 and RFC 8058 (unsubscribe)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from warmline.channels.contract import Message
from warmline.channels.email.tokens import bounce_address, message_id, reply_address

CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
MOST_REFERENCES = 10  # the first mail and the latest ones: mail programs thread by either
LONGEST_LINE = 78  # RFC 5322 2.1.1: should not be longer
LONGEST_WORD = 900  # and must not be longer than 998


class UnusableAddressError(ValueError):
    """The recipient is no address that a mail can go to."""


class _Whole(EmailPolicy):
    """Folds a header in ASCII between its words and leaves them whole. The standard library makes an encoded word of what
    is longer than a line, as links and Message-IDs are, and programs don't read it there (RFC 2047 5)."""

    def fold_binary(self, name: str, value: str) -> bytes:
        text = str(value)
        words = re.findall(r"\s*\S+", text)
        if not text.isascii() or any(len(word) > LONGEST_WORD for word in words):
            return super().fold_binary(name, value)
        lines = [f"{name}:"]
        for number, word in enumerate(words):
            word = word if number else f" {word.lstrip()}"
            if number and len(lines[-1]) + len(word) > LONGEST_LINE:
                lines.append("")
            lines[-1] += word
        return "".join(line + self.linesep for line in lines).encode("ascii")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails come from: the From address, the domain of Message-IDs, and where bounces and replies go."""

    name: str
    address: str
    domain: str
    bounce_domain: str
    reply_domain: str  # "" keeps replies at the From address


@dataclass(frozen=True, slots=True)
class Mail:
    """`content` is what follows DATA, not yet dot-stuffed. `utf8` says the recipient needs SMTPUTF8."""

    message_id: str
    envelope_from: str
    recipient: str
    content: bytes
    utf8: bool


def compose(
    message: Message, sender: Sender, key: bytes, now: datetime, marks: Mapping[str, str] | None = None
) -> Mail:
    """`marks` are headers for the relay. Raises UnusableAddressError.

    Control characters in a header become spaces and encoded words plain text, so no header can be smuggled in.
    """
    recipient = read_recipient(message.to)
    utf8 = not recipient.isascii()
    ours = message_id(message.touch_id, sender.domain, key)
    mail = EmailMessage(policy=_Whole(linesep="\r\n", cte_type="7bit", utf8=utf8))
    mail["Date"] = format_datetime(now)
    mail["From"] = Address(_as_text(sender.name), addr_spec=sender.address)
    local, _, domain = recipient.rpartition("@")
    mail["To"] = Address(username=local, domain=domain)
    mail["Subject"] = _as_text(message.subject)
    mail["Message-ID"] = ours
    if sender.reply_domain:
        mail["Reply-To"] = Address(addr_spec=reply_address(message.touch_id, sender.reply_domain, key))
    earlier = [message_id(_one_line(touch_id), sender.domain, key) for touch_id in message.follows]
    if earlier:
        mail["In-Reply-To"] = earlier[-1]
        mail["References"] = " ".join(earlier[:1] + earlier[1:][1 - MOST_REFERENCES :])
    if message.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{_one_line(message.unsubscribe_url).replace(' ', '%20')}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, value in (marks or {}).items():
        mail[name] = value
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    envelope = bounce_address(message.touch_id, sender.bounce_domain, key)
    return Mail(ours, envelope, recipient, mail.as_bytes(), utf8)


def read_recipient(value: str) -> str:
    """The address with its domain in ASCII (IDNA). Raises UnusableAddressError for lists, names, control characters."""
    local, at, domain = value.strip().rpartition("@")
    # The standard parser refuses letters beyond ASCII (RFC 6532 allows them), so it judges the rest of the name.
    judged = re.sub(r"[^\x00-\x7f]", "x", local)
    try:
        ascii_domain = domain.encode("idna").decode()
        usable = bool(local and at and domain) and Address(addr_spec=f"{judged}@{ascii_domain}").username == judged
    except (ValueError, IndexError, UnicodeError, MessageError) as wrong:
        raise UnusableAddressError("The recipient is not a mail address.") from wrong
    if not usable or CONTROL.search(value) or any(sign in value for sign in ' ,;<>"()\\'):
        raise UnusableAddressError("The recipient is not a mail address.")
    return f"{local}@{ascii_domain}"


def _one_line(value: str) -> str:
    return CONTROL.sub(" ", value).strip()


def _as_text(value: str) -> str:
    """One line in which nothing is an encoded word. A lead's name may hold one: it would be decoded when the header is
    set, line ends and all, and where its bytes are no text the mail could not be written."""
    return _one_line(value).replace("=?", "= ?")
