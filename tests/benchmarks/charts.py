"""Plain pictures of figures as SVG: bars, and a line over time. Readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, RIGHT, ROW, TOP = 860, 270, 150, 30, 46

_STYLE = """
<style>
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 15px }
  .quiet { fill: #57606a; font-size: 12px }
  .ours { fill: #c8632b }
  .theirs { fill: #8c959f }
  .mark { stroke: #1f6feb; stroke-width: 1.5; stroke-dasharray: 5 4 }
  .axis { stroke: #8c959f; stroke-opacity: .6 }
  .line { fill: none; stroke: #c8632b; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .quiet { fill: #9da7b1 }
    .ours { fill: #e08a55 }
    .theirs { fill: #6e7681 }
    .mark { stroke: #58a6ff }
    .line { stroke: #e08a55 }
  }
</style>
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `told` is the figure as it is read aloud; `ours` gives it the colour."""

    label: str
    value: float
    told: str
    ours: bool = True


def bars(title: str, given: Sequence[Bar], mark: tuple[float, str] | None = None) -> str:
    """Bars from nought, longest to the right edge; `mark` draws a line at a value, with its words."""
    most = max([bar.value for bar in given] + ([mark[0]] if mark else [])) or 1.0
    room = WIDTH - LABELS - RIGHT
    height = TOP + ROW * len(given) + (26 if mark else 10)
    parts = []
    for place, bar in enumerate(given):
        y = TOP + ROW * place
        length = max(1.0, bar.value / most * room)
        parts.append(f'<text x="{LABELS - 10}" y="{y + 16}" text-anchor="end">{escape(bar.label)}</text>')
        kind = "ours" if bar.ours else "theirs"
        parts.append(f'<rect x="{LABELS}" y="{y + 3}" width="{length:.1f}" height="18" rx="2" class="{kind}"/>')
        parts.append(f'<text x="{LABELS + length + 8:.1f}" y="{y + 16}">{escape(bar.told)}</text>')
    if mark:
        x = LABELS + mark[0] / most * room
        bottom = TOP + ROW * len(given)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{bottom + 2}" class="mark"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle" class="quiet">{escape(mark[1])}</text>')
    return _picture(title, height, parts)


def line(title: str, values: Sequence[tuple[float, float]], across: str, up: str) -> str:
    """One line over time, from nought upwards. `across` and `up` say what the axes are."""
    left, right, bottom, height = 70, 30, 262, 300
    most_x = max(x for x, _ in values) or 1.0
    most_y = max(y for _, y in values) * 1.15 or 1.0
    at_x = [left + x / most_x * (WIDTH - left - right) for x, _ in values]
    at_y = [bottom - y / most_y * (bottom - TOP - 10) for _, y in values]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(at_x, at_y, strict=True))
    parts = [f'<line x1="{left}" y1="{bottom}" x2="{WIDTH - right}" y2="{bottom}" class="axis"/>']
    for step in range(5):
        value = most_y * step / 4
        y = bottom - step / 4 * (bottom - TOP - 10)
        parts.append(
            f'<line x1="{left}" y1="{y:.1f}" x2="{WIDTH - right}" y2="{y:.1f}" class="axis" stroke-width=".4"/>'
        )
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" class="quiet">{value:,.0f}</text>')
    parts.append(f'<polyline points="{points}" class="line"/>')
    parts.append(f'<text x="{WIDTH - right}" y="{bottom + 20}" text-anchor="end" class="quiet">{escape(across)}</text>')
    parts.append(f'<text x="{left}" y="{TOP - 2}" class="quiet">{escape(up)}</text>')
    return _picture(title, height, parts)


def _picture(title: str, height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-labelledby="title">'
    named = f'<title id="title">{escape(title)}</title>'
    return "\n".join(
        [head, named, _STYLE.strip(), f'<text x="16" y="24" class="title">{escape(title)}</text>', *parts, "</svg>\n"]
    )
