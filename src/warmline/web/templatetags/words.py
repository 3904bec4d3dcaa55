"""How values are shown: times, statuses, channels, icons. Local times here are for reading; they decide nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ...core.consent import LEVEL_WORDS
from ...core.events import WORDS
from ...core.gate import LABELS
from ...core.hours import find_zone
from ...core.length import in_words, segments
from ...core.phone import show_phone
from ...core.tokens import PREFIX
from ...store.ids import new_id
from ...store.pages.today import COUNTED
from ...store.workspaces import Workspace
from ..icons import ICONS
from ..wordings import CHANNELS, COMPLIANCE, REASONS, STATUSES, TASKS, TOLD, TOUCHES, Badge, Told

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture beside a word; readers of the screen hear only the word."""
    return mark_safe(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{ICONS[name]}</svg>')  # noqa: S308


@register.simple_tag(takes_context=True)
def nav_item(context: dict[str, Any], name: str, words: str, picture: str) -> SafeString:
    """One entry of the main navigation, with what waits behind it."""
    address = reverse(name)
    path = context["request"].path
    pages = [address, *(reverse(one) for one, _ in COMPLIANCE)] if name == COMPLIANCE[0][0] else [address]
    here = any(path == one or (one != "/" and path.startswith(one + "/")) for one in pages)
    waiting = getattr(context.get("counts"), name, 0)
    count = (
        format_html('<span class="count count-hot">{}<span class="unseen"> waiting</span></span>', _up_to(waiting))
        if waiting
        else ""
    )
    current = mark_safe(' aria-current="page"') if here else ""
    return format_html(
        '<li><a id="to-{}" href="{}"{}>{}<span>{}</span>{}</a></li>',
        name,
        address,
        current,
        icon(picture),
        words,
        count,
    )


def _up_to(count: int) -> str:
    return str(count) if count <= COUNTED else f"{COUNTED}+"


@register.simple_tag(takes_context=True)
def when(context: dict[str, Any], at: datetime | None, zone: str = "") -> SafeString | str:
    """`Tue 24 Nov, 10:00` in the given zone, of which the page says whose it is, or `Tue 24 Nov, 10:00 EST` on the workspace's
    clock; with how far off it is as the title."""
    if at is None:
        return ""
    shown = local(at, zone, context["now"]) if zone else _ours(context, at)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), ago(at, context["now"]), shown)


@register.simple_tag(takes_context=True)
def since(context: dict[str, Any], at: datetime | None) -> SafeString | str:
    """`5 min ago` or `in 2 h`, with the time on the workspace's clock as the title."""
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(), _ours(context, at), ago(at, context["now"])
    )


@register.simple_tag(takes_context=True)
def ahead(context: dict[str, Any], at: datetime | None) -> SafeString | str:
    """Of what is to come: `in 2 h`, or `2 h late` where it should have been done by now."""
    if at is None:
        return ""
    now = context["now"]
    said = f"{span(now - at)} late" if at < now and ago(at, now) != "now" else ago(at, now)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), _ours(context, at), said)


@register.simple_tag(takes_context=True)
def clock(context: dict[str, Any], due: datetime | None) -> SafeString | str:
    """The time left until `due`, or how late it is: in words, and only then in colour."""
    if due is None:
        return ""
    left = due - context["now"]
    if left < timedelta(0):
        tone, words = "late", f"{span(-left)} late"
    else:
        tone, words = ("soon" if left < timedelta(hours=1) else "later"), f"{span(left)} left"
    shown = _ours(context, due)
    return format_html('<span class="clock clock-{}" title="due {}">{}{}</span>', tone, shown, icon("clock"), words)


def _ours(context: dict[str, Any], at: datetime) -> str:
    """On the workspace's clock, which is named: whoever reads it may sit elsewhere."""
    zone = context["zone"]
    return f"{local(at, zone, context['now'])} {at.astimezone(find_zone(zone)):%Z}"


def local(at: datetime, zone: str, now: datetime) -> str:
    """`Tue 24 Nov, 10:00`, and `Sun 24 Nov 2024, 10:00` in another year than now."""
    there = at.astimezone(find_zone(zone))
    year = "" if there.year == now.astimezone(there.tzinfo).year else f" {there.year}"
    return f"{there:%a} {there.day} {there:%b}{year}, {there:%H:%M}"


def ago(at: datetime, now: datetime) -> str:
    away = at - now
    if abs(away) < timedelta(seconds=45):
        return "now"
    return f"in {span(away)}" if away > timedelta(0) else f"{span(-away)} ago"


def span(length: timedelta) -> str:
    """A length in its two largest useful units: `45 s`, `12 min`, `3 h 20 min`, `6 d`"""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 10 and minutes % 60:
        return f"{hours} h {minutes % 60} min"
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


