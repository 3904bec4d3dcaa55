"""warmline may NUMBER: what may be sent there now, and by which rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import CommandError, as_called, out, show_json
from warmline.core.gate import LABELS
from warmline.insight.may import Channel, May, UnreadableError
from warmline.insight.may import may as ask
from warmline.store.clock import read_clock

_TONE = {"allow": ("good", "may go"), "hold": ("care", "waits"), "refuse": ("bad", "may not go")}


def may(
    address: Annotated[str, typer.Argument(help="A phone number or mail address, of a lead or of nobody yet.")],
    directory: Dir = HERE,
    at: Annotated[
        str | None, typer.Option(help="At this instant instead of now, such as 2026-11-28T17:00-05:00.")
    ] = None,
    region: Annotated[str, typer.Option(help="A state, such as US-FL, for somebody who is no lead yet.")] = "",
    country: Annotated[str, typer.Option(help="A country, such as CA, for somebody who is no lead yet.")] = "",
    brief: Annotated[bool, typer.Option("--brief", help="Leave out the rules that let it pass.")] = False,
    as_json: AsJson = False,
) -> None:
    """What the gate would let go to a number or address: each channel, every rule looked at, and what would change it."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        when = _instant(at) if at else read_clock(conn).now()
        try:
            found = ask(conn, place, address, when, region=region, country=country)
        except UnreadableError as error:
            raise CommandError(str(error)) from error
    if as_json:
        show_json(found)
        return
    show(out(), found, brief=brief)


def show(console: Console, found: May, *, brief: bool) -> None:
    who = found.called or ("a lead" if found.lead else "nobody known yet")
    console.print(f"[name]{escape(found.address)}[/]  {escape(who)}", soft_wrap=True)
    zones = ", ".join(found.zones) or "no time zone is known"
    console.print(f"[quiet]{found.at:%d %b %Y %H:%M} UTC; {escape(zones)}; places {', '.join(found.places)}[/]")
    console.print(f"[quiet]rules {escape(found.packs)}[/]", soft_wrap=True)
    for one in found.channels:
        _channel(console, one, brief)


def _channel(console: Console, one: Channel, brief: bool) -> None:
    tone, words = _TONE[one.result]
    until = f" until {one.until:%d %b %Y %H:%M} UTC" if one.until else ""
    console.print(f"\n{one.channel:<10}[{tone}]{words}[/]{until}", soft_wrap=True)
    for looked in one.findings:
        if looked.result == "pass" and brief:
            continue
        mark = {"pass": "good", "hold": "care", "refuse": "bad"}[looked.result]
        said = "; ".join(part for part in (looked.saw, as_called(looked.flip), looked.cite) if part)
        console.print(f"  [{mark}]{looked.result:<7}[/]{LABELS[looked.rule]:<20}{escape(said)}", soft_wrap=True)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        utc = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CommandError(f"{text!r} is no instant. Write one such as 2026-11-28T17:00-05:00.") from error
    if found.tzinfo is None:
        raise CommandError(f"{text!r} names no time zone. Write it at the end, such as 2026-11-28T17:00-05:00 or ...Z.")
    return utc
