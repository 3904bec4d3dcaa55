"""PostgreSQL on this machine, for one workspace: made when it is missing, started, adopted, stopped.

    with Postgres(workspace / ".warmline" / "postgres", progress=print) as address:
        psycopg.connect(address)

Whoever has a DATABASE_URL does not need this. There is no TCP and no password: the server listens on a Unix socket in
a folder of mode 0700, and asks the kernel who is at the other end (settings.access_rules). See place.py for where the
data lies, account.py for whom it runs as.

The server runs in a session of its own. It survives a `kill -9` of the process that started it, without any harm: the
next start on the same folder takes it over as it is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from warmline.machine import MachineError
from warmline.machine.account import hand_over, process_options, run_as
from warmline.machine.cluster import make_cluster, must, read_log, write_settings
from warmline.machine.installations import Installation, choose_installation
from warmline.machine.lock import take_lock
from warmline.machine.place import SOCKET_NAME, Place, find_place, prepare_place, prepare_socket_folder
from warmline.machine.postmaster import Postmaster, live_postmaster, noted_postmaster, serves
from warmline.machine.settings import DATABASE, SUPERUSER

_LOOK_EVERY = 0.02  # seconds between two looks at the server's state
_SAY_EVERY = 3.0  # seconds between two lines of progress
_LEFTOVERS_GO_WITHIN = 15.0  # seconds for the children of a killed server to notice and end
_LEFTOVERS = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')
_STOPS = ((signal.SIGINT, 120.0), (signal.SIGQUIT, 15.0))  # PostgreSQL's fast, then immediate shutdown


class Postgres:
    """Supervisor of the PostgreSQL in `data_dir`. One process at a time holds it; others may connect."""

    def __init__(
        self, data_dir: Path, *, progress: Callable[[str], None] | None = None, bin_folder: Path | None = None
    ) -> None:
        """`progress` is told, in words, when a start or stop takes long. `bin_folder` picks the PostgreSQL to run."""
        self.data_dir = data_dir.resolve()
        self._progress = progress or (lambda _text: None)
        self._bin_folder = bin_folder
        self._held: int | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Have the server running and ready, and return its address (a URL for psycopg). Takes over a running one.

        Waits as long as a living server says that it is starting: recovery after a crash may take minutes.
        Raises MachineError: another process runs it, no PostgreSQL that suits, or the server's own last words.
        """
        place = prepare_place(self.data_dir)
        if self._held is None:
            self._held = take_lock(place.lock, place.account)
        try:
            return self._have_running(place)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server that `start` started or took over. Open transactions roll back; what is committed stays."""
        if self._held is None:
            return
        place = find_place(self.data_dir)
        server = live_postmaster(place.cluster) if place else None
        if place and server:
            self._end(place, server)
        if self._child:
            self._child.wait()
            self._child = None
        os.close(self._held)
        self._held = None

    def leave(self) -> None:
        """Let go of the server and let it run: whoever starts it next takes it over."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def is_running(self) -> bool:
        """Whether the server takes connections now, whoever runs it."""
        return self.address() is not None

    def address(self) -> str | None:
        """Where to connect to the running server, for commands beside `warmline up`; None when it is not running."""
        place = find_place(self.data_dir)
        server = live_postmaster(place.cluster) if place else None
        if server is None or server.status != "ready" or server.socket_folder is None:
            return None
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(server.socket_folder), safe='')}&port=5432"

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _have_running(self, place: Place) -> str:
        installation = choose_installation(place.account, place.made_by, self._bin_folder)
        if place.made_by is None:
            make_cluster(place, installation)
        give_up_at = time.monotonic() + _LEFTOVERS_GO_WITHIN
        while True:
            server = live_postmaster(place.cluster)
            if server is None:
                self._launch(place, installation)
            if self._is_ready_at_last(place, server):
                address = self.address()
                if address:
                    return address
            elif server is None and not (self._only_leftovers(place) and time.monotonic() < give_up_at):
                raise MachineError(
                    f"PostgreSQL {installation.major} did not start in {place.folder}. Its last words:\n"
                    + read_log(place)
                )
            time.sleep(_LOOK_EVERY * 10)

    def _launch(self, place: Place, installation: Installation) -> None:
        # Files that name a dead server would stop PostgreSQL when the number lives on, as a zombie or another process.
        # Should children of the dead server still be at work, PostgreSQL sees it by their shared memory and waits.
        socket_folder = prepare_socket_folder(place)
        stale = [place.cluster / "postmaster.pid", socket_folder / SOCKET_NAME, socket_folder / f"{SOCKET_NAME}.lock"]
        must(run_as(place.account, ["rm", "-f", "--", *map(str, stale)]), "clear away what a dead server left")
        if self._child:
            self._child.wait()  # ours and dead: collect it
        write_settings(place)
        sockets = str(socket_folder).replace('"', '""')
        command = [str(installation.bin_folder / "postgres"), "-D", str(place.cluster), "-c", "listen_addresses="]
        command += ["-c", f'unix_socket_directories="{sockets}"', "-c", "unix_socket_permissions=0700", "-p", "5432"]
        log = os.open(place.logs / "start.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            hand_over(log, place.account)
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop the server last
                **process_options(place.account),
            )
        finally:
            os.close(log)

    def _is_ready_at_last(self, place: Place, server: Postmaster | None) -> bool:
        """Wait until the server is ready (True) or gone (False). `server` is None for the one we just launched."""
        began = said = time.monotonic()
        while self._lives(place, server):
            noted = noted_postmaster(place.cluster)
            if noted and noted.status == "ready" and noted.pid == self._pid(server):
                return True
            if time.monotonic() - said >= _SAY_EVERY:
                said = time.monotonic()
                doing = "is still stopping" if noted and noted.status == "stopping" else "is recovering after a crash"
                self._progress(f"PostgreSQL {doing} ({said - began:.0f} s so far)")
            time.sleep(_LOOK_EVERY)
        self._child = None
        return False

    def _lives(self, place: Place, server: Postmaster | None) -> bool:
        if self._child:
            return self._child.poll() is None  # collects it when it has ended
        return server is not None and serves(server.pid, place.cluster)

    def _pid(self, server: Postmaster | None) -> int | None:
        if self._child:
            return self._child.pid
        return server.pid if server else None

    def _only_leftovers(self, place: Place) -> bool:
        return any(words in read_log(place) for words in _LEFTOVERS)

    def _end(self, place: Place, server: Postmaster) -> None:
        for stop_signal, patience in _STOPS:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(server.pid, stop_signal)
            began = said = time.monotonic()
            while time.monotonic() - began < patience:
                if self._child:
                    self._child.poll()
                if not serves(server.pid, place.cluster):
                    return
                if time.monotonic() - said >= _SAY_EVERY:
                    said = time.monotonic()
                    self._progress(f"PostgreSQL is stopping ({said - began:.0f} s so far)")
                time.sleep(_LOOK_EVERY)
        raise MachineError(
            f"PostgreSQL (process {server.pid}) does not stop. Nothing committed is lost; look at {place.logs}."
        )
