"""Calls for real: the web, the engine and a browser, with a provider that rings, presses keys and tells what happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page

from tests.builders import TUESDAY, starter_files
from tests.e2e.browser import AXE, a_browser, a_page, sign_in
from tests.e2e.house import ACCOUNT, OURS, TOKEN, House, Person, a_house
from tests.e2e.support import PATIENCE, until
from tests.far_ends.voice import VoiceProvider, serve_voice
from warmline.store import sign_ins
from warmline.store.clock import real_now

pytestmark = pytest.mark.slow

SAM = "+15550104477"


@dataclass
class Office:
    """A house whose calls go through `voice`, and the browser of Sam, who sits in it."""

    house: House
    voice: VoiceProvider
    do: Any
    page: Page

    def lead(self, person: Person) -> str:
        """Somebody asked for prices, and the call is Sam's to make."""
        lead = self.house.lead("pricing", person.form())
        self.house.happens(lead, "task.opened")
        self.house.conn.execute("update tasks set owner = 'sam' where lead_id = %s", (lead,))
        return lead

    def open_task(self, lead: str) -> None:
        row = self.house.conn.execute(
            "select lane, id from tasks where lead_id = %s and kind = 'call' and status = 'open'", (lead,)
        ).fetchone()
        assert row is not None
        self.page.goto(f"/tasks/{row[0]}/{row[1]}")

    def press(self, lead: str) -> None:
        self.open_task(lead)
        button = self.page.get_by_role("button", name="Call now")
        button.focus()
        self.page.keyboard.press("Enter")

    def outcome(self, lead: str) -> tuple[str, str]:
        row = self.house.conn.execute(
            "select status, outcome from tasks where lead_id = %s and kind = 'call' order by id limit 1", (lead,)
        ).fetchone()
        assert row is not None
        return str(row[0]), str(row[1])

    def is_done(self, lead: str, outcome: str) -> None:
        until(
            lambda: self.outcome(lead) == ("done", outcome),
            PATIENCE,
            lambda: f"{self.outcome(lead)}, {self.voice.answers}",
        )


