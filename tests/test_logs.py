"""What the program logs when something fails."""

from __future__ import annotations

import subprocess
import sys

FAILS = """
import structlog
from warmline.logs import plain_logs
plain_logs()
auth_token = "hunter2-very-secret"
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger().exception("it.failed", touch="7")
"""


def test_a_logged_failure_shows_where_it_happened_and_no_value_of_any_variable() -> None:
    done = subprocess.run([sys.executable, "-c", FAILS], capture_output=True, text=True, check=True)

    assert "it.failed" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "touch=7" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
