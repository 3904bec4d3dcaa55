"""warmline why LEAD: what happened to a lead, why, and what comes next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import CommandError, as_called, counted, out, show_json, span
from warmline.core.consent import Consent, Span
from warmline.core.gate import LABELS
from warmline.core.length import in_words, segments
from warmline.insight.foreseen import Coming
from warmline.insight.lines import DID, Deed, Line, Looked
from warmline.insight.replay import Replayed, Step, replay
from warmline.insight.story import LeadNotFoundError, Story, as_told, find_lead, story
from warmline.store.clock import read_clock
from warmline.store.stories import Touch

_MARK = {"pass": ("good", "pass"), "hold": ("care", "hold"), "refuse": ("bad", "refuse")}


def why(
    lead: Annotated[str, typer.Argument(help="The lead's id, phone number or mail address.")],
    directory: Dir = HERE,
    as_json: AsJson = False,
    brief: Annotated[bool, typer.Option("--brief", help="Leave out the rules that let a touch pass.")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--replay", help="Decide again what was decided, and say whether it agrees. Exit code 1 when not."
        ),
    ] = False,
) -> None:
    """Tell a lead's story: every event and decision, the rules behind it, what would flip it, and what comes next."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            if again:
                decided = replay(conn, *find_lead(conn, place, lead))
            else:
                told = story(conn, place, lead, read_clock(conn).now())
        except LeadNotFoundError as error:
            raise CommandError(str(error)) from error
    if again:
        show_replayed(out(), decided, as_json=as_json)
    elif as_json:
        show_json(as_told(told))
    else:
        show(out(), told, brief=brief)


def show(console: Console, told: Story, *, brief: bool) -> None:
    _head(console, told)
    for line in told.lines:
        _line(console, told, line, brief)
    console.print()
    _next(console, told, brief)


def show_replayed(console: Console, decided: list[Replayed], *, as_json: bool) -> None:
    """Each decision and what deciding again comes to; exit code 1 when one does not agree."""
    differ = [one for one in decided if not one.same]
    if as_json:
        show_json([msgspec.structs.asdict(one) | {"same": one.same} for one in decided])
    else:
        for one in decided:
            _replayed(console, one)
        if differ:
            console.print(
                f"[bad]{len(differ)} of {counted(len(decided), 'decision')} would come out otherwise now.[/] Were the "
                "office hours, or the lead's region or number, changed since? If not, it is a fault of Warmline: report it.",
                soft_wrap=True,
            )
        else:
            asked = sum(one.asked for one in decided)
            console.print(
                f"[good]{counted(len(decided), 'decision')} decided again, each to the same answer;[/] the gate was asked "
                f"again {counted(asked, 'time')}, and said the same.",
                soft_wrap=True,
            )
    if differ:
        raise typer.Exit(1)


def _replayed(console: Console, one: Replayed) -> None:
    tone, mark = ("good", "same") if one.same else ("bad", "differs")
    stamp = f"[quiet]{one.at:%d %b %H:%M:%S} [/] [{tone}]{mark:<8}[/]{escape(one.playbook)} v{one.version}"
    console.print(f"{stamp}  {_steps(one.stored)}", soft_wrap=True)
    if not one.same:
        console.print(f"{'':<25}again: {_steps(one.again)}", soft_wrap=True)
        for said in one.gate:
            console.print(f"{'':<25}gate: {escape(said)}", soft_wrap=True)


def _steps(steps: tuple[Step, ...]) -> str:
    said = [
        " ".join(part for part in (one.do.replace("_", " "), one.step, one.channel, one.template, one.reason) if part)
        for one in steps
    ]
    return escape("; ".join(said) or "nothing due")


def _head(console: Console, told: Story) -> None:
    lead = told.lead
    console.print(f"[name]{escape(lead.called)}[/]  {lead.status.replace('_', ' ')}", soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("became", f"{told.became.called} ({told.became.id})" if told.became else ""),
        ("company", lead.company),
        ("reach", ", ".join(part for part in (lead.phone, lead.email) if part)),
        ("owner", lead.owner_name or "nobody yet"),
        ("zone", f"{lead.zone} ({_ground(told)})"),
        ("away", told.away),
        ("consent", "; ".join(dict.fromkeys(_consent(one, spans) for one, spans in told.held))),
        (
            "playbooks",
            ", ".join(f"{one.run.playbook} v{one.version} {one.run.status.replace('_', ' ')}" for one in told.runs),
        ),
        ("id", str(lead.id)),
    ):
        if value:
            table.add_row(f"[quiet]{name}[/]", escape(value))
    for one in told.suppressions:
        table.add_row(
            "[bad]do not contact[/]", escape(f"{one.scope} {one.value} since {one.at:%d %b %Y}: {one.reason}")
        )
    console.print(Padding(table, (0, 0, 1, 2)))
    console.print(f"[quiet]{'UTC':<17}{'the lead':<14}[/]")


