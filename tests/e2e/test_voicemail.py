"""Ringless voicemail from a form to the mailbox: real web, engine and database, and the provider in its documented shape."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.builders import TUESDAY
from tests.far_ends.ringless import Drop
from tests.sounds import a_voice

from .house import Answer, House, Person, a_house
from .support import PATIENCE, until

pytestmark = pytest.mark.slow

PLAYBOOK = """
name: A note first
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 97}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply], act within: 10 minutes, else: escalate}
steps:
  note:  {send: voicemail, template: personal-note, at: now}
  nudge: {send: sms, template: nudge, at: 'day 2, 10:00'}
after: close
"""
HOOK = "a-path-that-nobody-can-guess"
TABLES = {
    "dropcowboy": 'key = "k-1"\nsecret = "a secret"',
    "slybroadcast": 'user = "sam@acme.test"\npassword = "a secret"\nfrom = "+16173999982"',
}
#: Seconds that each rep speaks, so that it can be heard whose voice was played.
VOICES = {"sam": 8.0, "jo": 10.0}


@pytest.fixture(scope="module", params=sorted(TABLES))
def house(request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    table = f'provider = "{request.param}"\n{TABLES[request.param]}\nhook_secret = "{HOOK}"\nbase_url = "{{url}}"\ntimeout = 1'
    folder: Path = tmp_path_factory.mktemp(str(request.param))
    with a_house(server, folder, TUESDAY, {"playbooks/note-first.yaml": PLAYBOOK}, voicemail=table) as house:
        for person, seconds in VOICES.items():
            file = folder / f"{person}.wav"
            file.write_bytes(a_voice(seconds))
            house.warmline("recordings", "add", str(file), "--person", person, "--template", "personal-note")
        yield house


@pytest.fixture
def ann() -> Person:
    return Person()


def the_drop(house: House, phone: str) -> Drop:
    until(lambda: house.far.ringless.drops_to(phone), PATIENCE, f"a drop for {phone}")
    return house.far.ringless.drops_to(phone)[0]


def tell(house: House, drop: Drop, status: Any, **more: object) -> Answer:
    """What became of it, told to the address that came with the drop."""
    content_type, body = drop.result(status, **more)
    return house.ask("POST", urlsplit(drop.callback_url).path, body, content_type=content_type)


def test_the_reps_own_voice_is_fetched_and_the_story_tells_that_it_arrived(house: House, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    drop = the_drop(house, ann.phone)
    owner = house.why(lead).told["lead"]["owner"]
    assert house.far.hear(drop) == pytest.approx(VOICES[owner], abs=0.5)
    house.happens(lead, "touch.sent")

    answer = tell(house, drop, "success")
    assert (answer.status, answer.body) == (200, b"OK" if drop.provider == "slybroadcast" else b"ok\n")
    assert tell(house, drop, "success").status == 200
    assert tell(house, drop, "failure", reason="Told late").status == 200
    house.rests()
    story = house.why(lead)
    assert story.kinds("touch.sent", "touch.delivered", "touch.failed") == ["touch.sent", "touch.delivered"]
    assert story.line("touch.delivered")["data"]["network"] == "Example Wireless"
    assert story.touches()[("note", "voicemail")] == ("delivered", "")
    assert story.line("touch.sent")["touch"]["provider_id"] == drop.id
    assert len(house.far.ringless.drops_to(ann.phone)) == 1


@pytest.mark.parametrize("house", ["dropcowboy"], indirect=True)  # Slybroadcast's results have no such mark
def test_a_wish_for_no_more_contact_ends_everything(house: House, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    drop = the_drop(house, ann.phone)
    house.happens(lead, "touch.sent")
    assert tell(house, drop, "failure", reason="DNC", dnc=True).status == 200
    assert tell(house, drop, "failure", reason="DNC", dnc=True).status == 200
    house.rests()
    story = house.why(lead)
    assert story.status == "opted_out"
    assert story.kinds("opted.out") == ["opted.out"]
    assert story.touches()[("note", "voicemail")] == ("failed", "opted_out")
    assert {("person", lead), ("address", ann.phone)} <= {(scope, value) for scope, value, _ in story.suppressed()}
    house.pass_time(timedelta(days=2))
    house.rests()
    assert house.far.texts_to(ann.phone) == []
    assert len(house.far.ringless.drops_to(ann.phone)) == 1


def test_a_drop_without_an_answer_is_shown_to_a_person_and_never_repeated(house: House, ann: Person) -> None:
    house.far.ringless.fates[ann.phone] = "silent"
    lead = house.lead("pricing", ann.form())
    drop = the_drop(house, ann.phone)
    # The lease of a hand-over is a minute; after a time-out it is the quarter of one after which the provider is asked.
    asking = (
        "select count(*) from touches where lead_id = %s and status = 'sending'"
        " and leased_until < now() + interval '16 seconds'"
    )
    until(lambda: house.count(asking, lead), PATIENCE, "the time-out is written down")
    # The engine asks for a minute and a half before it gives up; that time has passed now.
    house.conn.execute(
        "update touches set handed_at = now() - interval '5 minutes', leased_until = now() - interval '1 second'"
        " where lead_id = %s",
        (lead,),
    )
    house.happens(lead, "touch.unknown")
    house.pass_time(timedelta(hours=5))
    house.rests()
    story = house.why(lead)
    assert story.touches()[("note", "voicemail")][0] == "unknown"
    assert "unknown" in story.tasks()
    assert len(house.far.ringless.drops_to(ann.phone)) == 1

    assert tell(house, drop, "success").status == 200
    house.rests()
    story = house.why(lead)
    assert story.touches()[("note", "voicemail")][0] == "delivered"
    assert "unknown" not in story.tasks()
    assert len(house.far.ringless.drops_to(ann.phone)) == 1


def test_a_strangers_callback_changes_nothing(house: House, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    drop = the_drop(house, ann.phone)
    house.happens(lead, "touch.sent")
    content_type, body = drop.result("failure")
    path = urlsplit(drop.callback_url).path
    guessed = house.ask("POST", path.replace(HOOK, "a-path-that-somebody-guessed"), body, content_type=content_type)
    assert guessed.status == 403
    quarantined = "select count(*) from quarantine where door like 'hook:voicemail/%%'"
    before = house.count(quarantined)
    assert house.ask("POST", path, b"var=x&{", content_type=content_type).status == 200
    assert house.count(quarantined) == before + 1
    kept = house.conn.execute(b"select string_agg(door || context::text, '') from quarantine").fetchone()
    assert kept is not None
    assert HOOK not in kept[0]
    assert house.why(lead).touches()[("note", "voicemail")][0] == "sent"
