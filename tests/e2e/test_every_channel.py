"""One lead's story over every channel: text, call, mail, an out-of-office, ringless voicemail, a bounce, and a reply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.builders import TUESDAY, starter_files
from tests.far_ends.voice import VoiceProvider, serve_voice
from tests.sounds import a_voice
from warmline.store import sign_ins
from warmline.store.clock import real_now

from .browser import a_browser, a_page, sign_in
from .house import ACCOUNT, OURS, TOKEN, House, Person, a_house
from .support import PATIENCE, until

pytestmark = pytest.mark.slow

HOOK = "a-path-that-nobody-can-guess"
PRICING = """
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90}
owner: {person: sam}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  ack:        {send: sms, template: ack, at: now, purpose: acknowledge}
  first-call: {call: owner, at: now, script: discovery}
  context:    {send: email, template: context, at: 45 minutes after first-call.missed}
  note:       {send: voicemail, template: personal-note, at: 'day 3, 11:00'}
  insight:    {send: email, template: objection, at: 'day 5, 10:00'}
  nudge:      {send: sms, template: nudge, at: 'day 7, 10:00'}
after: {enroll: slow-nurture}
"""


def bounce_of(mail: EmailMessage, envelope: str) -> bytes:
    """What Postfix sends back for a mailbox that is gone (as the real one in tests/channels/mails)."""
    report = (
        f"Return-Path: <>\r\nDelivered-To: {envelope}\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.com>\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nTo: {envelope}\r\nAuto-Submitted: auto-replied\r\n"
        "Message-Id: <20261128150000.9F8B9228950@mx.example.com>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe mailbox does not exist.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {mail['To']}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 unknown user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {mail['Message-ID']}\r\n\r\n--b--\r\n"
    )
    return report.encode()


def out_of_office(mail: EmailMessage, sender: str) -> bytes:
    note = EmailMessage()
    note["From"], note["To"], note["Subject"] = sender, "hello@acme.test", "Out of office"
    note["Message-ID"], note["In-Reply-To"] = "<vacation-1@mail.example.com>", mail["Message-ID"]
    note["Auto-Submitted"] = "auto-replied (vacation)"
    note.set_content("Thanks for your message. I am out of the office until 26 November.")
    return note.as_bytes()


@pytest.fixture(scope="module")
def voice() -> Iterator[VoiceProvider]:
    provider = VoiceProvider(ACCOUNT, TOKEN)
    with serve_voice(provider):
        yield provider


@pytest.fixture(scope="module")
def house(server: str, voice: VoiceProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    call = f"""
[channels.call]
provider = "twilio"
account_sid = "{ACCOUNT}"
auth_token = "env:TWILIO_AUTH_TOKEN"
from = "{OURS}"
base_url = "{voice.base_url}"
timeout = 5
rate = 100
"""
    drop = f'provider = "dropcowboy"\nkey = "k-1"\nsecret = "a secret"\nhook_secret = "{HOOK}"\nbase_url = "{{url}}"'
    folder: Path = tmp_path_factory.mktemp("channels")
    files = {"warmline.toml": starter_files()["warmline.toml"] + call, "playbooks/pricing.yaml": PRICING}
    with a_house(server, folder, TUESDAY, files, voicemail=drop, hook_secret=HOOK) as house:
        voice_of_sam = folder / "sam.wav"
        voice_of_sam.write_bytes(a_voice(8))
        house.warmline("recordings", "add", str(voice_of_sam), "--person", "sam", "--template", "personal-note")
        yield house


@pytest.fixture
def page(house: House) -> Iterator[Page]:
    with a_browser() as browser:
        opened = a_page(browser, house.url)
        sign_in(opened, house.url, sign_ins.create(house.conn, 1, "sam", real_now()))
        yield opened


def test_one_story_runs_through_every_channel_and_ends_with_a_person(
    house: House, voice: VoiceProvider, page: Page, tmp_path: Path
) -> None:
    ann = Person()
    lead = house.lead("pricing", ann.form(last_name="Lee"))
    text = house.first_text(ann.phone)
    house.happens(lead, "touch.sent")
    assert house.status_of(text, "delivered").status == 200

    # Sam presses the button; nobody answers.
    house.happens(lead, "task.opened")
    lane, task = house.conn.execute(
        "select lane, id from tasks where lead_id = %s and kind = 'call'", (lead,)
    ).fetchone() or (0, "")
    page.goto(f"/tasks/{lane}/{task}")
    page.get_by_role("button", name="Call now").click()
    house.happens(lead, "task.done")

    # The mail is answered by an out-of-office, which rests the cadence until the day it names.
    house.pass_time(timedelta(minutes=46))
    mail = house.first_mail(ann.email)
    raw = f"/hooks/email/{HOOK}/raw"
    answer = house.ask("POST", raw, out_of_office(mail, ann.email), content_type="message/rfc822")
    assert answer.status == 200, answer.body
    house.happens(lead, "replied")
    house.pass_until(datetime(2026, 11, 26, 17, 0, tzinfo=UTC))
    house.rests()
    assert house.far.ringless.drops_to(ann.phone) == []

    # Back at the desk: Sam's own voice in the mailbox.
    house.pass_until(datetime(2026, 11, 27, 17, 0, tzinfo=UTC))
    until(lambda: house.far.ringless.drops_to(ann.phone), PATIENCE, "a drop")
    drop = house.far.ringless.drops_to(ann.phone)[0]
    assert house.far.hear(drop) == pytest.approx(8, abs=0.5)
    house.happens(lead, "touch.sent", 3)
    content_type, body = drop.result("success")
    assert house.ask("POST", urlsplit(drop.callback_url).path, body, content_type=content_type).status == 200

    # The second mail finds no mailbox any more: the address stops, the lead does not.
    house.pass_until(datetime(2026, 11, 28, 15, 1, tzinfo=UTC))
    until(lambda: len(house.far.mails_to(ann.email)) == 2, PATIENCE, "the second mail")
    second = house.far.mails_to(ann.email)[1]
    envelope = next(sender for sender, to, _ in reversed(house.far.mailbox.accepted) if to == ann.email)
    house.happens(lead, "touch.sent", 4)
    answer = house.ask("POST", raw, bounce_of(second, envelope), content_type="message/rfc822")
    assert answer.status == 200, answer.body
    house.happens(lead, "bounced")

    # A text goes out all the same, and is answered: the machine stops, and Sam has ten minutes.
    house.pass_until(datetime(2026, 11, 30, 15, 1, tzinfo=UTC))
    until(lambda: len(house.far.texts_to(ann.phone)) == 2, PATIENCE, "the second text")
    house.happens(lead, "touch.sent", 5)
    assert house.text_from(ann.phone, "Yes, still looking. Can you call me at five?", "SM-reply").status == 200
    house.happens(lead, "handed.off")

    story = house.why(lead)
    told = ("task.done", "touch.delivered", "replied", "bounced", "handed.off")
    assert story.kinds(*told) == [
        "touch.delivered", "task.done", "replied", "touch.delivered", "bounced", "replied", "handed.off",
    ]  # fmt: skip
    assert story.line("replied")["words"] == "Answered by itself"
    assert story.status == "handed_off"
    assert story.touches()[("insight", "email")] == ("failed", "bounced")
    for name, width in (("story", 1280), ("story-phone", 390)):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"/leads/{lead}")
        page.get_by_text("Can you call me at five?").first.wait_for()
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
