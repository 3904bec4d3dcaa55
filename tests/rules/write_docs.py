"""Writes the table of docs/compliance.md from the packs: `python -m tests.rules.write_docs`."""

from __future__ import annotations

from pathlib import Path

from warmline import rules
from warmline.core.rulebook import CapRule, ConsentRule, HoursRule, LifetimeRule, Pack, ReassignedRule, ScrubRule

PAGE = Path(__file__).parents[2] / "docs" / "compliance.md"
BEGIN, END = "<!-- packs: begin -->\n", "<!-- packs: end -->\n"


def written() -> str:
    """The page with its table made anew."""
    text = PAGE.read_text("utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    rows = [
        _row(pack)
        for pack in sorted(rules.packs().values(), key=lambda pack: (not pack.id.startswith("us.f"), pack.id))
    ]
    table = ["| Pack | Hours of marketing, local | Other | How sure |", "|---|---|---|---|", *rows]
    return head + BEGIN + "\n".join(table) + "\n" + END + tail


def _row(pack: Pack) -> str:
    hours = [_hours(rule) for rule in pack.rules if isinstance(rule, HoursRule)]
    others = [said for rule in pack.rules if (said := _other(rule))]
    sure = sorted({rule.confidence for rule in pack.rules}, key=["high", "medium", "low", "unverified"].index)
    name = f"`{pack.id}` {pack.name}"
    return f"| {name} | {'; '.join(hours) or 'as its parent'} | {'; '.join(others)} | {', '.join(sure)} |"


def _hours(rule: HoursRule) -> str:
    days = ", ".join(f"{days} {' '.join(spans)}" for days, spans in rule.windows.items() if spans)
    beside = [f"not on the days of `{rule.forbidden_days}`"] if rule.forbidden_days else []
    beside += [f"also by the clock of {rule.zone}"] if rule.zone else []
    return f"{_channels(rule.channels)} {days}{' (' + ', '.join(beside) + ')' if beside else ''}"


def _other(rule: object) -> str:
    match rule:
        case CapRule():
            return f"at most {rule.count} in {rule.per_hours} h by {_channels(rule.channels)}"
        case ConsentRule() if "marketing" in rule.purposes and not rule.allowed:
            return f"no {_channels(rule.channels)}"
        case ConsentRule() if "marketing" in rule.purposes:
            return f"{rule.asked.replace('_', ' ')} for {_channels(rule.channels)}"
        case LifetimeRule():
            return f"{rule.level.replace('_', ' ')} lasts {rule.months} months for {_channels(rule.channels)}"
        case ScrubRule():
            return f"list `{rule.registry}`, {rule.max_age_days} days"
        case ReassignedRule():
            return f"asks whether the number changed hands for {_channels(rule.channels)}"
    return ""


def _channels(channels: tuple[str, ...]) -> str:
    return "/".join(channels)


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