def _consent(one: Consent, spans: tuple[Span, ...]) -> str:
    ends = [f"{', '.join(span.channels)} until {span.until:%d %b %Y}" for span in spans if span.until is not None]
    said = f"{one.level.replace('_', ' ')} for {', '.join(one.channels)}"
    return f"{said} ({'; '.join(ends)})" if ends else said


def _ground(told: Story) -> str:
    words = {"stated": "set for this lead", "region": "from the region", "area_code": "from the area code"}
    basis = words.get(told.lead.zone_basis, "from the country")
    if told.lead.zone_basis == "unknown":
        return "the office's; the lead's own is not known"
    more = len(told.lead.zones) - 1
    return f"{basis}; {more} more possible" if more else basis


def _line(console: Console, told: Story, line: Line, brief: bool) -> None:
    where = " ".join(part for part in (line.step, line.channel) if part)
    beside = f" [quiet]{escape(where)}[/]" if where else ""
    detail = f": {escape(line.detail)}" if line.detail else ""
    stamp = f"[quiet]{line.at:%d %b %H:%M:%S} [/] {told.local(line.at):<17}"
    if line.kind != "decision":
        console.print(f"{stamp} {escape(line.words)}{beside}{detail}", soft_wrap=True)
        if line.touch is not None:
            _words(console, line.touch)
        for sent in line.media:
            console.print(f"{'':<20}[quiet]│[/] {escape(sent.words)}: {escape(sent.url)}", soft_wrap=True)
        return
    until = f", next look {_both(told, line.until)}" if line.until else ""
    console.print(
        f"{stamp} [link]decided[/] [quiet]{escape(line.playbook)}, rules {escape(line.rules)}{until}[/]", soft_wrap=True
    )
    for one in line.did:
        _did(console, told, one, brief)


def _did(console: Console, told: Story, one: Deed, brief: bool) -> None:
    tone = {"hold": "care", "refuse": "bad", "plan": "good"}.get(one.do, "name")
    parts = (one.step, one.channel, one.template and f"({one.template})")
    where = "".join(f" {escape(part)}" for part in parts if part)
    reason = f": {escape(one.reason.replace('_', ' '))}" if one.reason else ""
    until = f" until {_both(told, one.until)}" if one.until else ""
    console.print(f"{'':<18}[{tone}]{escape(DID.get(one.do, one.do))}[/]{where}{reason}{until}", soft_wrap=True)
    _findings(console, one.findings, brief)


def _findings(console: Console, findings: tuple[Looked, ...], brief: bool) -> None:
    for finding in findings:
        if brief and finding.result == "pass":
            continue
        tone, mark = _MARK[finding.result]
        flip = f" [quiet]→ {escape(as_called(finding.flip))}[/]" if finding.flip else ""
        cite = f" [quiet]({escape(finding.cite)})[/]" if finding.cite and finding.result != "pass" else ""
        # A key says why it did not pass: "no consent" beside "pass" would say the contrary.
        rule = LABELS.get(finding.rule, finding.rule) if finding.result == "pass" else finding.rule.replace("_", " ")
        console.print(f"{'':<20}[{tone}]{mark:<7}[/]{rule:<19} {escape(finding.saw)}{flip}{cite}", soft_wrap=True)


def _words(console: Console, touch: Touch) -> None:
    if touch.subject:
        console.print(f"{'':<20}[name]{escape(touch.subject)}[/]", soft_wrap=True)
    for text in touch.body.splitlines():
        console.print(f"{'':<20}[quiet]│[/] {escape(text)}", soft_wrap=True)


def _next(console: Console, told: Story, brief: bool) -> None:
    if not told.coming:
        console.print(f"[name]Next[/]  nothing: the lead is {told.lead.status.replace('_', ' ')}.")
        return
    console.print("[name]Next[/]")
    for one in told.coming:
        _coming(console, told, one, brief)


def _coming(console: Console, told: Story, one: Coming, brief: bool) -> None:
    when = _when(told, one.at) if one.at else "open"
    who = "" if one.who in ("machine", "") else f" [quiet]({escape(one.who)})[/]"
    console.print(f"  {when}  {escape(one.words)}{who}", soft_wrap=True)
    if one.subject:
        console.print(f"{'':<20}[name]{escape(one.subject)}[/]", soft_wrap=True)
    for text in one.text.splitlines():
        console.print(f"{'':<20}[quiet]│[/] {escape(text)}", soft_wrap=True)
    if one.text and one.channel == "sms":
        console.print(f"{'':<20}[quiet]{escape(in_words(segments(one.text)))}[/]", soft_wrap=True)
    _findings(console, one.findings, brief or one.result == "allow")


def _both(told: Story, at: datetime) -> str:
    """On both clocks."""
    return f"{at:%d %b %H:%M} UTC, {told.local(at)} for the lead"


def _when(told: Story, at: datetime) -> str:
    """On both clocks, and how far away."""
    seconds = (at - told.at).total_seconds()
    away = "now" if abs(seconds) < 1 else f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"
    return f"{_both(told, at)} ({away})"