@pytest.fixture(scope="module")
def rooms(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    voice = VoiceProvider(ACCOUNT, TOKEN)
    with serve_voice(voice) as do:
        settings = starter_files()["warmline.toml"] + _settings(voice)
        with (
            a_house(server, tmp_path_factory.mktemp("calls"), TUESDAY, {"warmline.toml": settings}) as house,
            a_browser() as browser,
        ):
            page = a_page(browser, house.url)
            sign_in(page, house.url, sign_ins.create(house.conn, 1, "sam", real_now()))
            yield Office(house, voice, do, page)


@pytest.fixture
def office(rooms: Office) -> Office:
    voice = rooms.voice
    voice.reps.clear()
    voice.placed.clear()
    voice.rang.clear()
    voice.answers.clear()
    voice.calls.clear()
    voice.doubled, voice.shuffled, voice.slow_by, voice.refuse, voice.mute = False, None, 0.0, 0, False
    return rooms


def _settings(voice: VoiceProvider) -> str:
    return f"""
[channels.call]
provider = "twilio"
account_sid = "{ACCOUNT}"
auth_token = "env:TWILIO_AUTH_TOKEN"
from = "{OURS}"
base_url = "{voice.base_url}"
timeout = 5
rate = 100
"""


def test_nobody_answers_and_three_quarters_of_an_hour_later_the_mail_goes(office: Office) -> None:
    ann = Person()
    lead = office.lead(ann)
    office.voice.doubled, office.voice.shuffled = True, 3
    office.press(lead)
    office.is_done(lead, "missed")
    office.page.get_by_text("This task is over").wait_for()
    assert office.voice.rang == [SAM, ann.phone]
    assert all(status == 200 for _, status, _ in office.voice.answers)
    sent = len(office.house.far.mails_to(ann.email))
    office.house.pass_time(timedelta(minutes=46))
    until(lambda: len(office.house.far.mails_to(ann.email)) > sent, PATIENCE, "the mail that follows a missed call")
    assert office.house.why(lead).kinds("call.ended", "task.done") == ["call.ended", "task.done"]


def test_what_became_of_a_call_is_asked_when_none_of_its_callbacks_comes(office: Office) -> None:
    ann = Person()
    lead = office.lead(ann)
    office.voice.mute = True
    office.press(lead)
    office.page.get_by_text("The lead's phone is ringing").wait_for()
    office.house.conn.execute("update calls set ask_at = now() where ask_at is not null")  # minutes without a word
    office.is_done(lead, "missed")
    assert office.house.why(lead).kinds("call.ended", "task.done") == ["call.ended", "task.done"]


def test_a_rep_whose_voicemail_takes_the_call_disturbs_no_lead(office: Office) -> None:
    ann = Person()
    lead = office.lead(ann)
    office.voice.reps[SAM] = "voicemail"
    office.press(lead)
    office.page.get_by_text("The attempt is not used up").wait_for()
    assert (office.voice.rang, office.outcome(lead)) == ([SAM], ("open", ""))


def test_after_a_talk_the_form_begins_with_it(office: Office) -> None:
    ann = Person()
    lead = office.lead(ann)
    office.voice.leads[ann.phone] = "human"
    office.press(lead)
    office.page.get_by_text("You talked (42 s)").wait_for()
    assert office.page.get_by_label("We talked").is_checked()
    office.page.get_by_label("What comes next").select_option("won")
    office.page.get_by_role("button", name="Done").click()
    office.is_done(lead, "connected")


def test_no_answer_of_the_provider_is_shown_and_nothing_is_placed_twice(office: Office) -> None:
    ann = Person()
    lead = office.lead(ann)
    office.voice.slow_by, office.voice.reps[SAM] = 12.0, "no-answer"
    office.press(lead)
    office.page.get_by_text("You did not take the call").or_(office.page.get_by_text("Nobody can say")).first.wait_for()
    assert office.page.get_by_role("button", name="Call again").is_visible()
    assert len(office.voice.placed) == 1
    assert office.outcome(lead) == ("open", "")


def test_a_refusal_of_the_provider_says_that_no_phone_rang(office: Office) -> None:
    lead = office.lead(Person())
    office.voice.refuse = 21211
    office.press(lead)
    office.page.get_by_text("No phone rang").wait_for()
    assert office.voice.rang == []


def test_a_message_on_our_voicemail_hands_over_and_can_be_heard(office: Office) -> None:
    ann = Person()
    lead = office.lead(ann)
    url = f"{office.house.url}/hooks/call/inbound"
    heard = office.do(office.voice.inbound(url, ann.phone, OURS, "CA" + "5" * 32, leaves=17))
    assert heard[-1] == "Thank you. Goodbye."
    office.house.happens(lead, "voicemail.left")
    office.house.happens(lead, "handed.off")
    row = office.house.conn.execute(
        "select lane, id from tasks where lead_id = %s and kind = 'hand_off' and status = 'open'", (lead,)
    ).fetchone()
    assert row is not None
    office.page.goto(f"/tasks/{row[0]}/{row[1]}")
    link = office.page.get_by_role("link", name="Open the recording").get_attribute("href") or ""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in office.page.context.cookies())
    with urlopen(Request(office.house.url + link, headers={"Cookie": cookies}), timeout=PATIENCE) as answer:  # noqa: S310
        assert (answer.read(), answer.headers["Content-Type"]) == (b"ID3 the voice of a lead", "audio/mpeg")


def test_a_caller_who_is_answered_becomes_a_lead_with_the_person_who_took_the_call(office: Office) -> None:
    stranger = Person()
    url = f"{office.house.url}/hooks/call/inbound"
    heard = office.do(office.voice.inbound(url, stranger.phone, OURS, "CA" + "6" * 32, takes="+15550104478", leaves=9))
    assert heard == []
    row = office.house.conn.execute(
        "select l.status, l.owner from leads l where l.phone = %s", (stranger.phone,)
    ).fetchone()
    assert row == ("handed_off", "jo")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_a_call_passes_the_accessibility_checks(width: int, office: Office) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed. `./run test` installs it.")
    lead = office.lead(Person())
    office.page.set_viewport_size({"width": width, "height": 900})
    office.voice.refuse = 21211
    office.press(lead)
    office.page.get_by_text("No phone rang").wait_for()
    office.page.evaluate(AXE.read_text())
    assert office.page.evaluate("axe.run()")["violations"] == []
    assert office.page.evaluate("document.documentElement.scrollWidth") <= width
