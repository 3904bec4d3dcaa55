"""What happens to leads, from their side: real processes, a text provider and a mail server that keep what they get.

Every story is posted over HTTP and read back through `warmline why --json` and at the far ends.
"""

from __future__ import annotations

import base64
import re
import time
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import parse_qsl, urlsplit

import pytest

from .house import ACCOUNT, FORM, OURS, TOKEN, House, Person
from .support import PATIENCE, until

pytestmark = pytest.mark.slow

BROWSER = {
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "accept_language": "en-US,en;q=0.5",
}  # fmt: skip
#: A scanner that calls itself a browser and sends a browser's headers.
DISGUISED = {**BROWSER, "user_agent": BROWSER["user_agent"].replace("145.0", "128.0")}
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel)"


# --- a form, and a text at once -------------------------------------------------------------------------------------


def test_a_form_is_answered_by_a_text_in_the_providers_own_form_and_the_story_tells_why(
    house: House, ann: Person
) -> None:
    began = time.perf_counter()
    lead = house.lead("pricing", ann.form())
    text = house.first_text(ann.phone)
    print(f"\nform posted -> request at the text provider: {(text.at - began) * 1e3:.0f} ms")  # noqa: T201 - to be read
    assert (text.method, text.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert text.headers["Content-Type"] == FORM
    assert base64.b64decode(text.headers["Authorization"].removeprefix("Basic ")).decode() == f"{ACCOUNT}:{TOKEN}"
    fields = parse_qsl(text.body.decode(), strict_parsing=True)
    assert sorted(name for name, _ in fields) == ["Body", "From", "StatusCallback", "To", "ValidityPeriod"]
    assert (text.fields["To"], text.fields["From"]) == (ann.phone, OURS)
    assert text.fields["Body"].startswith("Hi Ann, ")
    assert "STOP" in text.fields["Body"]
    callback = urlsplit(text.fields["StatusCallback"])
    assert text.fields["StatusCallback"].startswith(f"{house.url}/hooks/sms/status?")
    assert dict(parse_qsl(callback.query))["lead"] == lead

    assert house.status_of(text, "sent").status == 200
    assert house.status_of(text, "delivered").status == 200
    house.rests()
    story = house.why(ann.phone)
    told = story.kinds("form.submitted", "enrolled", "decision", "touch.planned", "touch.sent", "touch.delivered")
    assert told[:5] == ["form.submitted", "enrolled", "decision", "touch.planned", "touch.sent"]
    assert told.count("touch.delivered") == 1
    sent = story.line("touch.sent")
    assert (sent["touch"]["body"], sent["touch"]["provider_id"]) == (text.fields["Body"], text.sid)
    planned = story.line("decision")["did"][0]
    assert (planned["do"], planned["step"], planned["channel"]) == ("plan", "ack", "sms")
    assert {"opted_out", "suppressed", "no_consent", "quiet_hours"} <= {one["rule"] for one in planned["findings"]}
    assert story.tasks() == ["call"]
    assert len(house.far.texts_to(ann.phone)) == 1


# --- a reply --------------------------------------------------------------------------------------------------------


def test_a_reply_hands_the_lead_to_a_person_with_a_clock_and_silences_the_machine(house: House, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    house.first_text(ann.phone)
    assert house.text_from(ann.phone, "Could you call me at four?", "SMreply2").status == 200
    house.happens(lead, "handed.off")
    house.rests()
    story = house.why(lead)
    assert story.status == "handed_off"
    assert story.line("replied")["data"]["text"] == "Could you call me at four?"
    handed = datetime.fromisoformat(story.line("handed.off")["data"]["due"])
    task = next(task for task in story.told["tasks"] if task["kind"] == "hand_off")
    assert datetime.fromisoformat(task["due_at"]) == handed
    assert timedelta(0) < handed - house.now() <= timedelta(minutes=10)
    assert task["owner"] == story.told["lead"]["owner"]
    assert story.to_come() == []
    assert len(house.far.texts_to(ann.phone)) == 1


# --- STOP -----------------------------------------------------------------------------------------------------------


def test_a_stop_takes_back_what_is_queued_and_only_new_consent_undoes_it(house: House, ann: Person) -> None:
    house.far.fates[ann.phone] = (429, 20429)
    lead = house.lead("pricing", ann.form())
    house.first_text(ann.phone)
    put_off = "select count(*) from touches where lead_id = %s and status = 'queued' and tries = 1"
    until(lambda: house.count(put_off, lead), PATIENCE, "the text waits for its provider")
    assert house.text_from(ann.phone, "Stop", "SMstop3").status == 200
    story = house.why(lead)
    assert story.status == "opted_out"
    assert story.touches()[("ack", "sms")] == ("refused", "opted_out")
    assert story.suppressed() == {("person", lead, "opted_out"), ("address", ann.phone, "opted_out")}
    assert (story.tasks(), story.to_come()) == ([], [])

    del house.far.fates[ann.phone]
    unticked = {"first_name": "Ann", "phone": ann.phone, "email": ann.email}
    assert house.lead("demo", unticked) == lead
    house.rests()
    assert house.status(lead) == "opted_out"
    assert len(house.far.texts_to(ann.phone)) == 1
    assert house.far.mails_to(ann.email) == []

    house.pass_time(timedelta(minutes=2))
    assert house.lead("demo", {**unticked, "agree": "yes"}) == lead
    until(lambda: len(house.far.texts_to(ann.phone)) == 2, PATIENCE, "the new request is confirmed")
    house.rests()
    story = house.why(lead)
    assert story.line("declined")["data"]["reason"] == "opted_out"
    proof = story.line("opted.in")["data"]
    assert "wording sms-2026-11" in proof["proof"]
    assert (proof["channels"], proof["source"]) == (["sms", "voicemail"], "demo")
    assert (story.status, story.runs()) == ("open", {"pricing": "opted_out", "demo": "running"})
    assert story.closed_channels() == {"email", "call"}
    assert house.far.mails_to(ann.email) == []


# --- links in a mail ------------------------------------------------------------------------------------------------


def test_a_persons_click_hands_over_and_a_machines_visit_is_only_noted(house: House, ann: Person) -> None:
    lead = house.lead("guide", {"first_name": "Ann", "email": ann.email})
    path = tracked_link(house.first_mail(ann.email), house)
    visits = [
        house.ask("GET", path, **BROWSER),  # faster than anybody reads
        house.ask("HEAD", path, **BROWSER),
        house.ask("GET", path, user_agent=SCANNER),
        house.ask("GET", path),
    ]
    house.happens(lead, "touch.sent")
    house.pass_time(timedelta(seconds=5))
    visits.append(house.ask("GET", path, user_agent=SCANNER))
    assert {one.status for one in visits} == {302}
    assert {one.headers["location"] for one in visits} == {"https://acme.test/guide.pdf"}
    house.rests()
    assert (house.status(lead), house.tasks(lead)) == ("open", [])

    house.pass_time(timedelta(minutes=10))
    for _ in range(2):
        assert house.ask("GET", path, **BROWSER).headers["location"] == "https://acme.test/guide.pdf"
    house.happens(lead, "handed.off")
    house.rests()
    story = house.why(ann.email)
    assert (story.status, story.tasks(), story.to_come()) == ("handed_off", ["hand_off"], [])
    assert story.kinds("clicked", "handed.off") == ["clicked"] * 5 + ["handed.off"]
    assert [line["data"].get("automated") for line in story.told["lines"] if line["kind"] == "clicked"] == [
        "too_fast", "head_request", "scanner", "no_agent", None,
    ]  # fmt: skip


@pytest.mark.parametrize("follows_hidden", [True, False])
def test_a_scanner_that_follows_every_link_stops_nothing_and_the_person_five_minutes_later_does(
    house: House, ann: Person, follows_hidden: bool
) -> None:
    lead = house.lead("guide", {"first_name": "Ann", "email": ann.email})
    mail = house.first_mail(ann.email)
    path = tracked_link(mail, house)
    house.happens(lead, "touch.sent")
    visible, in_html = tracked_links(mail, house)
    links = in_html if follows_hidden else visible
    assert (path in links, len(links)) == (True, 3 if follows_hidden else 2)
    house.pass_time(timedelta(seconds=2))
    for link in links:
        assert house.ask("GET", link, **DISGUISED).status == 302
    house.pass_time(timedelta(seconds=20))
    house.happens(lead, "clicked", len(links))
    house.rests()
    assert (house.status(lead), house.tasks(lead)) == ("open", [])
    assert house.why(lead).to_come() != []

    house.pass_time(timedelta(minutes=5))
    assert house.ask("GET", path, **BROWSER).headers["location"] == "https://acme.test/guide.pdf"
    assert house.status(lead) == "open"
    house.pass_time(timedelta(seconds=11))
    house.happens(lead, "handed.off")
    story = house.why(ann.email)
    assert (story.status, story.tasks(), story.to_come()) == ("handed_off", ["hand_off"], [])
    ways = [line["data"].get("automated") for line in story.told["lines"] if line["kind"] == "clicked"]
    assert ways == ["hidden_link" if follows_hidden else "burst"] * len(links) + [None]


def test_a_link_that_was_tampered_with_leads_nowhere(house: House, ann: Person) -> None:
    house.lead("guide", {"first_name": "Ann", "email": ann.email})
    path = tracked_link(house.first_mail(ann.email), house)
    changed = path[:-4] + ("AAAA" if not path.endswith("AAAA") else "BBBB")
    answer = house.ask("GET", changed, **BROWSER)
    assert answer.status == 404
    assert "location" not in answer.headers


# --- what else starts or stops a playbook ---------------------------------------------------------------------------


def test_a_booked_meeting_hands_over(house: House, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    house.first_text(ann.phone)
    answer = house.post_json("calendar", {"event": "meeting.booked", "email": ann.email, "starts": "Friday at two"})
    assert (answer.status, answer.json()) == (202, {"lead": lead})
    house.happens(lead, "handed.off")
    story = house.why(lead)
    assert story.line("handed.off")["data"]["signal"] == "meeting"
    assert (story.status, story.to_come()) == ("handed_off", [])


def test_a_call_that_nobody_took_is_answered_by_a_text(house: House, ann: Person) -> None:
    house.lead("phone", {"phone": ann.phone})
    assert "Acme Roofing" in house.first_text(ann.phone).fields["Body"]
    story = house.why(ann.phone)
    assert story.runs() == {"missed-call": "running"}
    assert ("text-back", "sms") in story.touches()


def test_a_missed_appointment_is_followed_by_a_text_ten_minutes_later(house: House, ann: Person) -> None:
    lead = house.lead("calendar", {"first_name": "Ann", "phone": ann.phone, "email": ann.email})
    house.rests()
    story = house.why(lead)
    assert story.runs() == {"missed-appointment": "running"}
    assert story.to_come()[0] == "missed-you"
    assert house.far.texts_to(ann.phone) == []
    house.pass_time(timedelta(minutes=10))
    # An enquiry is no written consent, so the text is refused and the mail of `or` goes.
    mail = house.first_mail(ann.email)
    assert "Ann" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr] # every mail of ours has text
    house.rests()
    assert house.far.texts_to(ann.phone) == []
    assert house.why(lead).line("touch.refused")["data"]["reason"] == "no_consent"


def test_a_keyword_from_an_unknown_number_makes_a_lead_and_is_answered(house: House, ann: Person) -> None:
    assert house.text_from(ann.phone, "Quote", "SMkeyword5").status == 200
    assert house.text_from(ann.phone, "Quote", "SMkeyword5").status == 200
    assert "Thanks for texting" in house.first_text(ann.phone).fields["Body"]
    house.rests()
    story = house.why(ann.phone)
    assert story.line("keyword.received")["data"]["keyword"] == "QUOTE"
    assert (story.runs(), len(house.far.texts_to(ann.phone))) == ({"keyword-text": "running"}, 1)
    assert "wording keyword-2026-11" in next(
        one["saw"] for one in story.line("decision")["did"][0]["findings"] if one["rule"] == "no_consent"
    )


def test_a_quote_request_is_answered_by_mail(house: House, ann: Person) -> None:
    house.lead("quote", {"first_name": "Ann", "email": ann.email})
    mail = house.first_mail(ann.email)
    assert mail["Subject"] == "Your quote, and how to read it"
    assert mail.is_multipart()
    assert house.why(ann.email).runs() == {"opened-but-silent": "running"}


# --- what the provider says -----------------------------------------------------------------------------------------


def test_a_provider_that_knows_of_an_opt_out_is_believed_everywhere(house: House, ann: Person) -> None:
    house.far.fates[ann.phone] = (400, 21610)
    lead = house.lead("pricing", ann.form())
    house.happens(lead, "opted.out")
    house.rests()
    house.lead("demo", {"first_name": "Ann", "phone": ann.phone, "email": ann.email})
    house.rests()
    story = house.why(lead)
    assert story.touches() == {("ack", "sms"): ("failed", "opted_out")}
    assert (story.status, story.tasks(), story.to_come()) == ("opted_out", [], [])
    assert story.suppressed() == {("person", lead, "opted_out"), ("address", ann.phone, "opted_out")}
    assert story.line("declined")["data"]["reason"] == "opted_out"
    assert (len(house.far.texts_to(ann.phone)), house.far.mails_to(ann.email)) == (1, [])


def test_a_text_that_was_not_delivered_has_failed_once_however_often_it_is_told(house: House, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    text = house.first_text(ann.phone)
    house.rests()  # the receipt is written: a report may overtake it, and then it has not been sent before it failed
    for status, code in (("undelivered", "30003"), ("undelivered", "30003"), ("delivered", ""), ("sent", "")):
        assert house.status_of(text, status, code).status == 200
    house.rests()
    story = house.why(lead)
    assert story.touches()[("ack", "sms")] == ("failed", "unreachable")
    assert story.kinds("touch.sent", "touch.failed", "touch.delivered") == ["touch.sent", "touch.failed"]
    assert story.line("touch.failed")["data"]["code"] == "30003"


def test_late_doubled_and_forged_callbacks_change_nothing(house: House, ann: Person) -> None:
    lead = house.lead("pricing", ann.form())
    text = house.first_text(ann.phone)
    for _ in range(2):
        assert house.status_of(text, "delivered").status == 200
    house.rests()
    before = house.why(lead)
    for status, code in (("sent", ""), ("queued", ""), ("undelivered", "30003")):
        assert house.status_of(text, status, code).status == 200
    assert house.status_of(text, "failed", "21610", token="not the token").status == 403
    assert house.text_from(ann.phone, "STOP", "SMforged6", token="not the token").status == 403
    unsigned = house.ask("POST", "/hooks/sms/inbound", b"From=%2B12125550100&Body=STOP", content_type=FORM)
    assert unsigned.status == 403
    house.rests()
    after = house.why(lead)
    assert after.told["lines"] == before.told["lines"]
    assert after.touches()[("ack", "sms")] == ("delivered", "")
    assert after.kinds("touch.delivered") == ["touch.delivered"]


# --- the same again -------------------------------------------------------------------------------------------------


def test_the_same_form_posted_again_and_ten_times_at_once_is_one_lead_one_run_and_one_text(
    house: House, ann: Person
) -> None:
    answers = house.at_once("pricing", [ann.form()] * 10)
    again = house.post_form("pricing", ann.form())
    assert {one.status for one in (*answers, again)} == {202}
    (lead,) = {one.json()["lead"] for one in (*answers, again)}
    house.first_text(ann.phone)
    house.rests()
    story = house.why(lead)
    assert story.kinds("form.submitted", "enrolled", "touch.planned", "touch.sent").count("form.submitted") == 11
    assert story.kinds("enrolled", "touch.planned", "touch.sent") == ["enrolled", "touch.planned", "touch.sent"]
    assert {line["data"]["reason"] for line in story.told["lines"] if line["kind"] == "declined"} == {"repeated"}
    assert len(house.far.texts_to(ann.phone)) == 1
    assert house.count("select count(*) from leads where phone = %s", ann.phone) == 1


def test_of_two_sources_the_stronger_playbook_speaks_alone(house: House) -> None:
    weak_first, strong_first = Person(), Person()
    demo = {"first_name": "Ann", "phone": weak_first.phone, "email": weak_first.email, "agree": "yes"}
    lead = house.lead("demo", demo)
    assert house.lead("pricing", weak_first.form()) == lead
    other = house.lead("pricing", strong_first.form())
    house.lead("demo", {**demo, "phone": strong_first.phone, "email": strong_first.email})
    for person in (weak_first, strong_first):
        house.first_text(person.phone)
    house.rests()
    story = house.why(lead)
    assert story.runs() == {"demo": "preempted", "pricing": "running"}
    assert story.line("preempted")["data"]["by"] == "pricing"
    assert story.tasks() == ["call"]
    story = house.why(other)
    assert story.runs() == {"pricing": "running"}
    assert story.line("declined")["data"]["reason"] == "outranked"
    assert len(house.far.texts_to(strong_first.phone)) == 1


# --- the provider is away -------------------------------------------------------------------------------------------


def test_a_text_waits_for_a_provider_that_is_down_and_goes_once(house: House, ann: Person) -> None:
    house.rests()
    house.far.shut()
    try:
        lead = house.lead("pricing", ann.form())
        tried = "select count(*) from touches where lead_id = %s and tries > 0 and status = 'queued'"
        until(lambda: house.count(tried, lead), PATIENCE, "the text was tried")
    finally:
        house.far.open()
    house.pass_time(timedelta(minutes=1))
    house.first_text(ann.phone)
    house.rests()
    house.pass_time(timedelta(minutes=1))
    house.rests()
    story = house.why(lead)
    assert story.kinds("touch.planned", "touch.sent", "touch.failed") == ["touch.planned", "touch.sent"]
    assert len(house.far.texts_to(ann.phone)) == 1


def tracked_link(mail: EmailMessage, house: House) -> str:
    """The path of the first tracked link, as it stands in the text and in the HTML alike."""
    in_text, in_html = tracked_links(mail, house)
    assert in_html[1:] == in_text  # the hidden one comes first, and stands in the HTML only
    return in_text[0]


def tracked_links(mail: EmailMessage, house: House) -> list[list[str]]:
    """The paths of all tracked links, each once: in the text, in the HTML."""
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    found = [
        re.findall(rf"{re.escape(house.url)}(/t/[\w-]+)", part.get_content()) for part in parts if part is not None
    ]
    assert len(found) == 2
    return [list(dict.fromkeys(links)) for links in found]
