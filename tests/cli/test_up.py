"""`warmline up` for real: processes, ports, a lead, a stop, a second start."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders import starter_files
from tests.cli.conftest import Run
from tests.cli.test_check import spoil
from tests.e2e.support import PATIENCE, until
from tests.far_ends.ports import closed_port
from warmline.cli.first_lead import curl_line
from warmline.cli.say import CommandError
from warmline.cli.up import answers, public_url, require_sandbox
from warmline.core.settings import Config, parse_settings
from warmline.machine.postgres import Postgres

PROVIDER = 'provider = "sandbox"\nfrom = "+15550104400"\nrate = 10'


#: Seconds: what `up` itself gives its children and then PostgreSQL before it kills them.
STOPS_WITHIN = 30 + 120 + 15 + 5


def config(old: str = "", new: str = "") -> Config:
    text = starter_files()["warmline.toml"]
    assert old in text
    settings = parse_settings(text.replace(old, new, 1))
    assert settings.config is not None, settings.problems
    return settings.config


def test_a_faster_clock_is_refused_for_a_real_provider() -> None:
    twilio = 'provider = "twilio"\naccount_sid = "AC0"\nauth_token = "env:T"\nfrom = "+15550104400"\nrate = 10'
    with pytest.raises(CommandError, match=r"\[channels.sms\] goes to twilio, a real provider"):
        require_sandbox(config(PROVIDER, twilio))


def test_a_faster_clock_is_allowed_for_sandboxes_and_stand_ins_on_this_machine() -> None:
    stand_in = 'provider = "twilio"\nbase_url = "http://127.0.0.1:4010"\nfrom = "+15550104400"\nrate = 10'
    require_sandbox(config())
    require_sandbox(config(PROVIDER, stand_in))


def test_a_faster_clock_is_refused_for_a_far_end_that_only_looks_like_this_machine() -> None:
    far = 'provider = "twilio"\nbase_url = "http://127.0.0.1.example.com"\nfrom = "+15550104400"\nrate = 10'
    with pytest.raises(CommandError):
        require_sandbox(config(PROVIDER, far))


def test_a_call_that_hears_its_own_words_is_no_answer() -> None:
    # What happens where nobody listens yet and the system gives the caller the very port that it calls.
    with socket.create_server(("127.0.0.1", 0)) as echo:

        def repeat() -> None:
            heard, _ = echo.accept()
            with heard:
                heard.sendall(heard.recv(1000))

        caller = threading.Thread(target=repeat)
        caller.start()
        assert not answers(echo.getsockname()[1])
        caller.join()


def test_an_address_of_this_machine_follows_the_port_and_a_public_one_stays() -> None:
    assert public_url(config(), "http://127.0.0.1:8001") == "http://127.0.0.1:8001"
    public = config('public_url = "http://127.0.0.1:8000"', 'public_url = "https://acme.test"')
    assert public_url(public, "http://127.0.0.1:8001") == "https://acme.test"


def test_the_ready_made_line_uses_the_fields_of_the_first_source_and_ticks_its_boxes() -> None:
    words = shlex.split(curl_line(config(), "http://127.0.0.1:8000"))
    assert words[0] == "curl"
    assert words[-1] == "http://127.0.0.1:8000/in/pricing"
    assert "phone_number=%2B12125550142" in words
    assert "agree=yes" in words


def test_the_ready_made_line_presents_the_key_without_showing_it() -> None:
    line = curl_line(config('form = "pricing"', 'form = "pricing"\nkey = "env:FORM_KEY"'), "http://x")
    assert '-H "X-Warmline-Key: $FORM_KEY"' in line


def test_a_folder_with_errors_starts_nothing(run: Run, acme: Path) -> None:
    spoil(acme / "warmline.toml", "America/New_York", "America/New_Yrok")
    said = run("up", acme, "--no-open")
    assert said.code == 1
    assert "warmline.toml:6:" in said.err
    assert not (acme / ".warmline").exists()


def test_speed_with_a_real_provider_starts_nothing(run: Run, acme: Path) -> None:
    spoil(acme / "warmline.toml", 'provider = "sandbox"', 'provider = "twilio"')
    said = run("up", acme, "--no-open", "--speed", "100")
    assert said.code == 1
    assert "leave out --speed" in said.err
    assert not (acme / ".warmline").exists()


@contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """`warmline up`, ready; its lines up to then. Ended in any case."""
    command = [sys.executable, "-m", "warmline.cli", "up", str(folder), "--no-open", *options]
    process = subprocess.Popen(
        command, env=alone(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    lines: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if lines[-1] == "Stop: Ctrl-C":
                break
        assert lines, "it said nothing"
        assert lines[-1] == "Stop: Ctrl-C", "\n".join(lines)
        yield process, lines
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=STOPS_WITHIN)


def alone() -> dict[str, str]:
    """The environment without what would lead to another database or key."""
    return {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "WARMLINE_SECRET")}


def kill_database(folder: Path) -> None:
    pid = (folder / ".warmline/postgres/cluster/postmaster.pid").read_text().splitlines()[0]
    os.kill(int(pid), signal.SIGKILL)


@contextmanager
def no_start_possible(folder: Path) -> Iterator[None]:
    settings = folder / ".warmline/postgres/cluster/postgresql.conf"
    settings.rename(settings.with_suffix(".away"))
    try:
        yield
    finally:
        settings.with_suffix(".away").rename(settings)


def wait_until_it_is_back(folder: Path) -> None:
    server = Postgres(folder / ".warmline/postgres")
    until(server.is_running, PATIENCE, "the database is back")


def stopped(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=STOPS_WITHIN)
    assert process.returncode == 0, said
    return said


def warmline(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "warmline.cli", *arguments, "--dir", str(folder)]
    done = subprocess.run(command, env=alone(), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Where the account that runs PostgreSQL may go too; pytest's own folders are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="wl-up-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_up_answers_a_first_lead_stops_cleanly_and_goes_on_from_there(open_folder: Path) -> None:
    folder = open_folder / "acme"
    with socket.socket() as busy:
        port = closed_port()
        busy.bind(("127.0.0.1", port))
        busy.listen()
        with running(folder, "--port", str(port)) as (process, lines):
            assert any(line.startswith(f"Port {port} is taken, so this runs on ") for line in lines)
            url = next(line for line in lines if line.startswith("Warmline is running at")).split()[-1]
            assert url != f"http://127.0.0.1:{port}"
            curl = next(line for line in lines if line.startswith("  curl "))
            posted = subprocess.run(shlex.split(curl), capture_output=True, text=True, timeout=PATIENCE, check=True)
            lead = json.loads(posted.stdout)["lead"]
            told = wait_for(folder, lead, "touch.sent")
            assert told["lead"]["email"] == "ann@example.com"
            assert warmline(folder, "orphans") == "0\n"
            assert "Stopped. Everything accepted is kept" in stopped(process)
    secret = folder / ".warmline" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    key = secret.read_text()
    with running(folder, "--port", str(port)) as (process, lines):
        assert "Made a starter workspace" not in "\n".join(lines)
        second = subprocess.run(
            [sys.executable, "-m", "warmline.cli", "up", str(folder)],
            env=alone(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert second.returncode == 1
        assert f"is already run by process {process.pid}" in second.stderr
        kill_database(folder)
        assert process.stdout is not None
        assert any("PostgreSQL has ended by itself" in line for line in process.stdout)
        wait_until_it_is_back(folder)
        with no_start_possible(folder):
            kill_database(folder)
            assert any("Trying again in" in line for line in process.stdout)
        wait_until_it_is_back(folder)
        assert json.loads(warmline(folder, "why", lead, "--json"))["lead"]["id"] == lead
        stopped(process)
    assert secret.read_text() == key


def wait_for(folder: Path, lead: str, kind: str) -> dict[str, dict[str, str]]:
    """The lead's story, once `kind` has happened. Each look is a process of its own."""
    ends = time.monotonic() + PATIENCE
    while True:
        told: dict[str, dict[str, str]] = json.loads(warmline(folder, "why", lead, "--json"))
        if kind in [line["kind"] for line in told["lines"]]:  # type: ignore[index]
            return told
        assert time.monotonic() < ends, f"{kind} did not happen: {told['lines']}"
