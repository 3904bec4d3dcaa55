"""Real processes for end-to-end tests: started, killed, started again; and conditions waited for, with a deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from types import TracebackType

WARMLINE = (sys.executable, "-m", "warmline.cli")
#: Seconds that a test waits for what is certain to come. The product itself takes up to two and a half minutes, for a hand-over
#: whose engine is gone (a lease, and then asking), and many processes may share few cores. Only a hang meets it.
PATIENCE = 240.0


def until(what: Callable[[], object], within: float, told: str | Callable[[], str], every: float = 0.05) -> None:
    """Wait on a condition. Raises AssertionError with `told` when it has not come about `within` seconds."""
    ends = time.monotonic() + within
    while not what():
        if time.monotonic() > ends:
            raise AssertionError(f"Not within {within:g} s: {told if isinstance(told, str) else told()}")
        time.sleep(every)


def answers(url: str) -> bool:
    """Whether a server answers there at all, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310 - our own address
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, HTTPException):  # the latter where a call to a port that nobody listens at reached itself
        return False


@dataclass
class Process:
    """One program in a process group of its own; what it says goes to `log`."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(
                self.command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment}, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        assert self.child is not None, "it has not been started"
        return self.child.pid

    def runs(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def kill(self) -> None:
        """kill -9 of the whole group, so that nothing of it goes on."""
        self._end(signal.SIGKILL, PATIENCE)

    def freeze(self) -> None:
        """Nothing of it runs until `go_on`."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, how: signal.Signals) -> None:
        if self.runs():
            os.killpg(self.pid, how)

    def stop(self) -> int:
        """A polite stop. Returns its exit code."""
        assert self.child is not None, "it has not been started"
        if self.runs():
            self.child.send_signal(signal.SIGTERM)
            try:
                return self.child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.child.returncode

    def _end(self, how: signal.Signals, within: float) -> None:
        assert self.child is not None, "it has not been started"
        if self.child.poll() is None:
            os.killpg(self.child.pid, how)
        self.child.wait(within)

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


@dataclass
class Machine:
    """Processes by name, all ended at the end, whatever happens."""

    folder: Path
    environment: Mapping[str, str]
    processes: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> Process:
        process = self.processes[name] = Process(command, self.environment, self.folder / f"{name}.log")
        process.start()
        return process

    def run(self, *command: str) -> str:
        """Run to its end. Raises AssertionError with what it said when it fails."""
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **self.environment},
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def explained(self) -> Iterator[None]:
        """When the block fails, the last words of every process are printed."""
        try:
            yield
        except BaseException:
            for name, process in self.processes.items():
                sys.stdout.write(f"--- {name}\n{process.tail()}\n")
            raise

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self.processes.values():
            if process.runs():
                process.kill()
