"""Where the mail that is answered begins: the line or lines that a mail program puts above it. Pure.

Three forms know all of them: a line that says who wrote when ("On ..., Ann <ann@lead.test> wrote:"), a block of labels
("From: ... Sent: ..."), and a line between dashes ("----- Original Message -----"). What a form has in every language
counts first, words of a language only where that leaves a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_LINE = 400  # characters; a head is shorter, and a person's paragraph need not be looked at
_MOST_WRAPPED = 3  # lines of a head of one sentence

_BETWEEN_DASHES = re.compile(
    r"[-‐-―]{4,} ?[^-‐-―\s].{0,200}?[-‐-―]{4,}$|-{2,} ?(?:original|forwarded) message ?-{2,}$", re.I
)
_RULE = re.compile(r"_{20,}$")
_FORWARDED = re.compile(
    r"(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message (?:réexpédié|transféré)"
    r"|inicio del mensaje reenviado|inizio messaggio inoltrato|begin doorgestuurd bericht"
    r"|início da mensagem reencaminhada) ?:$",
    re.I,
)

# A sentence: On 3 Dec 2026, at 10:12, Sam <sam@acme.test> wrote
_ENDS = re.compile(r"(?:[:：]|-{2,})$")
_WHO = re.compile(r"[<(\[]\s?(?:mailto:)?[^\s<>()\[\]]+@[^\s<>()\[\]]+[>)\]]")
_WHEN = re.compile(r"\b(?:19|20)\d\d\b|(?<!\d)(?:19|20)\d\d年|\d[:.h]\d\d(?!\d)|\d[./-]\d")
_WROTE = re.compile(
    r"\b(?:wrote|schrieb|a écrit|escribió|escribio|ha scritto|scrisse|escreveu|schreef|skrev|napisał(?:a|\(a\))?|napsal"
    r"|kirjoitti|yazdı|написал(?:а|\(а\))?|пишет)\b|写道|寫道",
    re.I,
)
_OPENS = re.compile(r"[ \t*]*(?:on|am|le|el|il|em|op|den|dne|dnia|w dniu|в)\b", re.I)

# A block: From, Sent, and what stands beside them
_LABEL = re.compile(r"[ \t*_]*([^\W\d_][^\W\d_ ]*(?: [^\W\d_]+){0,2}) ?[*_]* ?[:：]")


def _of(names: str) -> frozenset[str]:
    return frozenset(names.split("|"))


_FROM = _of(
    "from|von|de|da|van|od|от|fra|från|frå|lähettäjä|kimden|gönderen|absender|expéditeur|mittente|remitente"
    "|afzender|nadawca|отправитель|发件人|寄件者|寄件人|差出人|送信者"
)
_SENT = _of(
    "sent|gesendet|envoyé|envoyé le|enviado|enviado el|enviado em|enviada|enviada em|inviato|verzonden|skickat"
    "|sendt|wysłano|odesláno|отправлено|gönderildi|gönderilme tarihi|lähetetty|发送时间|傳送時間|寄件日期|送信日時"
)
_DATE = _of("date|datum|fecha|data|dato|дата|tarih|päiväys|日期|日時")
_BESIDE = _of(
    "to|an|à|a|para|aan|till|til|do|komu|кому|kime|vastaanottaja|收件人|收件者|宛先|subject|betreff|objet|asunto|oggetto"
    "|onderwerp|assunto|ämne|emne|temat|předmět|тема|konu|aihe|主题|主旨|件名"
)
_LABELS = _FROM | _SENT | _DATE | _BESIDE
_MOST_LABELS = 4  # lines below the first that are looked at; blank ones are not counted


def is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "|"))


def head_at(lines: Sequence[str], at: int) -> int:
    """How many lines of a head begin there, 0 for none: all of a sentence, or the first of a block."""
    line = lines[at].strip()
    if not line or len(line) > LONGEST_LINE or is_quoted(line):
        return 0
    if _RULE.match(line) or _BETWEEN_DASHES.match(line) or _FORWARDED.match(line) or _is_block(lines, at):
        return 1
    return _sentence(lines, at)


def _sentence(lines: Sequence[str], at: int) -> int:
    """Programs wrap it. A line above it belongs to it only where it opens as such sentences do."""
    for count in range(1, _MOST_WRAPPED + 1):
        wrapped = [line.strip() for line in lines[at : at + count]]
        if len(wrapped) < count or any(not line or len(line) > LONGEST_LINE or is_quoted(line) for line in wrapped):
            return 0
        if not _is_sentence(" ".join(wrapped)):
            continue
        later = [start for start in range(1, count) if _OPENS.match(wrapped[start])]
        begins_here = _OPENS.match(wrapped[0]) and not later
        shorter = any(_is_sentence(" ".join(wrapped[start:])) for start in range(1, count))
        return count if begins_here or not shorter else 0
    return 0


def _is_sentence(line: str) -> bool:
    return bool(_ENDS.search(line) and _WHEN.search(line) and (_WHO.search(line) or _WROTE.search(line)))


def _is_block(lines: Sequence[str], at: int) -> bool:
    """Who and when it was sent are enough. "From: Main St, To: Oak St" is of a person who moves: an address must tell."""
    first = _label(lines[at])
    if first not in _FROM | _SENT | _DATE:
        return False
    labels, address, seen = {first}, "@" in lines[at], 0
    for line in lines[at + 1 : at + 1 + 2 * _MOST_LABELS]:
        if not line.strip():
            continue
        label, seen = _label(line), seen + 1
        if not label or seen > _MOST_LABELS:
            break
        labels.add(label)
        address = address or "@" in line
    if labels.isdisjoint(_FROM) or len(labels) < 2:
        return False
    if first in _FROM and not labels.isdisjoint(_SENT):
        return True
    return address


def _label(line: str) -> str:
    """Of "*From :* Ann": "from"; "" where it has none that is known."""
    found = _LABEL.match(line[:LONGEST_LINE])
    label = found[1].lower() if found else ""
    return label if label in _LABELS else ""
