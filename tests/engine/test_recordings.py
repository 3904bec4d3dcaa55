"""A voicemail plays the owner's recording, else everybody's; without one it is held, and it is said whose is missing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, starter_files, without_sam
from tests.engine.hands import SECRET, Hands
from tests.sounds import a_voice
from warmline.channels.voicemail.tokens import Heard, read_audio
from warmline.insight.story import story
from warmline.intake import recordings
from warmline.store.clock import real_now
from warmline.store.recordings import made
from warmline.store.workspaces import Workspace, load

BOOK = """
name: Note
enroll: {{when: 'event.kind == "form.submitted" && event.form == "note"', rank: 80}}
owner: {{team: sales, by: round-robin}}
hand-off: {{on: [reply], act within: 10 minutes, else: escalate}}
steps:
  note: {{send: voicemail, {more}template: personal-note, at: now}}
after: close
"""
PROVIDER = """
[channels.voicemail]
provider = "dropcowboy"
key = "k"
secret = "env:DC"
hook_secret = "env:HOOK"
"""


def a_place(hands: Hands, *, more: str = "", provider: str = PROVIDER, sam_is_here: bool = True) -> Workspace:
    before, _, rest = starter_files()["warmline.toml"].partition("[channels.voicemail]")
    toml = before + provider + rest[rest.index("\n# People") :]
    toml = toml if sam_is_here else without_sam(toml)
    return a_workspace(hands.conn, {"playbooks/note.yaml": BOOK.format(more=more), "warmline.toml": toml})


def sam_leaves(hands: Hands) -> Workspace:
    workspace = a_place(hands, sam_is_here=False)
    hands.dispatcher.catalog.refresh()
    return workspace


def a_note(hands: Hands, workspace: Workspace, owner: str | None = "sam") -> UUID:
    lead = a_lead(hands.conn, workspace, owner=owner, phone="+12125550123")
    enrolled(hands.conn, workspace, "note", lead)
    return lead


def record(hands: Hands, workspace: Workspace, person: str) -> UUID:
    one, _ = recordings.record(hands.conn, workspace, person, "personal-note", a_voice(), "kim", hands.now)
    return one.id


def heard(hands: Hands, lead: UUID) -> Heard | None:
    """Which recording the drop that is ready now plays."""
    [one] = hands.prepare(lead)
    assert one.message.audio_url.startswith("http://127.0.0.1:8000/a/")
    return read_audio(one.message.audio_url.rpartition("/a/")[2], SECRET, real_now())


@pytest.mark.parametrize("owner", ["sam", "jo", None])
def test_the_owners_voice_is_played_and_else_the_one_for_everybody(hands: Hands, owner: str | None) -> None:
    workspace = a_place(hands)
    recorded = {"sam": record(hands, workspace, "sam"), "": record(hands, workspace, "")}
    lead = a_note(hands, workspace, owner)
    hands.tick(lead)
    assert heard(hands, lead) == Heard(workspace.id, recorded["sam" if owner == "sam" else ""])


def test_a_script_that_nobody_has_recorded_is_held_and_its_owner_is_asked(hands: Hands) -> None:
    workspace = a_place(hands)
    record(hands, workspace, "jo")
    lead = a_note(hands, workspace)
    hands.tick(lead)
    assert hands.one("select result, reason from decisions") == ("hold", "no_recording")
    assert hands.all("select id from touches") == []
    kind, owner, title = hands.one("select kind, owner, title from tasks")
    assert (kind, owner) == ("fix", "sam")
    assert title == "no recording of personal-note by Sam Rivera: record one on the page Recordings"


def test_the_next_channel_has_its_turn_when_nobody_has_recorded_the_script(hands: Hands) -> None:
    workspace = a_place(hands, more="or: sms, ")
    lead = a_note(hands, workspace)
    hands.tick(lead)
    assert hands.all("select channel from touches") == ["sms"]
    assert hands.one("select data from events where kind = 'touch.refused'")["reason"] == "no_recording"


def test_once_it_is_recorded_the_next_look_sends_it(hands: Hands) -> None:
    workspace = a_place(hands)
    lead = a_note(hands, workspace)
    hands.tick(lead)
    recording = record(hands, workspace, "sam")
    hands.now = hands.one("select due_at from enrollments")
    hands.tick(lead)
    assert heard(hands, lead) == Heard(workspace.id, recording)


def test_a_recording_that_is_taken_away_stops_what_is_queued(hands: Hands) -> None:
    workspace = a_place(hands)
    recording = record(hands, workspace, "sam")
    lead = a_note(hands, workspace)
    hands.tick(lead)
    recordings.unrecord(hands.conn, workspace, recording, hands.now)
    hands.dispatcher.catalog.refresh()
    assert hands.prepare(lead) == []
    assert hands.one("select status, reason from touches") == ("refused", "no_recording")


def test_the_voice_of_an_owner_who_has_left_is_not_played_and_the_one_for_everybody_is(hands: Hands) -> None:
    workspace = a_place(hands)
    record(hands, workspace, "sam")
    everybodys = record(hands, workspace, "")
    lead = a_note(hands, workspace)
    sam_leaves(hands)
    hands.tick(lead)
    assert heard(hands, lead) == Heard(workspace.id, everybodys)


def test_a_note_of_an_owner_who_has_left_waits_for_a_voice_and_whoever_is_there_is_told_why(hands: Hands) -> None:
    workspace = a_place(hands)
    record(hands, workspace, "sam")
    lead = a_note(hands, workspace)
    workspace = sam_leaves(hands)
    why = "no recording of personal-note for everybody, and the lead's owner sam has left"
    [coming] = [one for one in story(hands.conn, workspace, lead, TUESDAY).coming if one.what == "reach"]
    assert coming.words == f"note by voicemail waits: {why}"
    hands.tick(lead)
    assert hands.all("select id from touches") == []
    kind, owner, title = hands.one("select kind, owner, title from tasks")
    assert (kind, owner, title) == ("fix", None, f"{why}: record one on the page Recordings")


def test_an_owner_who_leaves_while_a_note_is_queued_is_not_heard(hands: Hands) -> None:
    workspace = a_place(hands)
    record(hands, workspace, "sam")
    lead = a_note(hands, workspace)
    hands.tick(lead)
    sam_leaves(hands)
    assert hands.prepare(lead) == []
    assert hands.one("select status, reason from touches") == ("refused", "no_recording")


def test_the_sandbox_takes_the_words_and_needs_no_recording(hands: Hands) -> None:
    workspace = a_place(hands, provider='[channels.voicemail]\nprovider = "sandbox"\n')
    lead = a_note(hands, workspace)
    hands.tick(lead)
    [one] = hands.prepare(lead)
    assert one.message.audio_url == ""
    assert "Sam" in one.message.text


def test_what_comes_next_tells_whose_recording_is_missing(hands: Hands) -> None:
    workspace = a_place(hands)
    lead = a_note(hands, workspace)
    told: Any = story(hands.conn, workspace, lead, TUESDAY)
    [coming] = [one for one in told.coming if one.what == "reach"]
    assert (coming.rule, coming.result) == ("no_recording", "hold")
    assert coming.words == "note by voicemail waits: no recording of personal-note by Sam Rivera"
    record(hands, workspace, "sam")
    [coming] = [one for one in story(hands.conn, workspace, lead, TUESDAY).coming if one.what == "reach"]
    assert coming.result == "allow"


def test_engines_learn_of_a_recording_by_the_workspaces_version(hands: Hands) -> None:
    workspace = a_place(hands)
    hands.dispatcher.catalog.site(workspace.id, hands.now)
    record(hands, workspace, "sam")
    assert load(hands.conn, workspace.id).config_version == workspace.config_version + 1
    assert hands.dispatcher.catalog.refresh() == {workspace.id}
    assert hands.dispatcher.catalog.site(workspace.id, hands.now).recordings.made == made(hands.conn, workspace.id)
