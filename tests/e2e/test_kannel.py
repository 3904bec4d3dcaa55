"""Texts through a real Kannel and its fakesmsc, with the real web and engine: out, reported, answered, and stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.builders import TUESDAY
from tests.far_ends.kannel import SECRET, Kannel

from .house import House, Person, a_house
from .support import PATIENCE, WARMLINE, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    """Made, so that its ports are known; started when the house is, which lives on a clock of its own."""
    kannel = Kannel(tmp_path_factory.mktemp("kannel"), says_when=False)
    try:
        yield kannel
    finally:
        kannel.stop()


@pytest.fixture(scope="module")
def house(server: str, tmp_path_factory: pytest.TempPathFactory, kannel: Kannel) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("kannel-house")
    with a_house(server, folder, TUESDAY, sms=kannel.settings, secrets=kannel.environment) as house:
        kannel.start(f"{house.url}/hooks/sms/{SECRET}")
        yield house


def test_a_text_arrives_is_reported_and_a_stop_ends_it_with_one_confirmation(
    house: House, kannel: Kannel, ann: Person
) -> None:
    lead = house.lead("pricing", ann.form())
    house.happens(lead, "touch.delivered")
    [text] = kannel.to(ann.phone)
    assert text.startswith("Hi Ann, ")
    story = house.why(lead)
    assert story.touches()[("ack", "sms")][0] == "delivered"
    assert story.line("touch.sent")["touch"]["body"] == text

    kannel.carrier(ann.phone, "STOP")
    house.happens(lead, "opted.out")
    until(lambda: len(kannel.to(ann.phone)) == 2, PATIENCE, "the confirmation")
    story = house.why(lead)
    assert story.status == "opted_out"
    assert story.suppressed() == {("person", lead, "opted_out"), ("address", ann.phone, "opted_out")}
    assert kannel.to(ann.phone)[1] == story.line("keyword.answered")["data"]["text"]
    assert kannel.to(ann.phone)[1].startswith("Acme Roofing: You are opted out")

    kannel.carrier(ann.phone, "stop")  # again, and in another spelling
    house.happens(lead, "opted.out", times=2)
    house.pass_time(timedelta(days=4))
    house.rests()
    kannel.settle()
    assert len(kannel.to(ann.phone)) == 2
    assert house.why(lead).kinds("keyword.answered") == ["keyword.answered"]


def test_help_is_answered_once_and_is_no_reply(house: House, kannel: Kannel, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    house.happens(lead, "touch.delivered")
    kannel.carrier(ann.phone, "HELP")
    until(lambda: len(kannel.to(ann.phone)) == 2, PATIENCE, "the answer")
    kannel.carrier(ann.phone, "HELP")
    house.happens(lead, "help.asked", times=2)
    kannel.settle()
    assert [text for text in kannel.to(ann.phone) if "a person answers" in text] == [
        house.why(lead).line("keyword.answered")["data"]["text"]
    ]
    assert house.status(lead) == "open"


def test_a_stop_that_comes_while_the_web_is_down_waits_for_it(house: House, kannel: Kannel, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    house.happens(lead, "touch.delivered")
    web = house.machine.processes["web"]
    web.kill()
    kannel.carrier(ann.phone, "STOP")
    web.start()
    house.happens(lead, "opted.out")
    until(lambda: len(kannel.to(ann.phone)) == 2, PATIENCE, "the confirmation")
    assert house.status(lead) == "opted_out"


def test_a_killed_smsbox_loses_nothing_and_doubles_nothing(house: House, kannel: Kannel) -> None:
    people = [Person() for _ in range(20)]
    kannel.processes["smsbox"].kill()
    leads = {person.phone: house.lead("pricing", person.form()) for person in people}
    tried = "select count(*) from touches where status = 'queued' and tries >= 1"
    until(lambda: house.count(tried) >= len(people), PATIENCE, "every text has met the closed door")
    assert not any(kannel.to(phone) for phone in leads)
    kannel.start_smsbox()
    house.pass_time(timedelta(minutes=2))
    for lead in leads.values():
        house.happens(lead, "touch.delivered")
    kannel.settle()
    assert {phone: len(kannel.to(phone)) for phone in leads} == dict.fromkeys(leads, 1)
    assert house.count("select count(*) from touches where status = 'unknown'") == 0


def test_the_secret_of_the_address_is_in_no_log_and_in_no_quarantine(house: House) -> None:
    assert house.ask("GET", f"/hooks/sms/{SECRET}/dlr?st=1").status == 200
    assert house.ask("GET", f"/hooks/sms/{SECRET}/elsewhere").status == 200
    assert house.ask("GET", f"/hooks/sms/{SECRET[:-1]}x/dlr?st=1").status == 403
    kept = house.conn.execute("select door, context::text from quarantine where door like 'hook:sms/%'").fetchall()
    assert {door for door, _ in kept} == {"hook:sms/***/dlr", "hook:sms/***/elsewhere"}
    logs = "".join(process.log.read_text() for process in house.machine.processes.values())
    listed = house.machine.run(*WARMLINE, "quarantine", "list")
    assert SECRET not in "".join(context for _, context in kept) + logs + listed
