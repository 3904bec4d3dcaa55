"""The doors as the world uses them: garbage, repeats, a form in a real browser, one click to be left in peace."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.builders import STARTER

from .browser import a_browser, a_page
from .house import FORM, House, Person

pytestmark = pytest.mark.slow

SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel)"


# --- garbage --------------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_explained_kept_corrected_and_replayed(house: House, ann: Person) -> None:
    broken = b'{"first_name": "Ann", "email": "' + ann.email.encode()
    answer = house.post_json("pricing", broken)
    assert answer.status == 422
    assert answer.json()["error"].startswith("The body is not JSON: ")
    (kept,) = [one for one in quarantine(house) if one["body"] == broken.decode()]
    assert kept["door"] == "source:pricing"
    assert kept["reason"] == answer.json()["error"]
    corrected = house.machine.folder / "corrected.json"
    corrected.write_text(broken.decode() + '"}')
    failed = house.machine.folder / "still-broken.json"
    failed.write_text("{")
    with pytest.raises(AssertionError, match="It still can't be read"):
        house.warmline("quarantine", "replay", kept["id"], "--body", str(failed))
    house.warmline("quarantine", "replay", kept["id"], "--body", str(corrected))
    house.first_mail(ann.email)
    assert house.why(ann.email).runs() == {"pricing": "running"}
    with pytest.raises(AssertionError, match="is not in quarantine"):
        house.warmline("quarantine", "replay", kept["id"], "--body", str(corrected))


def test_every_kind_of_garbage_gets_a_clear_answer(house: House, ann: Person) -> None:
    kept = "select count(*) from quarantine where status = 'open'"
    before = house.count(kept)
    nul = house.post_json("pricing", {"email": ann.email, "first_name": "A\x00nn"})
    assert (nul.status, list(nul.json()["fields"])) == (422, ["first_name"])
    assert "NUL" in nul.json()["error"]
    nul_form = house.ask("POST", "/in/pricing", b"email=x%00%40example.com&agree=yes", content_type=FORM)
    assert (nul_form.status, list(nul_form.json()["fields"])) == (422, ["email"])
    nobody = house.post_form("pricing", {"first_name": "Ann", "agree": "yes"})
    assert (nobody.status, set(nobody.json()["fields"])) == (422, {"phone_number", "email"})
    wrong = house.post_form("pricing", {"phone_number": "12", "email": "ann at example"})
    assert (wrong.status, set(wrong.json()["fields"])) == (422, {"phone_number", "email"})
    event = house.post_json("calendar", {"event": "meeting.boked", "email": ann.email})
    assert event.status == 422
    assert "meeting.booked" in event.json()["error"]
    for content in (b"\xff\xfe\x00\x01", b"[]", b'"Ann"', b"[[[[", b"{}", b"null"):
        assert house.post_json("pricing", content).status == 422, content
    assert house.count(kept) == before + 11

    huge = house.post_json("pricing", b'{"first_name": "' + b"A" * 1_100_000 + b'"}')
    assert huge.status == 413
    assert b"smaller batches" in huge.body
    unknown = house.post_form("princing", ann.form())
    assert unknown.status == 404
    assert "There are: pricing, demo" in unknown.json()["error"]
    assert house.ask("GET", "/in/pricing").status == 405
    assert house.count(kept) == before + 11
    assert house.count("select count(*) from leads where email = %s", ann.email) == 0
    assert house.post_form("pricing", ann.form()).status == 202, "the door is as it was"


def test_the_good_leads_of_a_batch_are_taken_and_the_bad_ones_kept(house: House) -> None:
    one, other = Person(), Person()
    batch = [one.form(), {"first_name": "Nobody"}, "Nobody", other.form()]
    answer = house.post_json("pricing", batch)
    assert answer.status == 202
    first, *nobody, last = answer.json()["leads"]
    assert nobody == [None, None]
    assert [problem["index"] for problem in answer.json()["problems"]] == [1, 2]
    assert [json.loads(one["body"]) for one in quarantine(house)[-2:]] == [{"first_name": "Nobody"}, "Nobody"]
    for person, lead in ((one, first), (other, last)):
        assert f"lead={lead}" in house.first_text(person.phone).fields["StatusCallback"]


# --- the same request told twice ------------------------------------------------------------------------------------


def test_a_request_with_a_key_is_answered_once_and_for_all(house: House, ann: Person) -> None:
    first = house.post_form("pricing", ann.form(), idempotency_key="form-9")
    house.pass_time(timedelta(minutes=2))  # later than what would count as the same form twice
    again = house.post_form("pricing", ann.form(), idempotency_key="form-9")
    assert (first.status, first.body) == (again.status, again.body)
    other = house.post_form("pricing", ann.form(first_name="Bo"), idempotency_key="form-9")
    assert other.status == 409
    assert "Idempotency-Key" in other.json()["error"]
    house.rests()
    story = house.why(ann.phone)
    assert story.kinds("form.submitted") == ["form.submitted"]
    assert story.told["lead"]["called"] == "Ann"


# --- a form of a website, in a browser ------------------------------------------------------------------------------


def test_a_plain_html_form_in_a_browser_sends_its_person_on_and_keeps_the_proof(house: House, ann: Person) -> None:
    form = (STARTER / "forms" / "pricing.html").read_text()
    house.far.pages["pricing.html"] = form.replace('action="/in/pricing"', f'action="{house.url}/in/pricing"')
    site = f"http://localhost:{house.far.port}/site/pricing.html"
    with a_browser() as browser:
        page = a_page(browser)
        page.goto(site)
        page.get_by_label("First name").fill("Ann")
        page.get_by_label("Mobile phone").fill("(212) 200-" + ann.phone[-4:])
        page.get_by_label("Email", exact=True).fill(ann.email.upper())
        page.get_by_label("What is the job?").fill("A new roof\nfor the shed")
        page.get_by_role("checkbox").check()
        shown = page.locator(".consent span").inner_text()
        page.get_by_role("button", name="Ask for a price").click()
        page.wait_for_url(f"{house.url}/thanks")
        assert page.get_by_role("heading", level=1).inner_text() == "Thank you"
        agent = page.evaluate("navigator.userAgent")
    house.first_text(ann.phone)
    story = house.why(ann.email)
    assert story.told["lead"]["fields"]["job"].split() == ["A", "new", "roof", "for", "the", "shed"]
    kept = house.conn.execute(
        "select level, wording, wording_text, url, ip, user_agent, at from consents where lead_id = %s and wording <> ''",
        (story.told["lead"]["id"],),
    ).fetchall()
    assert [row[:6] for row in kept] == [("express_written", "sms-2026-11", shown, site, "127.0.0.1", agent)]
    assert timedelta(0) <= house.now() - kept[0][6] < timedelta(minutes=1)


def test_a_script_on_a_website_posts_json_and_reads_the_answer(house: House, ann: Person) -> None:
    house.far.pages["scripted.html"] = "<!doctype html><title>Ask for a price</title>"
    script = """([address, told]) => fetch(address, {
        method: "POST",
        headers: {"Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID()},
        body: JSON.stringify(told),
    }).then(async answer => [answer.status, await answer.json()])"""
    with a_browser() as browser:
        page = a_page(browser)
        page.goto(f"http://localhost:{house.far.port}/site/scripted.html")
        taken = page.evaluate(script, [f"{house.url}/in/pricing", {**ann.form(), "agree": True}])
        wrong = page.evaluate(script, [f"{house.url}/in/pricing", {"email": "nobody"}])
    assert (taken[0], set(taken[1])) == (202, {"lead"})
    assert (wrong[0], set(wrong[1]["fields"])) == (422, {"email"})
    house.first_text(ann.phone)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),  # only the last one is our own proxy's word
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("unknown", "127.0.0.1"),
    ],
)
def test_the_proof_names_the_address_that_our_own_proxy_saw(house: House, ann: Person, told: str, kept: str) -> None:
    lead = house.post_form("pricing", ann.form(), x_forwarded_for=told).json()["lead"]
    found = house.conn.execute("select distinct ip from consents where lead_id = %s", (lead,)).fetchall()
    assert found == [(kept,)]


# --- one click ------------------------------------------------------------------------------------------------------


def test_one_click_unsubscribes_without_cookies_and_a_look_at_the_page_does_not(house: House, ann: Person) -> None:
    lead = house.lead("calendar", {"first_name": "Ann", "email": ann.email})
    house.pass_time(timedelta(minutes=10))
    mail = house.first_mail(ann.email)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>")
    assert address.startswith(f"{house.url}/u/")
    path = address.removeprefix(house.url)
    for method in ("GET", "HEAD"):
        assert house.ask(method, path, user_agent=SCANNER).status == 200
    house.rests()
    assert house.status(lead) == "open"
    for _ in range(2):
        clicked = house.ask("POST", path, b"List-Unsubscribe=One-Click", content_type=FORM)
        assert (clicked.status, "set-cookie" in clicked.headers) == (200, False)
    house.rests()
    story = house.why(lead)
    assert (story.status, story.to_come(), story.tasks()) == ("opted_out", [], [])
    assert story.kinds("opted.out") == ["opted.out"]
    assert story.suppressed() == {("person", lead, "unsubscribed"), ("address", ann.email, "unsubscribed")}
    assert house.ask("POST", path[:-1], b"List-Unsubscribe=One-Click", content_type=FORM).status == 404


def quarantine(house: House) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = json.loads(house.warmline("quarantine", "list", "--json"))
    return listed
