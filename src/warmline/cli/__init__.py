"""The command line: one file for each command, each calling the same function that the web calls."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from warmline import __version__
from warmline.cli.apply import apply
from warmline.cli.backup import backup
from warmline.cli.check import check
from warmline.cli.distribute import distribute
from warmline.cli.engine import engine
from warmline.cli.export import export
from warmline.cli.forget import forget
from warmline.cli.import_ import import_
from warmline.cli.init import init
from warmline.cli.ledger import ledger
from warmline.cli.may import may
from warmline.cli.merge import merge
from warmline.cli.migrate import migrate
from warmline.cli.numbers import numbers
from warmline.cli.orphans import orphans
from warmline.cli.parked import parked
from warmline.cli.prove import prove
from warmline.cli.quarantine import quarantine
from warmline.cli.recordings import recordings
from warmline.cli.registry import registry
from warmline.cli.reply import reply
from warmline.cli.restore import restore
from warmline.cli.resume import resume
from warmline.cli.review import review
from warmline.cli.say import PlainGroup
from warmline.cli.sign_in import sign_in
from warmline.cli.stats import stats
from warmline.cli.suppress import suppress
from warmline.cli.up import up
from warmline.cli.web import web
from warmline.cli.why import why
from warmline.cli.wordings import wordings

START, LEADS, LISTS, HELP_OUT, KEEPING, PARTS = PANELS = (
    "Start", "Leads", "Whom not to contact", "Put right", "Keeping it", "The parts, for many machines",
)  # fmt: skip


class Commands(PlainGroup):
    """The help shows the panels in the order in which a reader needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(
            super().list_commands(ctx), key=lambda name: PANELS.index(str(vars(self.commands[name])["rich_help_panel"]))
        )


app = typer.Typer(
    name="warmline",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Answers every lead at once and keeps following up, through one gate, until a person takes over.",
)

app.command(rich_help_panel=START)(init)
app.command(rich_help_panel=START)(up)
app.command(rich_help_panel=START)(check)
app.command(rich_help_panel=START)(prove)
app.command(rich_help_panel=START)(apply)
app.command("sign-in", rich_help_panel=START)(sign_in)
app.command(rich_help_panel=LEADS)(why)
app.command(rich_help_panel=LEADS)(may)
app.command(rich_help_panel=LEADS)(reply)
app.command(rich_help_panel=LEADS)(wordings)
app.command(rich_help_panel=LEADS)(export)
app.command(rich_help_panel=LEADS)(merge)
app.command(rich_help_panel=LEADS)(forget)
app.command("import", rich_help_panel=LEADS)(import_)
app.command(rich_help_panel=LEADS)(stats)
app.command(rich_help_panel=LEADS)(review)
app.command(rich_help_panel=LEADS)(orphans)
app.add_typer(suppress, name="suppress", rich_help_panel=LISTS)
app.add_typer(registry, name="registry", rich_help_panel=LISTS)
app.add_typer(numbers, name="numbers", rich_help_panel=LISTS)
app.add_typer(recordings, name="recordings", rich_help_panel=LEADS)
app.add_typer(parked, name="parked", rich_help_panel=HELP_OUT)
app.add_typer(quarantine, name="quarantine", rich_help_panel=HELP_OUT)
app.add_typer(ledger, name="ledger", rich_help_panel=KEEPING)
app.command(rich_help_panel=KEEPING)(backup)
app.command(rich_help_panel=KEEPING)(restore)
app.command(rich_help_panel=KEEPING)(resume)
app.command(rich_help_panel=PARTS)(web)
app.command(rich_help_panel=PARTS)(engine)
app.command(rich_help_panel=PARTS)(migrate)
app.command(rich_help_panel=PARTS)(distribute)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"warmline {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Nothing to do before a command."""
