"""Processes whose wall clock is stepped while they run, each by a file of its own (stepped_clock.c).

Not libfaketime: it also takes over the calls that wait, and with its 0.9.10 CPython's `time.sleep` fails with EINVAL and
threads hang in `pthread_cond_timedwait`.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("stepped_clock.c")


def build_library(folder: Path) -> tuple[str, str]:
    """The library's path; or "" and why there is none."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return "", "there is no C compiler here (apt-get install gcc libc6-dev)"
    library = folder / "stepped_clock.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (str(library), "") if done.returncode == 0 else ("", done.stderr.strip().splitlines()[-1])


class SteppedClock:
    def __init__(self, library: str, file: Path) -> None:
        self._file = file
        file.write_bytes(struct.pack("=q", 0))
        self.environment = {"LD_PRELOAD": library, "STEPPED_CLOCK": str(file)}

    def step(self, seconds: int) -> None:
        """So far from the machine's clock, from now on."""
        with self._file.open("r+b") as opened:  # in place: it is mapped into the memory of a process
            opened.write(struct.pack("=q", seconds))
