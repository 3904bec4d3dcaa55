"""Tracked links and the open pixel: pure functions over one mail. What a visit to them is worth: core/visits.py.

A link's token carries the touch, the number of the link and the target itself, signed: no table is needed to follow it,
and nobody can make our address lead anywhere else.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, replace
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from warmline.channels.contract import Message
from warmline.channels.email.tokens import MAC_BYTES, Purpose, mac

HIDDEN_LINK = 255  # core/visits.py knows it by this number
MOST_LINKS = HIDDEN_LINK - 1
SCHEMES = ("https://", "http://")
TOUCH = re.compile(r"(0|[1-9][0-9]{0,8})-([0-9a-f]{32})")
LINK_IN_TEXT = re.compile(r"https?://[^\s<>\"']+")
BODY = re.compile(r"<body(?:\s[^>]*)?>", re.IGNORECASE)
HREF = re.compile(r"""(?<![\w-])(href\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrackedLink:
    touch_id: str
    index: int  # number of the link in the mail, from 0; the same target has the same number in text and HTML
    url: str


def track(message: Message, public_url: str, key: bytes, *, links: bool, opens: bool, hidden: bool = False) -> Message:
    """The same mail with links and pixel that report back. The unsubscribe link stays as it is.

    `hidden`: and with a link that no person can see; whoever follows it is a machine.
    """
    text, html = message.text, message.html
    if links:
        rewriter = _Rewriter(message, public_url.rstrip("/"), key)
        text = LINK_IN_TEXT.sub(rewriter.in_text, text)
        html = _rewrite_html(html, rewriter)
        if hidden and html:
            trap = TrackedLink(message.touch_id, HIDDEN_LINK, f"{public_url.rstrip('/')}/")
            html = _add_trap(html, link_url(trap, public_url, key))
    if opens and html:
        html = _add_pixel(html, open_url(message.touch_id, public_url, key))
    return replace(message, text=text, html=html)


def link_url(link: TrackedLink, public_url: str, key: bytes) -> str:
    """{public_url}/t/{token}. Raises ValueError for a touch id that is not `<lane>-<uuid hex>`, or an odd target."""
    scheme = next((number for number, prefix in enumerate(SCHEMES) if link.url.startswith(prefix)), None)
    if scheme is None or not 0 <= link.index <= HIDDEN_LINK:
        raise ValueError("A tracked link needs an http or https target and a number from 0 to 255.")
    rest = link.url[len(SCHEMES[scheme]) :].encode()
    content = _pack_touch(link.touch_id) + bytes((link.index, scheme)) + rest
    return f"{public_url.rstrip('/')}/t/{_seal(content, 'link', key)}"


def read_link(token: str, key: bytes) -> TrackedLink | None:
    """What a token of /t/{token} says, or None where it is not ours: answer 404 and go nowhere."""
    content = _unseal(token, "link", key)
    if content is None:
        return None
    touch_id, rest = _unpack_touch(content)
    return TrackedLink(touch_id, rest[0], SCHEMES[rest[1]] + rest[2:].decode())


def open_url(touch_id: str, public_url: str, key: bytes) -> str:
    return f"{public_url.rstrip('/')}/o/{_seal(_pack_touch(touch_id), 'open', key)}.gif"


def read_open(token: str, key: bytes) -> str | None:
    """The touch id of /o/{token}.gif, or None where it is not ours."""
    content = _unseal(token.removesuffix(".gif"), "open", key)
    return _unpack_touch(content)[0] if content is not None else None


class _Rewriter:
    """Numbers the targets of one mail in the order they come."""

    def __init__(self, message: Message, public_url: str, key: bytes) -> None:
        self._message, self._public_url, self._key = message, public_url, key
        self._numbers: dict[str, int] = {}

    def tracked(self, url: str) -> str:
        ours = ("/u/", "/t/", "/o/")
        unsubscribes = bool(self._message.unsubscribe_url) and url == self._message.unsubscribe_url
        if unsubscribes or url.startswith(tuple(self._public_url + path for path in ours)):
            return url
        if not url.startswith(SCHEMES) or not _has_host(url):
            return url
        if url not in self._numbers and len(self._numbers) > MOST_LINKS:
            return url
        index = self._numbers.setdefault(url, len(self._numbers))
        return link_url(TrackedLink(self._message.touch_id, index, url), self._public_url, self._key)

    def in_text(self, found: re.Match[str]) -> str:
        url = trim_link(found[0])
        return self.tracked(url) + found[0][len(url) :]

    def in_tag(self, tag: str) -> str:
        def one(found: re.Match[str]) -> str:
            url = unescape(found[2].strip("\"'")).strip()
            tracked = self.tracked(url)
            return found[0] if tracked == url else f'{found[1]}"{escape(tracked)}"'

        return HREF.sub(one, tag, count=1)


class _LinkTags(HTMLParser):
    """Where the opening <a> and <area> tags of a document stand, as (line, column, text)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser's name
        if tag in ("a", "area"):
            line, column = self.getpos()
            self.found.append((line, column, self.get_starttag_text() or ""))


def trim_link(url: str) -> str:
    """A link found in running text, without the punctuation of the sentence around it."""
    while url and (url[-1] in ".,;:!?*_" or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url


def _rewrite_html(html: str, rewriter: _Rewriter) -> str:
    """Only the tags that hold a link change; every other byte of the document stays."""
    parser = _LinkTags()
    parser.feed(html)
    parser.close()
    starts = [0]
    for line in html.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    parts, done = [], 0
    for line_number, column, tag in parser.found:
        at = starts[line_number - 1] + column
        parts += [html[done:at], rewriter.in_tag(tag)]
        done = at + len(tag)
    return "".join([*parts, html[done:]])


def _add_trap(html: str, url: str) -> str:
    """First in the body, where a scanner begins. It holds no words, so that no filter finds hidden text, and neither a
    keyboard nor a screen reader stops at it."""
    trap = f'<a href="{escape(url)}" style="display:none" tabindex="-1" aria-hidden="true"></a>'
    body = BODY.search(html)
    return html[: body.end()] + trap + html[body.end() :] if body else html + trap


def _add_pixel(html: str, url: str) -> str:
    pixel = f'<img src="{escape(url)}" width="1" height="1" alt="" style="display:block;border:0">'
    at = html.lower().rfind("</body>")
    return html + pixel if at < 0 else html[:at] + pixel + html[at:]


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _pack_touch(touch_id: str) -> bytes:
    """Length of the lane in one byte, the lane, the 16 bytes of the uuid."""
    found = TOUCH.fullmatch(touch_id)
    if not found:
        raise ValueError(f'A touch id is "<lane>-<uuid hex>", and this one is "{touch_id[:60]}".')
    lane = int(found[1])
    width = (lane.bit_length() + 7) // 8
    return bytes((width,)) + lane.to_bytes(width, "big") + bytes.fromhex(found[2])


def _unpack_touch(content: bytes) -> tuple[str, bytes]:
    width = content[0]
    lane = int.from_bytes(content[1 : 1 + width], "big")
    end = 1 + width + 16
    return f"{lane}-{content[1 + width : end].hex()}", content[end:]


def _seal(content: bytes, purpose: Purpose, key: bytes) -> str:
    return base64.urlsafe_b64encode(mac(content, purpose, key) + content).decode().rstrip("=")


def _unseal(token: str, purpose: Purpose, key: bytes) -> bytes | None:
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    content = sealed[MAC_BYTES:]
    return content if hmac.compare_digest(sealed[:MAC_BYTES], mac(content, purpose, key)) else None
