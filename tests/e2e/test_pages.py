"""The pages in a real browser: readable by everybody, in light and dark, wide and narrow, and by keyboard alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page

from tests.builders import a_workspace
from tests.conftest import of
from tests.far_ends.ports import closed_port
from warmline.store import sign_ins
from warmline.store.clock import real_now
from warmline.store.connect import connect
from warmline.store.ids import lane_of, new_id
from warmline.store.migrate import migrate

from .browser import AXE, a_browser, a_page, sign_in
from .support import PATIENCE, answers, until

pytestmark = pytest.mark.slow

SECRET = "a-secret-of-the-tests-that-is-long-enough"


@dataclass(frozen=True)
class Site:
    address: str
    dsn: str
    workspace: int
    lead: UUID
    task: UUID

    def pages(self) -> dict[str, str]:
        lane = lane_of(self.lead)
        return {
            "today": "/", "leads": "/leads", "lead": f"/leads/{self.lead}", "tasks": "/tasks?whose=all",
            "rules": "/rules?to=%2B14015550123",
            "task": f"/tasks/{lane}/{self.task}", "sandbox": "/sandbox", "thread": f"/sandbox/{self.lead}",
            "attention": "/attention", "playbooks": "/playbooks", "playbook": "/playbooks/pricing", "design": "/design",
            "review": "/playbooks/pricing/review?days=90",
            "recordings": "/recordings", "consents": "/consents", "do not contact": "/do-not-contact",
            "doubtful": "/doubtful",
        }  # fmt: skip


@pytest.fixture(scope="module")
def site(server: str) -> Iterator[Site]:
    """The web as its own process, with a lead, a task, a text that was sent and something in quarantine."""
    name = f"pages_{os.getpid()}"
    with connect(server) as conn:
        conn.execute(f"create database {name}".encode())
    dsn = of(server, name)
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    environ = {**os.environ, "WARMLINE_DSN": dsn, "WARMLINE_SECRET": SECRET, "WARMLINE_PUBLIC_URL": address}
    program = "import sys, warmline.web as web; web.migrate(); web.serve(port=int(sys.argv[1]))"
    with connect(dsn) as conn:
        migrate(conn)
        workspace = a_workspace(conn, now=real_now()).id
    process = subprocess.Popen([sys.executable, "-c", program, str(port)], env=environ)
    try:
        until(lambda: answers(f"{address}/readyz"), PATIENCE, "the web answers")
        with connect(dsn) as conn:
            yield Site(address, dsn, workspace, *_fill(conn, address, workspace))
    finally:
        process.terminate()
        process.wait(PATIENCE)
        with connect(server) as conn:
            conn.execute(f"drop database if exists {name} with (force)".encode())


def _fill(conn: Any, address: str, workspace: int) -> tuple[UUID, UUID]:
    lead = UUID(_post(address, {"name": "Ann Lee", "email": "ann@example.com", "phone": "+12125550123"})["lead"])
    for number in range(3):
        _post(address, {"name": f"Bo Reyes {number}", "email": f"bo{number}@example.com"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        _post(address, {"name": "Nobody"})
    refused.value.close()
    lane, task = lane_of(lead), new_id()
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, kind, title, owner, due_at, opened_at)"
        " values (%s, %s, %s, %s, 'call', 'Call Ann Lee', 'kim', now(), now())",
        (lane, task, lead, workspace),
    )
    conn.execute(
        "insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose,"
        " template, status, ready_at, created_at, sent_at, address, body)"
        " select lane, %s, lead_id, workspace_id, id, version_id,"
        " 'ack', 'sms', 'acknowledge', 'ack', 'sent', now(), now(), now(), '+12125550123', 'Hi Ann, got it.'"
        " from enrollments where lane = %s and lead_id = %s",
        (new_id(), lane, lead),
    )
    return lead, task


def _post(address: str, fields: dict[str, str]) -> Any:
    asked = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/in/pricing", json.dumps(fields).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
        return json.load(answer)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page whose session is the manager's; whatever the console complains of fails the test."""
    page = a_page(browser, site.address)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with connect(site.dsn) as conn:
        sign_in(page, site.address, sign_ins.create(conn, site.workspace, "kim", real_now()))
    yield page
    page.context.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_passes_the_accessibility_checks(width: int, scheme: Any, page: Page, site: Site) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed. `./run test` installs it.")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    found = []
    for name, path in site.pages().items():
        page.goto(path)
        page.evaluate(AXE.read_text())
        result = page.evaluate("axe.run()")
        assert len(result["passes"]) > 15, "the checks did not see the page"
        for one in result["violations"]:
            where = [node["html"][:120] for node in one["nodes"][:3]]
            found.append(f"{name}: {one['id']}: {one['help']}: {where}")
    assert found == []


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_no_page_is_wider_than_the_screen(width: int, page: Page, site: Site) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for name, path in site.pages().items():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_the_first_tab_leads_past_the_navigation(page: Page) -> None:
    page.goto("/leads")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id == 'main'")


