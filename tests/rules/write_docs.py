"""Writes the table of docs/compliance.md from the packs: `python -m tests.rules.write_docs`."""

from __future__ import annotations

from pathlib import Path

from warmline import rules
from warmline.core.rulebook import (
    AcknowledgeRule,
    AnyRule,
    CapRule,
    ConsentRule,
    HoursRule,
    LifetimeRule,
    Pack,
    ReassignedRule,
    RevocationRule,
    ScrubRule,
    Source,
)

PAGE = Path(__file__).parents[2] / "docs" / "compliance.md"
RULES = PAGE.with_name("rules.md")
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


# --- every rule -------------------------------------------------------------------------------------------------------


def every_rule() -> str:
    """The page of rules, made anew."""
    parts = [HEAD]
    for pack in sorted(rules.packs().values(), key=lambda pack: (not pack.id.startswith("us.f"), pack.id)):
        parts += [f"\n## {pack.name}\n\n`{pack.id}`, looked up on {pack.as_of}\n"]
        parts += ["| Rule | Says | Law | In force | How sure | Sources |", "|---|---|---|---|---|---|"]
        parts += [_whole(rule, pack) for rule in pack.rules]
        parts += ["", *(f"- {key}: {_linked(one)}" for key, one in pack.sources.items())]
    return "\n".join(parts) + "\n"


HEAD = """# Every rule

Not legal advice. Made of the packs in `src/warmline/rules/jurisdictions/` by `python -m tests.rules.write_docs`; how they are
combined is in [compliance.md](compliance.md). **How sure**: high, the law's or a regulator's own text was seen, or two accounts
that agree; medium, one good account of it; low, a vendor's table, or a quotation; unverified, our own reading, so that silence
is not taken for permission."""


def _whole(rule: AnyRule, pack: Pack) -> str:
    since = rule.effective_from or pack.effective_from
    until = f" to {rule.effective_until}" if rule.effective_until else ""
    note = f"<br>{rule.note}" if rule.note else ""
    cells = (
        f"`{rule.id}`",
        f"{_says(rule)}{note}",
        rule.cite,
        f"{since}{until}",
        rule.confidence,
        ", ".join(rule.source),
    )
    return "| " + " | ".join(cell.replace("|", "/").strip() for cell in cells) + " |"


def _says(rule: AnyRule) -> str:
    match rule:
        case HoursRule():
            return f"{_hours(rule)} for {', '.join(rule.purposes)}"
        case ConsentRule():
            asked = rule.asked.replace("_", " ") if rule.allowed else "barred"
            return f"{_channels(rule.channels)}: {asked} for {', '.join(rule.purposes)}"
        case ScrubRule():
            unless = ", ".join(level.replace("_", " ") for level in rule.unless) or "nothing"
            return f"{_other(rule)}, for {_channels(rule.channels)}; exempt by {unless}"
        case AcknowledgeRule():
            bound = "within" if rule.hours_bind_acknowledge else "outside"
            return (
                f"an answer within {rule.within_minutes} minutes, {bound} the hours too, by {_channels(rule.channels)}"
            )
        case RevocationRule():
            reach = ", ends every channel" if rule.reaches_all else ""
            days = f"within {rule.honour_within_business_days} business days"
            return f"a withdrawal by {_channels(rule.channels)} counts {days}{reach}"
    return _other(rule)


def _linked(source: Source) -> str:
    return f"[{source.title}]({source.url})" if source.url else source.title


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
    RULES.write_text(every_rule(), "utf-8")
