"""PostgreSQL's own client programs, run as children of ours: pg_dump, pg_restore and psql, all of one installation."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from warmline.machine import MachineError
from warmline.machine.installations import bin_folders

_PROGRAMS = ("pg_dump", "pg_restore", "psql")
_PIECE = 1024 * 1024
_HEAD = 40  # lines of comments and settings before the first table


@dataclass(frozen=True, slots=True)
class Clients:
    """The programs in one folder, all of one major version."""

    folder: Path
    major: int

    def dump(self, server: Mapping[str, str], snapshot: str, into: IO[bytes]) -> None:
        """pg_dump of the schema `public` as `snapshot` shows it, in the custom format, added to an open file.

        `server` is where to connect, as libpq's environment variables: on a command line others could read a password. It
        writes into a pipe: into a file it would go back to its beginning, which is not the beginning of ours.
        """
        options = ["--format=custom", "--schema=public", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        command = [str(self.folder / "pg_dump"), *options]
        writer = Running(command, server, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            _copy(iter(lambda: writer.stdout.read(_PIECE), b""), into)
            writer.stdout.close()
            writer.wait()
        finally:
            writer.end()

    def list_contents(self, dump: IO[bytes]) -> str:
        """What pg_restore finds in a dump. Raises MachineError when it can't read it."""
        with tempfile.TemporaryFile() as said:
            reader = Running([str(self.folder / "pg_restore"), "--list"], {}, stdin=subprocess.PIPE, stdout=said)
            _feed(reader, dump)
            reader.wait()
            said.seek(0)
            return said.read().decode(errors="replace")

    def put_back(self, server: Mapping[str, str], before: str, dump: IO[bytes], after: str) -> None:
        """Run the SQL `before`, the dump's, and `after`: in one transaction when `before` begins it and `after` commits.

        Raises MachineError with PostgreSQL's own words; then nothing has changed, because nobody said commit.
        """
        command = [str(self.folder / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
        psql = Running(command, server, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        restore = [str(self.folder / "pg_restore"), "--schema=public", "--no-owner", "--no-privileges", "--file=-"]
        try:
            psql.write(before.encode())
            writer = Running(restore, {}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            feeding = threading.Thread(target=_feed, args=(writer, dump), name="feed")
            feeding.start()
            with _ignoring_broken_pipe():
                _copy(_for_older_servers(writer.stdout), psql.stdin)
            writer.stdout.close()  # should psql have ended, the writer ends too
            feeding.join()
            writer.wait(unless=psql)
            psql.write(after.encode())
        except BaseException:
            psql.end()
            raise
        psql.wait()


class Running:
    """A client program that runs. What it complains of is kept, for the error that it may end in."""

    def __init__(self, command: list[str], server: Mapping[str, str], *, stdin: int, stdout: int | IO[bytes]) -> None:
        self.name = Path(command[0]).name
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the program has ended
        environment = {**os.environ, **server, "LC_ALL": "C", "PGAPPNAME": f"warmline {self.name}"}
        self._child = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=self._complaints, env=environment, cwd="/"
        )

    @property
    def stdin(self) -> IO[bytes]:
        """Of a program that was started with a pipe to it."""
        if self._child.stdin is None:
            raise ValueError(f"{self.name} was started without a pipe")
        return self._child.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """The same, of what it says."""
        if self._child.stdout is None:
            raise ValueError(f"{self.name} was started without a pipe")
        return self._child.stdout

    def write(self, data: bytes) -> None:
        """Raises MachineError when the program has ended before it read everything."""
        try:
            self.stdin.write(data)
            self.stdin.flush()
        except BrokenPipeError:
            self.wait()
            raise MachineError(f"{self.name} ended early.") from None

    def wait(self, unless: Running | None = None) -> None:
        """Until it ends. Raises MachineError when it failed; when `unless` failed before it, with the words of that."""
        if self._child.stdin is not None and not self._child.stdin.closed:
            with _ignoring_broken_pipe():
                self._child.stdin.close()
        code = self._child.wait()
        said = self._said()
        if code != 0 and unless is not None and unless._child.poll() not in (None, 0):
            unless.wait()
        if code != 0:
            raise MachineError(f"{self.name} ended with {code}:\n{said}")

    def end(self) -> None:
        """Stop it, whatever it does. Nothing to do when it has ended."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        if self._child.stdin is not None:
            with _ignoring_broken_pipe():
                self._child.stdin.close()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._complaints.close()

    def _said(self) -> str:
        if self._complaints.closed:
            return ""
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").strip()
        self._complaints.close()
        return said


def find_clients(at_least: int) -> Clients:
    """The programs for a server of that major version: of the same, else of the next newer one on this machine.

    Raises MachineError when there are none: older ones refuse a newer server.
    """
    found = sorted(
        (clients for folder in bin_folders() if (clients := _probe(folder)) is not None),
        key=lambda clients: clients.major,
    )
    for clients in found:
        if clients.major >= at_least:
            return clients
    here = ", ".join(f"{one.major} in {one.folder}" for one in found) or "none at all"
    raise MachineError(
        f"This needs pg_dump, pg_restore and psql of PostgreSQL {at_least} or newer (found: {here}). "
        f"Install them, on Debian: apt-get install postgresql-client-{at_least}"
    )


def _probe(folder: Path) -> Clients | None:
    if not all(os.access(folder / program, os.X_OK) for program in _PROGRAMS):
        return None
    said = subprocess.run([str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return Clients(folder, int(version[1])) if version else None


def _feed(reader: Running, source: IO[bytes]) -> None:
    """Copy everything into the program. It may end early, and then its own words say why."""
    with _ignoring_broken_pipe():
        _copy(iter(lambda: source.read(_PIECE), b""), reader.stdin)
    with _ignoring_broken_pipe():
        reader.stdin.close()


def _copy(pieces: Iterator[bytes], into: IO[bytes]) -> None:
    for piece in pieces:
        into.write(piece)
    into.flush()


def _for_older_servers(script: IO[bytes]) -> Iterator[bytes]:
    """What pg_restore writes, without the setting among its first lines that came with PostgreSQL 17: an older server
    refuses it, and the programs may be newer than the server that they dumped and restore."""
    for _ in range(_HEAD):
        line = script.readline()
        if not line.startswith(b"SET transaction_timeout"):
            yield line
    while piece := script.read(_PIECE):
        yield piece


@contextmanager
def _ignoring_broken_pipe() -> Iterator[None]:
    """A program that ended before it read everything says why by its exit code and its complaints."""
    try:
        yield
    except BrokenPipeError:
        return
