"""warmline recordings: the same as the page, for those who type."""

from __future__ import annotations

import io
import json
from pathlib import Path

import soundfile

from tests.cli.conftest import Run
from tests.sounds import a_voice


def test_a_recording_is_added_listed_saved_and_removed(run: Run, acme: Path, tmp_path: Path) -> None:
    run("migrate")
    run("apply", acme)
    file = tmp_path / "note.wav"
    file.write_bytes(a_voice(9))
    added = run("recordings", "add", file, "--person", "sam", "--template", "personal-note", "--dir", acme)
    assert (added.code, added.out.split(".")[0]) == (0, "Recorded"), added.err
    listed = json.loads(run("recordings", "list", "--json", "--dir", acme).out)
    [note] = [one for one in listed if one["template"] == "personal-note"]
    have = {voice["person"]: voice["recording"] for voice in note["voices"]}
    assert [person for person, recording in have.items() if recording] == ["sam"]
    shown = run("recordings", "list", "--dir", acme).out
    assert "Everybody: none" in shown
    assert have["sam"]["id"] in shown

    target = tmp_path / "out.wav"
    assert run("recordings", "save", have["sam"]["id"], target, "--dir", acme).code == 0
    assert soundfile.info(io.BytesIO(target.read_bytes())).samplerate == 16_000
    again = run("recordings", "save", have["sam"]["id"], target, "--dir", acme)
    assert (again.code, "exists already" in again.err) == (1, True)

    assert run("recordings", "remove", have["sam"]["id"], "--dir", acme).code == 0
    gone = run("recordings", "remove", have["sam"]["id"], "--dir", acme)
    assert (gone.code, "not there any more" in gone.err) == (1, True)


def test_what_can_not_be_used_is_told_with_what_to_do(run: Run, acme: Path, tmp_path: Path) -> None:
    run("migrate")
    run("apply", acme)
    short, text = tmp_path / "short.wav", tmp_path / "text.wav"
    short.write_bytes(a_voice(3))
    text.write_text("Hello")
    for file, template, person, said in (
        (short, "personal-note", "sam", "Say a little more"),
        (text, "personal-note", "sam", "Bring WAV, MP3, FLAC or OGG"),
        (tmp_path / "nowhere.wav", "personal-note", "sam", "can't be read"),
        (short, "ack", "sam", "No published playbook sends ack as a voicemail. There are: back-voicemail"),
        (short, "personal-note", "bob", "There is no person bob. There are: sam, jo, kim"),
    ):
        answer = run("recordings", "add", file, "--person", person, "--template", template, "--dir", acme)
        assert answer.code == 1
        assert said in " ".join(answer.err.split())
