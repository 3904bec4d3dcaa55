"""Prism on Twilio's own OpenAPI: it accepts a request of the right form and refuses any other. It knows no behaviour.

The document is spec/json/twilio_api_v2010.json of github.com/twilio/twilio-oai at d50069b (2026-04-14, MIT: twilio/LICENSE),
cut to messages and calls, with an `encoding` added for the parameters that are lists. Its errors are Prism's, not Twilio's, and
it does not know which of Twilio's parameters need each other.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.support import PATIENCE, Process, answers, until
from tests.far_ends.ports import closed_port

SPEC = Path(__file__).parent / "twilio" / "twilio_api_v2010.messages_calls.json"
PRISM = Path(sys.prefix) / "npm" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"


@dataclass(frozen=True)
class Prism:
    """`base_url` takes the place of https://api.twilio.com."""

    base_url: str


@contextmanager
def a_prism() -> Iterator[Prism]:
    """Started as node itself, not through npx: the process we hold is the server, and ends with the block."""
    node = shutil.which("node")
    assert node is not None, "Node is missing: ./run test installs it"
    assert PRISM.exists(), f"{PRISM} is missing: ./run test installs it"
    folder = Path(tempfile.mkdtemp(prefix="prism-"))
    port = closed_port()
    command = (node, str(PRISM), "mock", "-h", "127.0.0.1", "-p", str(port), str(SPEC))
    process = Process(command, {}, folder / "prism.log")
    try:
        process.start()
        url = f"http://127.0.0.1:{port}"
        until(lambda: answers(url), PATIENCE, lambda: f"Prism: {process.tail()}", every=0.2)
        yield Prism(url)
    finally:
        if process.runs():
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)
