"""Making a database cluster, writing its settings, reading its log."""

from __future__ import annotations

import subprocess

from warmline.machine import MachineError
from warmline.machine.account import run_as, write_as
from warmline.machine.installations import Installation
from warmline.machine.place import Place
from warmline.machine.settings import (
    DATABASE,
    SUPERUSER,
    access_rules,
    account_map,
    disk_of,
    memory_of_machine,
    server_settings,
)

_FIRST_VERSION_WITH_BUILTIN_LOCALE = 17


def make_cluster(place: Place, installation: Installation) -> None:
    """Make the data and the database `warmline` in it: with checksums, UTF-8, sorted by code point.

    It is made under another name and renamed when it is whole, so that a start cut short leaves nothing half made.
    """
    making = place.folder / "cluster.new"
    must(run_as(place.account, ["rm", "-rf", "--", str(making)]), "clear away a start that was cut short")
    command = [str(installation.bin_folder / "initdb"), "-D", str(making), "-U", SUPERUSER, "--data-checksums"]
    command += ["--auth=peer", "--encoding=UTF8", *_locale(installation.major)]
    must(run_as(place.account, command), "make a PostgreSQL data folder")
    write_as(place.account, making / "warmline.conf", "")
    must(
        run_as(
            place.account,
            ["/bin/sh", "-c", 'echo "include \'warmline.conf\'" >> "$1"', "sh", str(making / "postgresql.conf")],
        ),
        "extend postgresql.conf",
    )
    # Single-user mode, because nobody else can connect yet, and nobody sees the cluster without the database.
    single = [str(installation.bin_folder / "postgres"), "--single", "-j", "-D", str(making), "template1"]
    must(run_as(place.account, single, text_in=f"create database {DATABASE};\n\n"), "create the database")
    making.rename(place.cluster)


def write_settings(place: Place) -> None:
    """Write the files that are ours. Done at every start: memory, disk and the account's name may have changed."""
    settings = server_settings(memory_of_machine(), disk_of(place.cluster))
    write_as(place.account, place.cluster / "warmline.conf", settings)
    write_as(place.account, place.cluster / "pg_hba.conf", access_rules())
    write_as(place.account, place.cluster / "pg_ident.conf", account_map(place.account))


def read_log(place: Place) -> str:
    """The last lines the server wrote: what it said while starting, then today's log."""
    files = [place.logs / "start.log"]
    files += sorted(place.logs.glob("postgresql-*.log"), key=lambda path: path.stat().st_mtime)[-1:]
    lines = [line for path in files if path.exists() for line in path.read_text(errors="replace").splitlines()[-15:]]
    return "\n".join(lines)


def must(done: subprocess.CompletedProcess[str], what: str) -> None:
    """Raise MachineError with the program's own words when it failed."""
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()
        raise MachineError(f"Could not {what} ({done.args[0]} ended with {done.returncode}):\n{words}")


def _locale(major: int) -> list[str]:
    """Sorting by code point, upper and lower case by Unicode. From 17 on without the C library, whose updates would
    silently change sort orders."""
    if major >= _FIRST_VERSION_WITH_BUILTIN_LOCALE:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]