@register.filter
def told(key: str) -> Told | None:
    return TOLD.get(key)


@register.simple_tag
def invalid(problem: object, said: str) -> SafeString | str:
    """For the field that a form came back for: what is wrong stands in the element with the id `said`, and the page
    opens there."""
    return format_html(' aria-invalid="true" aria-describedby="{}" autofocus', said) if problem else ""


@register.simple_tag
def once() -> SafeString:
    """For a form that makes something new: by this field the same form sent twice is told from two alike."""
    return format_html('<input type="hidden" name="once" value="{}">', new_id().hex)


@register.simple_tag
def badge(kind: str, key: str) -> SafeString:
    """A status as a shape, a word and a colour. `kind`: lead or touch."""
    known = {"lead": STATUSES, "touch": TOUCHES}[kind]
    shown = known.get(key, Badge(key.replace("_", " "), ""))
    return format_html('<span class="badge{}">{}</span>', f" badge-{shown.tone}" if shown.tone else "", shown.words)


@register.simple_tag
def warning(status: str) -> SafeString | str:
    """The badge of a lead beside what is asked of a person, where it asks for care before anything else."""
    return badge("lead", status) if status == "opted_out" else ""


@register.filter
def channel_words(channel: str) -> str:
    return CHANNELS.get(channel, channel)


@register.filter
def channels_words(channels: list[str]) -> str:
    """`SMS, email and voicemail`"""
    words = [CHANNELS.get(one, one) if one == "sms" else CHANNELS.get(one, one).lower() for one in channels]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


@register.filter
def is_token(value: str) -> bool:
    """Whether a line of the list stands for somebody who was erased."""
    return value.startswith(PREFIX)


@register.simple_tag(takes_context=True)
def compliance_pages(context: dict[str, Any]) -> SafeString:
    """The pages on compliance beside each other."""
    links = []
    for name, words in COMPLIANCE:
        address = reverse(name)
        here = mark_safe(' aria-current="page"') if context["request"].path.startswith(address) else ""
        links.append(format_html('<a href="{}"{}>{}</a>', address, here, words))
    return format_html(
        '<nav class="segments" aria-label="Compliance">{}</nav>',
        mark_safe("".join(links)),  # noqa: S308 - made above
    )


@register.filter
def seconds_words(seconds: float) -> str:
    """12 h."""
    return span(timedelta(seconds=seconds))


@register.filter
def size_words(text: str) -> str:
    """How long a text is for a carrier: 1 text, GSM-7, 28 characters left."""
    return in_words(segments(text))


@register.filter
def event_words(kind: str) -> str:
    return WORDS.get(kind, kind)


@register.filter
def reason_words(reason: str) -> str:
    """A reason key as a phrase; a key without one is shown as it is, for it is also what logs and metrics say."""
    return REASONS.get(reason, reason.replace("_", " "))


@register.filter
def rule_words(rule: str) -> str:
    """What a rule of the gate looks at: beside "pass" its key would say the contrary."""
    return LABELS.get(rule, rule.replace("_", " "))


@register.filter
def task_words(kind: str) -> str:
    return TASKS.get(kind, kind.replace("_", " "))


@register.filter
def phone_words(number: str | None) -> str:
    """A number as people read it; what is none, such as a name or a mail address, stays as it is."""
    return show_phone(number or "")


@register.filter
def shortened(text: str, most: int) -> str:
    """The beginning of a text on one line, to the end of a word; "…" where there is more."""
    line = " ".join(text.split())
    cut = textwrap.shorten(line, most, placeholder="…")
    return cut if cut != "…" else line[: most - 1] + "…"  # one long word


@register.filter
def choice_words(key: str | None, choices: Iterable[tuple[str, str]]) -> str:
    """The words of a choice of a form, by its key."""
    return dict(choices).get(key or "", key or "")


@register.filter
def in_thousands(number: int) -> str:
    """12,000."""
    return f"{number:,}"


@register.filter
def total(values: list[int]) -> int:
    return sum(values)


@register.filter
def person_words(key: str | None, workspace: Workspace) -> str:
    """The name of a person of the workspace; one who has left is named by their key."""
    if not key:
        return "Nobody yet"
    person = workspace.config.people.get(key)
    return person.name if person else f"{key}, who has left"


@register.filter
def status_words(status: str) -> str:
    return STATUSES[status].words.lower() if status in STATUSES else status


@register.filter
def level_words(level: str) -> str:
    return LEVEL_WORDS.get(level, level).capitalize()


@register.filter
def text(value: object) -> str:
    return str(value)
