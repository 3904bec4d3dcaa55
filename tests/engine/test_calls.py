"""What the engine asks of the providers of calls, over a real connection, when callbacks were lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import Any

import psycopg
import pytest

from tests.builders import a_workspace, starter_files, story
from tests.far_ends.ports import closed_port
from tests.far_ends.voice import VoiceProvider, serve_voice
from tests.intake.line import NOW, SID, Line, open_call
from tests.intake.test_acts import a_lead_to_call
from warmline.channels import build_dialer
from warmline.channels.secrets import resolve
from warmline.engine import calls as engine_calls
from warmline.engine.calls import ask_about_calls
from warmline.engine.catalog import Catalog
from warmline.intake.lost_calls import MOST
from warmline.store.workspaces import Workspace

ACCOUNT, TOKEN = "AC" + "a" * 32, "token-of-tests"
CHILD = "CA" + "c" * 32
ENVIRON = {"VOICE_TOKEN": TOKEN}


@pytest.fixture
def voice() -> Iterator[VoiceProvider]:
    provider = VoiceProvider(ACCOUNT, TOKEN)
    with serve_voice(provider):
        yield provider


def table(base_url: str) -> dict[str, Any]:
    return {
        "provider": "twilio", "account_sid": ACCOUNT, "auth_token": "env:VOICE_TOKEN", "from": "+15005550006",
        "base_url": base_url, "rate": 100,
    }  # fmt: skip


def published(conn: psycopg.Connection, options: dict[str, Any] | None) -> Workspace:
    """The starter workspace, its calls through this provider, or through none."""
    lines = ["[channels.call]", *(f"{name} = {json.dumps(value)}" for name, value in (options or {}).items()), "", ""]
    ours = "\n".join(lines) if options else ""
    toml = re.sub(r"\[channels\.call\][^\[]*", ours, starter_files()["warmline.toml"])
    return a_workspace(conn, {"warmline.toml": toml})


@pytest.fixture
def line(conn: psycopg.Connection, voice: VoiceProvider) -> Line:
    """The lead's phone rings through Twilio, and nothing more was heard of it."""
    options = table(voice.base_url)
    workspace = published(conn, options)
    lead = a_lead_to_call(conn, workspace)
    dialer = build_dialer(options, partial(resolve, environ=ENVIRON), "http://127.0.0.1:8000", {})
    line = Line(conn, workspace, lead, dialer)
    line.press(open_call(conn, lead))
    line.connect()
    line.loses()
    return line


def ask(line: Line, environ: dict[str, str] = ENVIRON) -> int:
    return ask_about_calls(line.conn, Catalog(line.conn), environ, lambda: NOW)


def last_end(line: Line) -> dict[str, Any]:
    return [data for kind, data in line.told() if kind == "call.ended"][-1]


def test_a_talk_whose_callbacks_were_all_lost_ends_as_it_did(line: Line, voice: VoiceProvider) -> None:
    voice.knows(SID, "completed", seconds=320)
    voice.knows(CHILD, "completed", parent=SID, seconds=300, answered_by="human")
    assert ask(line) == 1
    assert ask(line) == 0
    assert (line.call.status, line.call.outcome, line.call.seconds) == ("ended", "connected", 300)
    line.hear(line.their("ended", 300), line.rep("ended"))  # late, after all
    assert story(line.conn, line.lead).count("call.ended") == 1


def test_a_talk_that_goes_on_is_left_alone(line: Line, voice: VoiceProvider) -> None:
    voice.knows(SID, "in-progress")
    voice.knows(CHILD, "in-progress", parent=SID)
    assert ask(line) == 1
    assert ask(line) == 0
    assert (line.call.status, len(line.on_call())) == ("talking", 1)


def test_a_call_that_the_provider_does_not_know_is_given_up(line: Line, voice: VoiceProvider) -> None:
    assert ask(line) == 1
    assert (line.call.status, line.on_call()) == ("unknown", {})
    assert last_end(line)["how"] == "nothing more was heard of it, and Twilio knows no such call"


def test_a_provider_that_does_not_answer_is_waited_for_a_while_and_not_longer(
    line: Line, voice: VoiceProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_calls, "WITHIN", 0.3)
    voice.slow_by = 30
    began = monotonic()
    assert ask(line) == 1
    assert monotonic() - began < 10
    assert line.call.status == "unknown"
    assert "its provider did not say within 0.3 s" in last_end(line)["how"]


def test_many_that_are_lost_are_asked_about_together_and_never_more_than_a_few_at_once(
    line: Line, voice: VoiceProvider
) -> None:
    line.conn.execute(
        """
        insert into calls (lane, id, lead_id, workspace_id, task_id, rep, rep_phone, lead_phone, status, provider,
          provider_id, placed_at, lost_at, ask_at)
        select lane, gen_random_uuid(), lead_id, workspace_id, gen_random_uuid(), rep, rep_phone, lead_phone, 'ringing',
          provider, provider_id, placed_at, lost_at, ask_at from calls, generate_series(1, 2 * %s)
        """,
        (MOST,),
    )
    voice.knows(SID, "no-answer")
    voice.slow_by = 0.2
    assert [ask(line) for _ in range(4)] == [MOST, MOST, 1, 0]
    assert 1 < voice.most_at_once <= MOST
    assert line.conn.execute("select distinct status from calls").fetchall() == [("ended",)]


@pytest.mark.parametrize(
    ("options", "environ", "why"),
    [
        (None, ENVIRON, "its provider is no longer in warmline.toml"),
        ({"provider": "sandbox"}, ENVIRON, "calls go through sandbox now, and no longer through twilio"),
        (table("http://127.0.0.1:9"), {}, "the engine can't use its provider's account, as its log says"),
        (
            table(f"http://127.0.0.1:{closed_port()}"),
            ENVIRON,
            "Twilio could not be asked: No connection to the provider",
        ),
    ],
)
def test_where_nobody_can_be_asked_the_call_is_given_up_and_the_story_says_why(
    line: Line, options: dict[str, Any] | None, environ: dict[str, str], why: str
) -> None:
    published(line.conn, options)
    assert ask(line, environ) == 1
    assert line.call.status == "unknown"
    assert why in last_end(line)["how"]
