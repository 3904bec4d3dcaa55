"""Start a program so that it ends when its parent does: `python -m warmline.machine.leash PARENT COMMAND...`.

On Linux the kernel sends SIGTERM to the program when the process that started it dies, however it dies. The program
gets to end cleanly. Elsewhere there is no such call, and the program is started plainly.

It is a program of its own, which turns into the command, because Python code between fork and exec (`preexec_fn`) may
hang in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM when our parent ends. Ends now when the parent, `parent`, is already gone."""
    if platform.system() == "Linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        raise SystemExit("The process that started this one has ended, so this one does not start.")


def on_a_leash(command: list[str]) -> list[str]:
    """The command, to be started by this process, so that it ends when this process does."""
    return [sys.executable, "-m", "warmline.machine.leash", str(os.getpid()), *command]


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - turning into the command is the point
    except OSError as problem:
        raise SystemExit(f"Could not start {sys.argv[2]}: {problem.strerror}") from None
