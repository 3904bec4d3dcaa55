from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from tests.e2e.support import PATIENCE, until
from tests.machine.conftest import InChild

from warmline.machine.processes import Processes

POLITE = """
import signal, sys, time
def end(*_):
    print("bye")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("hello", flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("no", flush=True)
time.sleep(600)
"""


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def line(said: list[str], text: str) -> Callable[[], bool]:
    return lambda: any(text in each for each in said)


def lives(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_names_every_line_and_stops_cleanly_when_asked() -> None:
    said: list[str] = []
    with Processes(said.append) as processes:
        processes.start("web", python(POLITE))
        processes.start("engine", python(POLITE))
        assert processes.run(until=lambda: len(said) == 2)
        os.kill(os.getpid(), signal.SIGTERM)
        assert not processes.run()
    assert sorted(said[:2]) == ["engine   | hello", "web      | hello"]
    assert sorted(said[2:]) == ["engine   | bye", "web      | bye"]


def test_starts_a_crashed_child_again_each_time_later() -> None:
    said: list[str] = []
    with Processes(said.append) as processes:
        processes.start("engine", python("import sys; print('up'); sys.exit(3)"))
        assert processes.run(until=line(said, "in 2 s"))
    assert said == [
        "engine   | up",
        "warmline | engine ended by itself (exit code 3); starting it again in 1 s",
        "engine   | up",
        "warmline | engine ended by itself (exit code 3); starting it again in 2 s",
    ]


def test_names_the_signal_that_ended_a_child_and_kills_what_the_child_left() -> None:
    said: list[str] = []
    worker = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    with Processes(said.append) as processes:
        processes.start("web", python(f"import os; print(os.getpid(), flush=True); {worker}"))
        processes.run(until=lambda: len(said) == 2)
        parent, child = (int(each.rpartition(" ")[2]) for each in said)
        os.kill(parent, signal.SIGKILL)
        assert processes.run(until=line(said, "web was ended by SIGKILL; starting it again in 1 s"))
        until(lambda: not lives(child), PATIENCE, "it ends")  # a moment after the signal


def test_kills_a_child_that_does_not_stop() -> None:
    said: list[str] = []
    with Processes(said.append, patience=0.2) as processes:
        processes.start("engine", python(STUBBORN))
        processes.run(until=line(said, "no"))
    assert said[-1] == "warmline | engine did not stop in time and will be killed"


def test_a_second_signal_kills_at_once() -> None:
    said: list[str] = []
    with Processes(said.append) as processes:
        processes.start("engine", python(STUBBORN))
        processes.run(until=line(said, "no"))
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        assert not processes.run()
    assert said[-1] == "warmline | engine did not stop in time and will be killed"


def test_a_program_that_is_not_there_is_named() -> None:
    said: list[str] = []
    with Processes(said.append) as processes:
        processes.start("web", ["/no/such/program"])
        processes.run(until=line(said, "in 1 s"))
    assert said[0] == "web      | Could not start /no/such/program: No such file or directory"


def test_handlers_are_as_before_afterwards_and_an_ignored_hang_up_stays_ignored() -> None:
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    terminate = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with Processes(print):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, hang_up)
        signal.signal(signal.SIGTERM, terminate)


def test_children_end_when_the_supervisor_is_killed(in_child: InChild) -> None:
    supervisor = in_child(
        "from warmline.machine.processes import Processes\n"
        "with Processes(lambda text: print(text, flush=True)) as processes:\n"
        "    processes.start('engine', ['/bin/sh', '-c', 'echo $$; exec sleep 600'])\n"
        "    processes.run()\n"
    )
    assert supervisor.stdout
    child = int(supervisor.stdout.readline().rpartition(" ")[2])
    assert lives(child)
    supervisor.kill()
    until(lambda: not lives(child), PATIENCE, "it ends with its supervisor")
    supervisor.communicate()
