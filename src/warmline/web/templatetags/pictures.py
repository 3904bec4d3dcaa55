"""Numbers as small pictures, drawn on the server as SVG. Each has its meaning in words for who can't see it."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

WIDTH, HEIGHT, GAP = 240, 40, 2


@register.simple_tag
def bars(values: Sequence[int], words: str) -> SafeString:
    """One bar for each value, the tallest as high as the picture; nothing is shown as a line on the ground."""
    top = max(values, default=0) or 1
    wide = WIDTH / max(len(values), 1)
    drawn = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1.5"/>',
        (
            (
                "picture-bar" if value else "picture-bar-none",
                round(at * wide, 2),
                round(HEIGHT - _height(value, top), 2),
                round(wide - GAP, 2),
                round(_height(value, top), 2),
            )
            for at, value in enumerate(values)
        ),
    )
    return format_html(
        '<svg class="picture" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        HEIGHT,
        words,
        drawn,
    )


def _height(value: int, top: int) -> float:
    return 2.0 if not value else max(4.0, HEIGHT * value / top)
