"""The child processes of `warmline up`: started, named in front of every line they print, restarted, stopped.

    with Processes(say=print) as processes:
        processes.start("web", [...])
        processes.start("engine", [...])
        if processes.run(until=web_answers):
            print("Ready")
            processes.run()

`run` looks after the children in the calling thread, which must be the main one (it handles signals) and must live as
long as they do (the kernel ends them with the thread that started them, see leash.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import IO, Any

from warmline.machine.leash import on_a_leash

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LOOK_EVERY = 0.05  # seconds
_FIRST_DELAY, _LONGEST_DELAY = 1.0, 60.0  # seconds before a crashed child is started again; doubles each time
_STEADY_AFTER = 60.0  # seconds a child must run for its next crash to count as the first
_SAY_EVERY = 5.0  # seconds between two lines while waiting for children to stop
_NAME_WIDTH = 8


@dataclass(slots=True)
class _Child:
    name: str
    command: list[str]
    environment: Mapping[str, str] | None
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    delay: float = _FIRST_DELAY
    reader: threading.Thread | None = field(default=None, repr=False)


class Processes:
    """Child processes and their supervisor. Leaving the `with` block stops all of them."""

    def __init__(self, say: Callable[[str], None], *, patience: float = 30.0) -> None:
        """`say` gets whole lines, the children's and ours. A child that takes `patience` seconds to stop is killed."""
        self._say_line = say
        self._patience = patience
        self._children: list[_Child] = []
        self._talking = threading.Lock()
        self._stops_asked = 0
        self._handlers_before: dict[int, Any] = {}

    def __enter__(self) -> Processes:
        for number in _STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup: somebody wants us to outlive the terminal
                self._handlers_before[number] = signal.signal(number, self._note_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            for number, handler in self._handlers_before.items():
                signal.signal(number, handler)

    def start(self, name: str, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        """Start a program under a name. `environment` replaces this process's own when given."""
        child = _Child(name, command, environment)
        self._children.append(child)
        self._spawn(child)

    def run(self, until: Callable[[], bool] | None = None) -> bool:
        """Look after the children until `until()` says True (returns True), or until SIGTERM, SIGINT or SIGHUP asks
        to stop: then stops them all and returns False."""
        while not self._stops_asked:
            for child in self._children:
                self._look_after(child)
            if until and until():
                return True
            time.sleep(_LOOK_EVERY)
        self.stop()
        return False

    def stop(self) -> None:
        """Ask every child to stop (SIGTERM) and wait; a second signal, or the end of the patience, kills them."""
        killed_at = 1  # signals so far; the first one only asks
        for child in self._children:
            if _runs(child):
                _signal(child, signal.SIGTERM)
        began = said = time.monotonic()
        while running := [child for child in self._children if _runs(child)]:
            names = " and ".join(child.name for child in running)
            if time.monotonic() - began > self._patience or self._stops_asked > killed_at:
                self._say("warmline", f"{names} did not stop in time and will be killed")
                for child in running:
                    _signal_group(child, signal.SIGKILL)
                began, killed_at = time.monotonic(), self._stops_asked
            elif time.monotonic() - said > _SAY_EVERY:
                said = time.monotonic()
                self._say("warmline", f"waiting for {names} to finish what is in flight (once more Ctrl-C to kill)")
            time.sleep(_LOOK_EVERY)
        for child in self._children:
            self._bury(child)
        self._children.clear()

    def _spawn(self, child: _Child) -> None:
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(
            on_a_leash(child.command),
            env=child.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            start_new_session=True,  # Ctrl-C reaches us only; we pass it on in our own order
        )
        child.reader = threading.Thread(target=self._repeat_lines, args=(child.name, child.process.stdout), daemon=True)
        child.reader.start()

    def _look_after(self, child: _Child) -> None:
        if _runs(child):
            return
        if child.process:
            how = _how_it_ended(child.process.returncode)
            steady = time.monotonic() - child.started_at >= _STEADY_AFTER
            child.delay = _FIRST_DELAY if steady else child.delay
            self._bury(child)
            self._say("warmline", f"{child.name} {how}; starting it again in {child.delay:.0f} s")
            child.start_again_at = time.monotonic() + child.delay
            child.delay = min(child.delay * 2, _LONGEST_DELAY)
        elif time.monotonic() >= child.start_again_at:
            self._spawn(child)

    def _bury(self, child: _Child) -> None:
        """Kill what the child left running (workers of a killed web server would keep its port), and hear it out."""
        if child.process is None:
            return
        _signal_group(child, signal.SIGKILL)
        if child.reader:
            child.reader.join(timeout=5)
        child.process = None

    def _repeat_lines(self, name: str, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self._say(name, line.rstrip("\n"))

    def _say(self, name: str, text: str) -> None:
        with self._talking:
            self._say_line(f"{name:<{_NAME_WIDTH}} | {text}")

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops_asked += 1


def _runs(child: _Child) -> bool:
    return child.process is not None and child.process.poll() is None


def _signal(child: _Child, number: signal.Signals) -> None:
    if child.process:
        child.process.send_signal(number)


def _signal_group(child: _Child, number: signal.Signals) -> None:
    if child.process is None:
        return
    try:
        os.killpg(child.process.pid, number)  # its session's group has its pid
    except ProcessLookupError:
        return  # nobody of the group is left, which is what was wanted
    except PermissionError:
        return  # macOS says this of a group of zombies only


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended by itself (exit code {code})"
