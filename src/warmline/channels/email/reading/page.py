"""HTML as the plain text that a person sees: paragraphs as lines, quotes marked with "> ", nothing fetched or run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from warmline.channels.email.reading.way_out import is_way_out

_UNSEEN = frozenset({"style", "script", "head", "title", "template", "noscript"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "div", "dl", "dt", "dd", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"}
    | {"header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "tr", "ul"}
)
#: How mail programs mark where the mail that is answered begins: Gmail, Yahoo, Proton, Outlook on the web and desktop.
_QUOTES = (
    "gmail_quote",
    "yahoo_quoted",
    "protonmail_quote",
    "divrplyfwdmsg",
    "appendonsend",
    "ms-outlook-mobile-reference",
    "zmail_extra",
    "moz-cite-prefix",
)
QUOTE_BEGINS = "-----Original Message-----"
#: A sign that no ">" ends before the next one begins: nothing that a browser would take for a tag.
_NO_TAG = re.compile(r"<(?![^<>]*>)")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._unseen = 0
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        if tag == "body":  # a head that was never closed hides nothing of the body
            self._unseen = 0
        if tag == "br" or tag in _BLOCKS:
            self._end_line()
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id")).lower()
        if any(mark in marks for mark in _QUOTES) and not self._quoted:
            self.lines += [QUOTE_BEGINS, ""]
        if tag == "blockquote":
            self._quoted += 1
        if tag == "a" and not self._unseen:
            self._link(next((value or "" for name, value in attrs if name == "href"), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag in _BLOCKS:
            self._end_line()
        if tag == "blockquote" and self._quoted:
            self._quoted -= 1

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        text = re.sub(r"\s+", " ", data)
        if not self.lines[-1] and text.strip():
            text = ("> " if self._quoted else "") + text.lstrip()
        if text.strip() or self.lines[-1]:
            self.lines[-1] += text

    def _link(self, url: str) -> None:
        """Links are shown where they say whose mail it is: the one by which people leave ours."""
        if is_way_out(url):
            self.handle_data(f"<{url.strip()}> ")

    def _end_line(self) -> None:
        if self.lines[-1] or (len(self.lines) > 1 and self.lines[-2]):
            self.lines.append("")


def page_text(html: str) -> str:
    """What is no tag is read as text: the standard parser would look for its end again and again, each time all the way."""
    reader = _Reader()
    reader.feed(_NO_TAG.sub("&lt;", _without_comments(html)))
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in reader.lines)).strip()


def _without_comments(html: str) -> str:
    kept, at = [], 0
    while (begin := html.find("<!--", at)) >= 0:
        kept.append(html[at:begin])
        end = html.find("-->", begin)
        at = end + 3 if end >= 0 else len(html)
    return "".join([*kept, html[at:]])
