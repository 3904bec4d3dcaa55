"""A plain-text template as a simple mail: the text itself with a footer, and the same as accessible HTML.

Nothing is fetched from anywhere: no images, fonts or style sheets. Everything that came from the text is escaped.
"""

from __future__ import annotations

import re
from html import escape

from warmline.channels.email.tracking import LINK_IN_TEXT, trim_link

PAGE = (
    '<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n</head>\n'
    '<body style="margin:0;padding:24px;background:#ffffff;color:#1c1c1c;'
    'font:16px/1.5 -apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif">\n'
    '<div role="article" style="max-width:600px">\n{body}\n</div>\n{footer}</body>\n</html>\n'
)
FOOTER = '<footer style="max-width:600px;margin-top:32px;color:#595959;font-size:14px">\n{lines}\n</footer>\n'
UNSUBSCRIBE = "Unsubscribe"


def mail_text(text: str, postal_address: str, unsubscribe_url: str) -> str:
    """The plain part: the text, and under the usual "-- " line the address and the way out."""
    lines = [postal_address.strip(), f"{UNSUBSCRIBE}: {unsubscribe_url}" if unsubscribe_url else ""]
    footer = "\n".join(line for line in lines if line)
    return f"{text.rstrip()}\n\n-- \n{footer}\n" if footer else f"{text.rstrip()}\n"


def mail_html(text: str, subject: str, postal_address: str, unsubscribe_url: str, language: str = "en") -> str:
    """The HTML part. Blank lines part paragraphs, single line ends stay, addresses become links."""
    body = "\n".join(f"<p>{_lines(part)}</p>" for part in re.split(r"\n[ \t]*\n+", _unix(text).strip()) if part.strip())
    lines = []
    if postal_address.strip():
        lines.append(
            f"<p>{'<br>'.join(escape(line.strip()) for line in _unix(postal_address).strip().split(chr(10)))}</p>"
        )
    if unsubscribe_url:
        lines.append(f'<p><a href="{escape(unsubscribe_url)}" style="color:#595959">{UNSUBSCRIBE}</a></p>')
    footer = FOOTER.format(lines="\n".join(lines)) if lines else ""
    return PAGE.format(language=escape(language), title=escape(subject), body=body, footer=footer)


def _lines(paragraph: str) -> str:
    return "<br>\n".join(_linked(line) for line in paragraph.split("\n"))


def _linked(line: str) -> str:
    parts, done = [], 0
    for found in LINK_IN_TEXT.finditer(line):
        url = trim_link(found[0])
        link = f'<a href="{escape(url)}" style="color:#0b57a4">{escape(url)}</a>'
        parts += [escape(line[done : found.start()]), link]
        done = found.start() + len(url)
    return "".join([*parts, escape(line[done:])])


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
