"""Numbers as small pictures, drawn on the server as SVG. Each has its meaning in words for who can't see it."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ...core.review import Rate

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


@register.simple_tag
def share_bar(rate: Rate, widest: float) -> SafeString:
    """A share as a bar, and as a thin line between which shares the truth lies. `widest`: the share at the right end."""
    scale = WIDTH / widest if widest else 0
    wide, low, high = ((share or 0) * scale for share in (rate.share, rate.low, rate.high))
    return format_html(
        '<svg class="picture picture-share" viewBox="0 0 {} 16" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="picture-bar-none" x="0" y="4" width="{}" height="8" rx="2"/>'
        '<rect class="picture-bar" x="0" y="4" width="{}" height="8" rx="2"/>'
        '<line class="picture-range" x1="{}" x2="{}" y1="8" y2="8"/></svg>',
        WIDTH,
        WIDTH,
        *(round(value, 1) for value in (wide, low, high)),
    )


@register.filter
def share_words(rate: Rate) -> str:
    """8.2%, 6 to 11: the share, and between which the true one lies 95 times of 100."""
    if rate.share is None:
        return "none yet"
    share = f"{rate.share:.0%}" if rate.share >= 0.1 or not rate.share else f"{rate.share:.1%}"
    return f"{share}, {rate.low * 100:.0f} to {rate.high * 100:.0f}"


def _height(value: int, top: int) -> float:
    return 2.0 if not value else max(4.0, HEIGHT * value / top)
