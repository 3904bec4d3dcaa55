"""Finding leads for the list: search, filters, paging."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace
from warmline.store.pages import leads
from warmline.store.pages.leads import Wanted
from warmline.store.workspaces import Workspace


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def add(conn: psycopg.Connection, place: Workspace, number: int, **columns: str | None) -> UUID:
    """One lead, `number` minutes before Tuesday, that owns its phone number."""
    phone = f"+1212555{number:04d}"
    given = {"phone": phone, "email": f"lead{number}@example.com", **columns}
    return a_lead(conn, place, at=TUESDAY - timedelta(minutes=number), **given)  # type: ignore[arg-type]


def ids(page: leads.Page) -> list[UUID]:
    return [line.id for line in page.lines]


def test_pages_hold_every_lead_once_the_newest_first(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "PAGE", 4)
    made = [add(conn, place, number) for number in range(10)]
    seen: list[UUID] = []
    after = ""
    for _ in range(3):
        page = leads.find(conn, place.id, Wanted(after=after))
        seen += ids(page)
        after = page.next
    assert seen == made
    assert after == ""


def test_leads_of_one_instant_are_not_lost_between_pages(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "PAGE", 2)
    made = {a_lead(conn, place, phone=None, email=f"one{n}@example.com") for n in range(5)}
    first = leads.find(conn, place.id, Wanted())
    second = leads.find(conn, place.id, Wanted(after=first.next))
    third = leads.find(conn, place.id, Wanted(after=second.next))
    assert set(ids(first) + ids(second) + ids(third)) == made
    assert third.next == ""


@pytest.mark.parametrize("text", ["okaf", "CHIDI", "chidi oka", "okafor chi", "chidi@"])
def test_a_lead_is_found_by_name_and_address(text: str, conn: psycopg.Connection, place: Workspace) -> None:
    add(conn, place, 1)
    wanted = add(conn, place, 7, first_name="Chidi", last_name="Okafor", email="chidi@example.com")
    assert ids(leads.find(conn, place.id, Wanted(text=text))) == [wanted]


def test_a_lead_is_found_by_each_number_that_a_text_may_mean(conn: psycopg.Connection, place: Workspace) -> None:
    add(conn, place, 1)
    two, three = add(conn, place, 2), add(conn, place, 3)
    meant = ("+12125550002", "+12125550003", "+442125550002")
    assert ids(leads.find(conn, place.id, Wanted("212 555 000", addresses=meant))) == [two, three]


@pytest.mark.parametrize(
    "text", ["mary ann", "Mary Ann van der Berg", "van der", "van der berg mary", "Van der Berg, Mary Ann", "mary van"]
)
def test_a_name_of_many_words_is_found_by_its_beginning_and_whole(
    text: str, conn: psycopg.Connection, place: Workspace
) -> None:
    add(conn, place, 1, first_name="Mary", last_name="Lee")
    wanted = add(conn, place, 7, first_name="Mary Ann", last_name="van der Berg")
    assert ids(leads.find(conn, place.id, Wanted(text=text))) == [wanted]


def test_search_takes_signs_literally(conn: psycopg.Connection, place: Workspace) -> None:
    add(conn, place, 1)
    for text in ("%", "_", "a%", "%' or 1=1 --", "\\", ",", "ann %"):
        assert ids(leads.find(conn, place.id, Wanted(text=text))) == []


def test_another_workspace_is_never_searched(conn: psycopg.Connection, place: Workspace) -> None:
    add(conn, place, 7)
    other = a_workspace(conn, name="Other")
    for text in ("", "lee", "+12125550007", "lead7@example.com"):
        assert ids(leads.find(conn, other.id, Wanted(text=text, addresses=(text,)))) == []


def test_a_rare_status_is_looked_for_in_stretches(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "STRETCH", 3)
    for number in range(4):
        add(conn, place, number)
    rare = add(conn, place, 5, status="won")
    first = leads.find(conn, place.id, Wanted(status="won"))
    assert (ids(first), first.stopped) == ([], True)
    second = leads.find(conn, place.id, Wanted(status="won", after=first.next))
    assert (ids(second), second.next) == ([rare], "")


def test_filters_hold_for_search_too(conn: psycopg.Connection, place: Workspace) -> None:
    add(conn, place, 1)
    won = add(conn, place, 2, status="won")
    assert ids(leads.find(conn, place.id, Wanted(text="ann lee", status="won"))) == [won]
    assert ids(leads.find(conn, place.id, Wanted(text="ann lee", owner="jo"))) == []


def test_leads_that_nobody_has_who_is_there_are_found_together(conn: psycopg.Connection, place: Workspace) -> None:
    add(conn, place, 1, owner="jo")
    nobodys = add(conn, place, 2, owner=None)
    of_one_who_left = add(conn, place, 3, owner="sam")
    conn.execute("update people set active = false where key = 'sam'")
    wanted = [nobodys, of_one_who_left]
    assert ids(leads.find(conn, place.id, Wanted(owner=leads.NOBODY))) == wanted
    assert ids(leads.find(conn, place.id, Wanted(text="ann", owner=leads.NOBODY))) == wanted


def test_a_search_with_filters_looks_past_those_that_do_not_fit_and_says_where_it_stopped(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "ENOUGH", 3)
    for number in range(4):
        add(conn, place, number)
    won = add(conn, place, 5, status="won")
    found = leads.find(conn, place.id, Wanted(text="lee", status="won"))
    assert (ids(found), found.stopped) == ([won], False)
    monkeypatch.setattr(leads, "STRETCH", 4)
    found = leads.find(conn, place.id, Wanted(text="lee", status="lost"))
    assert (ids(found), found.stopped) == ([], True)


def test_a_cursor_of_somebody_else_s_making_is_refused(conn: psycopg.Connection, place: Workspace) -> None:
    with pytest.raises(ValueError, match="UUID"):
        leads.find(conn, place.id, Wanted(after="2026-11-24~zzz"))
