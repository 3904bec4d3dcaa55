"""Recordings: the page where people bring their voice, and the address at which providers hear it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.builders import a_workspace
from tests.sounds import a_voice
from tests.web.conftest import SECRET, Answer, make_place
from warmline.channels.voicemail.tokens import Heard, audio_url
from warmline.intake import recordings
from warmline.store.clock import real_now
from warmline.store.workspaces import Workspace
from warmline.web.ranges import ranged

SCRIPT = "personal-note"


@pytest.fixture
def recording(conn: psycopg.Connection, place: Workspace) -> UUID:
    """Sam's."""
    one, _ = recordings.record(conn, place, "sam", SCRIPT, a_voice(), "sam", real_now())
    return one.id


def bring(client: Any, person: str, content: bytes | None = None, template: str = SCRIPT) -> Any:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/recordings").content.decode())
    assert token is not None
    fields: dict[str, Any] = {"csrfmiddlewaretoken": token[1], "person": person, "template": template}
    if content is not None:
        fields["file"] = SimpleUploadedFile("note.wav", content)
    return client.post("/recordings/add", fields)


def address(heard: Heard, hours: float = 1, key: str = SECRET) -> str:
    return "/a/" + audio_url("", heard, real_now() + timedelta(hours=hours), key.encode()).removeprefix("/a/")


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_shows_every_spoken_script_in_each_persons_words(sign_in: Callable[..., Any], recording: UUID) -> None:
    page = sign_in("kim").get("/recordings").content.decode()
    assert page.count("this is Sam from Acme") >= 1
    assert "this is Jo from Acme" in page
    for script in (SCRIPT, "rebook-voicemail", "demo-voicemail", "call-note"):
        assert f'id="script-{script}"' in page
    assert f'src="/recordings/{recording}.wav"' in page
    assert "Lacks a voice" in page
    assert "Voicemail is a sandbox now" in page


def test_a_script_is_read_as_a_voicemail_also_where_its_template_goes_out_as_a_text_too(
    conn: psycopg.Connection, place: Workspace
) -> None:
    words = (
        '{% if touch.channel == "voicemail" %}Call me on {{ rep.phone | phone }}.{% else %}STOP to opt out.{% endif %}'
    )
    script = f"---\nangle: a person\n---\nThis is {{{{ rep.first_name }}}}. {words}\n"
    settings = conn.execute("select config_source from workspaces where id = %s", (place.id,)).fetchone()
    assert settings is not None
    a_workspace(conn, {"warmline.toml": settings[0], f"templates/{SCRIPT}.txt": script})
    [voice] = [one for one in recordings.voices(conn, place, SCRIPT) if one.person == "sam"]
    assert voice.words == "This is Sam. Call me on 555-010-4477."


def test_a_rep_brings_a_voice_and_hears_it(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    client = sign_in("sam")
    answer = bring(client, "sam", a_voice())
    assert (answer.status_code, answer["location"]) == (302, "/recordings?told=recorded")
    [voice] = [one for one in recordings.voices(conn, place, SCRIPT) if one.person == "sam"]
    assert voice.recording is not None
    assert voice.recording.made_by == "sam"
    heard = client.get(f"/recordings/{voice.recording.id}.wav")
    assert (heard.status_code, heard["content-type"]) == (200, "audio/wav")
    samples, rate = soundfile.read(io.BytesIO(heard.content))
    assert len(samples) / rate == pytest.approx(voice.recording.seconds, abs=0.01)


def test_a_rep_changes_only_their_own_and_a_manager_everybodys(sign_in: Callable[..., Any], recording: UUID) -> None:
    jo = sign_in("jo")
    assert bring(jo, "sam", a_voice()).status_code == 403
    assert bring(jo, "", a_voice()).status_code == 403
    assert jo.post(f"/recordings/{recording}/remove").status_code == 403
    kim = sign_in("kim")
    assert bring(kim, "", a_voice()).status_code == 302
    assert kim.post(f"/recordings/{recording}/remove").status_code == 302
    assert kim.post(f"/recordings/{recording}/remove").status_code == 422


@pytest.mark.parametrize(
    ("content", "said"),
    [(a_voice(3), "Say a little more"), (b"no sound", "no sound file that can be read"), (None, "Choose a file first")],
)
def test_what_is_not_fit_is_said_beside_the_form_and_not_kept(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace, content: bytes | None, said: str
) -> None:
    answer = bring(sign_in("kim"), "sam", content)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert page.index(said) > page.index(f'id="script-{SCRIPT}"')
    assert all(one.recording is None for one in recordings.voices(conn, place, SCRIPT))


def test_a_script_that_nobody_speaks_and_a_person_who_is_not_there_are_refused(sign_in: Callable[..., Any]) -> None:
    client = sign_in("kim")
    assert "No published playbook sends ack as a voicemail" in bring(client, "sam", a_voice(), "ack").content.decode()
    assert bring(client, "nobody", a_voice()).status_code == 422


def test_words_that_changed_since_are_told(
    sign_in: Callable[..., Any], conn: psycopg.Connection, recording: UUID
) -> None:
    conn.execute("update recordings set words = 'Something else' where id = %s", (recording,))
    assert "The words have changed since it was recorded" in sign_in("kim").get("/recordings").content.decode()


def test_nobody_hears_a_recording_of_another_workspace(
    sign_in: Callable[..., Any], conn: psycopg.Connection, recording: UUID
) -> None:
    other = make_place(conn)
    client = sign_in("kim", other)
    assert client.get(f"/recordings/{recording}.wav").status_code == 404
    assert client.post(f"/recordings/{recording}/remove").status_code == 422


# --- the door -------------------------------------------------------------------------------------------------------


def test_a_provider_hears_it_at_its_address_without_a_session(
    call: Callable[..., Answer], place: Workspace, recording: UUID
) -> None:
    answer = call("GET", address(Heard(place.id, recording)))
    assert (answer.status, answer.headers["content-type"]) == (200, "audio/wav")
    assert soundfile.info(io.BytesIO(answer.body)).samplerate == 16_000
    head = call("HEAD", address(Heard(place.id, recording)))
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(answer.body)))
    part = call("GET", address(Heard(place.id, recording)), range="bytes=4-11")
    assert (part.status, part.body) == (206, answer.body[4:12])
    assert part.headers["content-range"] == f"bytes 4-11/{len(answer.body)}"


def test_an_address_that_is_over_changed_or_of_another_workspace_is_nothing(
    call: Callable[..., Answer], conn: psycopg.Connection, place: Workspace, recording: UUID
) -> None:
    good = address(Heard(place.id, recording))
    wrong = [
        address(Heard(place.id, recording), hours=-0.001),
        address(Heard(place.id, recording), key="another secret of at least so many"),
        address(Heard(make_place(conn).id, recording)),
        address(Heard(place.id, UUID(int=7))),
        good.replace(".wav", ".mp3"),
        good[:-6] + "aa.wav",
        "/a/",
        "/a/list.wav",
        "/a/../recordings",
    ]
    assert [call("GET", one).status for one in wrong] == [404] * len(wrong)
    assert call("POST", good).status == 405


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("", 200, b"0123456789", None),
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=7-99", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-3", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=" + "9" * 400 + "-", 200, b"0123456789", None),
    ],
)
def test_a_range_is_given_as_it_was_asked(asked: str, status: int, body: bytes, told: str | None) -> None:
    part = ranged(b"0123456789", asked)
    assert (part.status, part.body, part.headers.get("content-range")) == (status, body, told)
