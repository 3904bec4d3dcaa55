"""What a person wrote themselves: the mail without the one it answers, without signature, without "Sent from my ..."."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from warmline.channels.email.html import UNSUBSCRIBE
from warmline.channels.email.reading.heads import head_at, is_quoted
from warmline.channels.email.reading.way_out import parted_by_our_footer

MOST_READ = 20_000  # characters: who writes more than this above a quote has said it by then
_MARKED_WITHIN = 5  # lines below a head, the rest of it among them
_LONGEST_NAME = 60
_FOOTER_UNDER = 3  # lines: fewer are too few for an answer and a mail of ours below it

#: Spaces of typography, which French programs set before a colon; and signs without any width.
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_NO_WIDTH = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
_SIGNATURE = re.compile(r"--[ \t]?$")
_SENT_FROM = re.compile(
    r"[ \t]*(?:sent from my|sent from (?:outlook|yahoo|mail for)|get outlook for|von meinem .{1,40} gesendet"
    r"|gesendet (?:von|mit) |envoyé de (?:mon|ma)|envoyé depuis|enviado desde mi|enviado do meu|inviato da"
    r"|verzonden vanaf mijn|skickat från min|sendt fra min|wysłane z|odesláno z mého|lähetetty)[^\n]{0,200}$",
    re.IGNORECASE,
)
_CLOSING_WORDS = (
    "best|best regards|kind regards|kindest regards|warm regards|with kind regards|regards|best wishes|all the best"
    "|many thanks|thanks|thanks again|thanks in advance|thanks so much|thank you|thank you in advance|thx|cheers"
    "|sincerely|yours sincerely|yours truly|yours faithfully|respectfully|cordially|warmly|take care|talk soon"
    "|mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|mit besten grüßen|freundliche grüße"
    "|viele grüße|liebe grüße|beste grüße|herzliche grüße|schöne grüße|grüße|gruß|gruss|lg|vg|mfg|danke|vielen dank"
    "|besten dank|herzlichen dank|cordialement|bien cordialement|très cordialement|cdlt|salutations|bien à vous"
    "|sincères salutations|merci|merci beaucoup|merci d'avance|bonne journée|saludos|un saludo|saludos cordiales"
    "|un cordial saludo|atentamente|gracias|muchas gracias|un abrazo|cordialmente|cordiali saluti|distinti saluti"
    "|saluti|grazie|grazie mille|met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|hartelijke groet"
    "|groet|groeten|mvg|bedankt|alvast bedankt|atenciosamente|cumprimentos|obrigado|obrigada|abraços|att"
    "|med venlig hilsen|venlig hilsen|bedste hilsner|med vennlig hilsen|vennlig hilsen|hilsen|mvh|tak|takk"
    "|med vänliga hälsningar|vänliga hälsningar|hälsningar|tack|pozdrawiam|z poważaniem|z pozdrowieniami|dziękuję"
    "|s pozdravem|s úctou|děkuji|ystävällisin terveisin|terveisin|kiitos|saygılarımla|teşekkürler|с уважением"
    "|спасибо"
)
_CLOSINGS = frozenset(_CLOSING_WORDS.split("|"))
_PARTICLE_WORDS = "de da di do dos del della la le van von der den ter zu af av and und et y e i &"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Words:
    """`own` is what they wrote, "" for nothing. `below` may be theirs or not: what stands under their sign-off, which is
    a signature, a footer that their company puts there, or an afterthought; or under our own footer; where nothing else
    is theirs, also what stands under the head of a mail that they answered without marking it as quoted."""

    own: str
    below: str = ""


def read_words(text: str, signed_by: str = "") -> Words:
    """`signed_by` has the names and the address of whoever wrote: a line with one of them signs off. Whoever answers
    below or between the quote is heard too."""
    lines = _NO_WIDTH.sub("", _SPACES.sub(" ", text[:MOST_READ])).splitlines()
    names = frozenset(word for word in re.split(r"[\W\d_]+", signed_by.lower()) if len(word) > 1)
    first, *under = parted_by_our_footer(lines)
    pieces, quoted = _unquoted(first)
    own: list[str] = []
    below: list[str] = []
    for piece in pieces:
        at = _sign_off(piece, names, bool(own))
        own += _without_blank_ends(piece[:at])
        below += _unsigned(piece[at:])
    if not own:
        below += _unsigned(quoted)
    for piece in (piece for part in under for piece in _unquoted(part)[0]):
        below += _unsigned(piece)
    if not below and _ends_as_ours(own):
        below.append(own.pop())
    return Words("\n".join(own).strip(), "\n".join(below).strip())


def _unquoted(lines: Sequence[str]) -> tuple[list[list[str]], Sequence[str]]:
    """The pieces between what is quoted, and what stands below a head without a mark."""
    pieces: list[list[str]] = [[]]
    at = 0
    while at < len(lines):
        if is_quoted(lines[at]):
            if pieces[-1]:
                pieces.append([])
            at += 1
        elif count := head_at(lines, at):
            at += count
            near = [one for one in range(at, min(at + 4 * _MARKED_WITHIN, len(lines))) if lines[one].strip()]
            marked = next((one for one in near[:_MARKED_WITHIN] if is_quoted(lines[one])), None)
            if marked is None:
                return pieces, lines[at:]
            at = marked
        else:
            pieces[-1].append(lines[at])
            at += 1
    return pieces, []


def _sign_off(lines: list[str], names: frozenset[str], said: bool) -> int:
    """The line where somebody who has `said` something by then takes their leave; else the end."""
    for at, line in enumerate(lines):
        if _SIGNATURE.match(line):
            return at
        if _SENT_FROM.match(line):
            if said:
                return at
            lines[at] = ""
        elif said and ((names and _is_name(line, names)) or (_is_closing(line) and _is_name(_next(lines, at)))):
            return at
        said = said or bool(lines[at].strip())
    return len(lines)


def _next(lines: Sequence[str], at: int) -> str:
    return next((line for line in lines[at + 1 : at + 4] if line.strip()), "")


def _is_closing(line: str) -> bool:
    words = line.strip(" \t*_,.!;:–—-").lower() if len(line) <= _LONGEST_NAME else ""
    return words in _CLOSINGS or any(" ".join(words.split()[:count]) in _CLOSINGS for count in (2, 3, 4))


def _is_name(line: str, names: frozenset[str] = frozenset()) -> bool:
    """A few words in capitals, or a single one, and no sentence; the first is one of `names` where there are any."""
    line = line.strip(" \t*_,–—-")
    words = line.split()
    if not 0 < len(words) <= 6 or len(line) > _LONGEST_NAME or line[-1] in ".!?:" or any(map(str.isdigit, line)):
        return False
    if names and words[0].lower().strip(".,") not in names:
        return False
    return len(words) == 1 or not any(word[0].islower() and word.strip(",.") not in _PARTICLES for word in words)


def _ends_as_ours(lines: Sequence[str]) -> bool:
    """With the last word of our footer, where a program left out its link and put no head above."""
    return bool(lines) and lines[-1].strip() == UNSUBSCRIBE and sum(map(bool, lines)) > _FOOTER_UNDER


def _unsigned(lines: Sequence[str]) -> list[str]:
    """Without the line that says that a signature follows: what is below is below already."""
    return _without_blank_ends([line for line in lines if not _SIGNATURE.match(line)])


def _without_blank_ends(lines: Sequence[str]) -> list[str]:
    return "\n".join(lines).strip().split("\n") if any(line.strip() for line in lines) else []