def test_a_list_is_walked_and_opened_by_keyboard(page: Page) -> None:
    page.goto("/leads")
    names = page.locator("[data-row] .lead-name").all_inner_texts()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/*-*")
    assert page.get_by_role("heading", level=1).inner_text() == names[1]


def test_a_question_mark_shows_the_keys_and_escape_hides_them(page: Page) -> None:
    page.goto("/leads")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_typing_in_the_search_box_is_not_taken_for_a_shortcut(page: Page) -> None:
    page.goto("/leads")
    page.keyboard.press("/")
    page.keyboard.type("jk?")
    assert page.get_by_label("Search").input_value() == "jk?"
    assert not page.locator("dialog").is_visible()


def test_one_key_chooses_the_outcome_of_a_call(page: Page, site: Site) -> None:
    page.goto(site.pages()["task"])
    following = page.get_by_role("group", name="What comes next")
    page.keyboard.press("3")
    assert page.get_by_label("No answer").is_checked()
    assert not following.is_visible()
    page.keyboard.press("1")
    assert page.get_by_label("We talked").is_checked()
    assert following.is_visible()


def test_an_answer_in_the_sandbox_appears_in_the_thread(page: Page, site: Site) -> None:
    page.goto(site.pages()["thread"])
    page.get_by_label("Your answer").fill("Tomorrow at ten")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Tomorrow at ten").wait_for()


def test_a_form_that_is_sent_twice_in_one_breath_is_taken_once(page: Page, site: Site) -> None:
    page.goto(site.pages()["lead"])
    page.get_by_text("Write a note").click()
    page.get_by_role("textbox", name="Note").fill("Has two dogs")
    box = page.locator("form[action$=note] button").bounding_box()
    assert box is not None
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 500, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    for _ in range(2):
        page.mouse.click(box["x"] + 5, box["y"] + 5, delay=100)
    page.get_by_text("Written into the story").wait_for()
    network.send("Network.emulateNetworkConditions", slow | {"latency": 0})
    with connect(site.dsn) as conn:
        told = conn.execute("select count(*) from events where data->>'note' = 'Has two dogs'").fetchone()
    assert told == (1,)


def test_a_form_whose_answer_never_came_can_be_sent_again(page: Page, site: Site) -> None:
    page.goto(site.pages()["lead"])
    page.get_by_text("Write a note").click()
    page.get_by_role("textbox", name="Note").fill("Has a cat")
    page.route("**/note", lambda route: route.fulfill(status=204), times=1)  # the browser stays where it is
    save = page.locator("form[action$=note] button")
    with page.expect_response("**/note"):
        save.click()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")  # as after "back"
    save.click()
    page.get_by_text("Written into the story").wait_for()


def test_what_was_typed_during_a_call_stays_when_the_page_loads_itself_again(page: Page, site: Site) -> None:
    page.goto(site.pages()["task"])
    page.get_by_label("Note").fill("Wants the blue roof")
    page.get_by_label("We talked").check()
    page.get_by_label("What comes next", exact=True).select_option("won")
    with page.expect_navigation():
        page.evaluate("location.reload()")  # as htmx does when the call is over
    assert page.get_by_label("Note").input_value() == "Wants the blue roof"
    assert page.get_by_label("We talked").is_checked()
    assert page.locator("#next").input_value() == "won"
    page.goto(site.pages()["task"])
    assert page.get_by_label("Note").input_value() == ""  # who opens it anew begins anew


def test_today_renews_itself_and_leaves_the_keyboard_where_it_was(page: Page, site: Site) -> None:
    page.goto("/?told=done")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.id")
    assert first.startswith("task-")
    with connect(site.dsn) as conn:
        conn.execute(
            "insert into tasks (lane, id, lead_id, workspace_id, kind, title, owner, due_at, opened_at)"
            " select lane, %s, lead_id, workspace_id, 'review', 'Look at Ann Lee', 'kim', now(), now() from tasks"
            " where id = %s",
            (new_id(), site.task),
        )
    assert page.get_by_text("Look at Ann Lee").count() == 0
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when somebody comes back to the window
    page.get_by_text("Look at Ann Lee").wait_for()
    assert page.evaluate("document.activeElement.id") == first
    assert page.locator("#nav .count").first.inner_text().startswith("2")
    assert page.get_by_role("status").count() == 1, "what an act came to is neither lost nor told twice"
    with connect(site.dsn) as conn:
        conn.execute("delete from tasks where kind = 'review'")


def test_whoever_is_signed_out_meanwhile_is_shown_how_to_sign_in_and_no_piece_of_that_page(
    browser: Browser, site: Site
) -> None:
    page = a_page(browser, site.address)
    with connect(site.dsn) as conn:
        sign_in(page, site.address, sign_ins.create(conn, site.workspace, "kim", real_now()))
    page.goto("/tasks?whose=all")
    page.context.clear_cookies()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_url(re.compile(r"/sign-in\?"))
    page.context.close()


def test_after_an_act_the_keyboard_is_at_what_came_of_it(page: Page, site: Site) -> None:
    page.goto(site.pages()["lead"])
    page.get_by_text("Write a note").click()
    page.get_by_role("textbox", name="Note").fill("Likes blue")
    page.locator("form[action$=note] button").press("Enter")
    page.get_by_text("Written into the story").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "status"
    page.goto(site.pages()["thread"])
    page.get_by_role("button", name="Call, nobody answers").press("Enter")
    page.wait_for_url(re.compile(r"\?acted=1"))
    assert page.evaluate("document.activeElement.id") == "text"


def test_on_a_phone_the_contact_and_the_acts_are_one_press_away_from_the_top(page: Page, site: Site) -> None:
    onward = page.get_by_role("link", name="Contact and changes")
    page.goto(site.pages()["lead"])
    assert not onward.is_visible(), "on a wide screen they stand beside the story"
    page.set_viewport_size({"width": 390, "height": 844})
    onward.click()
    page.wait_for_url("**#about")
    assert page.evaluate("document.getElementById('about').getBoundingClientRect().top") < 200


def test_without_scripts_there_is_no_button_of_which_nothing_comes(browser: Browser, page: Page, site: Site) -> None:
    page.goto("/leads")
    assert page.get_by_role("button", name="Keys").is_visible()
    context = browser.new_context(
        base_url=site.address, storage_state=page.context.storage_state(), java_script_enabled=False
    )
    plain = context.new_page()
    plain.goto("/leads")
    assert not plain.get_by_text("Keys").first.is_visible()
    context.close()


def test_controls_beside_each_other_are_of_one_height(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    for path in ("/leads", "/rules", "/do-not-contact", "/recordings"):
        page.goto(path)
        rows = page.locator("form .filters, form.filters, form[role=search], form .record").all()
        assert rows, path
        for row in rows:
            heights = row.evaluate(
                "(row) => [...row.querySelectorAll('input, select, .button')].map((one) => one.offsetHeight)"
            )
            assert set(heights) == {40}, path


def test_the_badge_of_the_navigation_lies_over_the_tab_beside_it(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/playbooks")
    page.evaluate("document.querySelector('.nav .count').textContent = '100+'")
    seen = page.evaluate(
        "() => { const one = document.querySelector('.nav .count'); const box = one.getBoundingClientRect();"
        " return document.elementFromPoint(box.right - 2, box.top + box.height / 2) === one; }"
    )
    assert seen


def test_the_header_of_a_phone_is_as_high_on_a_short_page_as_on_a_long_one(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    heights = set()
    for path in ("/tasks?whose=free", "/design", site.pages()["lead"]):
        page.goto(path)
        heights.add(page.locator("header.side").evaluate("(header) => header.offsetHeight"))
    assert len(heights) == 1
    assert max(heights) < 80
