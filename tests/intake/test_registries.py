"""Files of registries: taken whole or not at all, for what they cover, and asked by the gate from then on."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, starter_files
from warmline.insight.may import may
from warmline.intake.registries import UnusableFileError, import_answers, import_registry, registries_known
from warmline.lookups.contract import LookUpError
from warmline.store import numbers
from warmline.store.workspaces import Workspace

DAY = date(2026, 11, 20)
FTC = ["212,5550123\n", "212,5550124\n", "303,5550125\n"]


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def take(conn: psycopg.Connection, place: Workspace, lines: list[str], day: date = DAY, *codes: str) -> int:
    count, _ = import_registry(
        conn, place, "us.national", lines, as_of=day, area_codes=codes, name="dnc.txt", who="kim", now=TUESDAY
    )
    return count


def said(conn: psycopg.Connection, place: Workspace, number: str, *, days: int = 0) -> str:
    """What the gate's box says of a call to the number: the rule that refuses, or ""."""
    found = may(conn, place, number, TUESDAY + timedelta(days=days))
    call = next(one for one in found.channels if one.channel == "call")
    return next((one.saw for one in call.findings if one.rule == "registry" and one.result != "pass"), "")


def test_a_number_of_the_file_is_refused_and_another_it_covers_is_not(
    conn: psycopg.Connection, place: Workspace
) -> None:
    assert "never asked" in said(conn, place, "+12125550123")
    assert take(conn, place, FTC) == 3
    assert "stands in the registry us.national of 20 Nov 2026" in said(conn, place, "+12125550123")
    assert said(conn, place, "+12125550199") == ""


def test_a_file_of_some_area_codes_says_nothing_of_others(conn: psycopg.Connection, place: Workspace) -> None:
    take(conn, place, FTC[:2], DAY, "212")
    assert said(conn, place, "+12125550199") == ""
    assert "never asked" in said(conn, place, "+13035550125")
    with pytest.raises(UnusableFileError, match="outside the area codes named"):
        take(conn, place, FTC, DAY, "212")


def test_a_newer_file_takes_off_what_it_lists_no_more_of_what_it_covers(
    conn: psycopg.Connection, place: Workspace
) -> None:
    take(conn, place, FTC)
    take(conn, place, ["2125550124\n"], DAY + timedelta(days=2), "212")
    assert said(conn, place, "+12125550123") == ""
    assert "stands in" in said(conn, place, "+12125550124")
    assert "stands in" in said(conn, place, "+13035550125")


def test_a_file_is_good_for_31_days_and_refuses_on_the_32nd(conn: psycopg.Connection, place: Workspace) -> None:
    take(conn, place, FTC)
    to_day = (DAY - TUESDAY.date()).days
    assert said(conn, place, "+12125550199", days=to_day + 31) == ""
    assert "32 days old" in said(conn, place, "+12125550199", days=to_day + 32)


def test_a_lead_that_asked_for_it_may_be_called_all_the_same_for_three_months(
    conn: psycopg.Connection, place: Workspace
) -> None:
    a_lead(conn, place, consents={"call": "inquiry"}, region="US-NY")
    take(conn, place, FTC)
    assert said(conn, place, "+12125550123") == ""
    assert "stands in" in said(conn, place, "+12125550123", days=95)


@pytest.mark.parametrize(
    ("registry", "lines", "day", "why"),
    [
        ("us.nothing", FTC, DAY, "There is no registry"),
        ("us.national", FTC, date(2027, 1, 1), "has not come yet"),
        ("us.national", [*(["a book about cats\n"] * 20), *FTC], DAY, "Is it the right file"),
    ],
)
def test_a_file_that_can_not_be_it_changes_nothing(
    conn: psycopg.Connection, place: Workspace, registry: str, lines: list[str], day: date, why: str
) -> None:
    with pytest.raises(UnusableFileError, match=why):
        import_registry(conn, place, registry, lines, as_of=day, name="x", who="kim", now=TUESDAY)
    assert numbers.files(conn, place.id) == ()
    assert conn.execute("select count(*) from number_facts").fetchone() == (0,)


def test_a_file_of_today_is_taken_where_the_day_has_begun(conn: psycopg.Connection) -> None:
    toml = starter_files()["warmline.toml"].replace("America/New_York", "Australia/Sydney")
    place = a_workspace(conn, {"warmline.toml": toml})
    morning = TUESDAY.replace(hour=22)  # Wednesday, 9 in the morning in Sydney
    import_registry(conn, place, "us.national", FTC, as_of=date(2026, 11, 25), name="x", who="kim", now=morning)
    assert [one.as_of for one in numbers.imported(conn, place.id)] == [date(2026, 11, 25)]


def test_every_registry_that_a_law_asks_can_be_imported() -> None:
    assert {"us.national", "ca.dncl", "gb.tps", "au.dncr", "us.tx"} <= registries_known().keys()


def test_answers_come_from_a_file_and_an_older_one_changes_nothing(conn: psycopg.Connection, place: Workspace) -> None:
    head = "number,line,reassigned,asked_at\n"
    assert import_answers(conn, place, [head, "+12125550123,landline,,2026-11-20\n"], "a.csv", TUESDAY) == (1, 1)
    assert import_answers(conn, place, [head, "+12125550123,mobile,,2026-11-10\n"], "b.csv", TUESDAY) == (1, 0)
    found = may(conn, place, "+12125550123", TUESDAY)
    assert next(one for one in found.channels if one.channel == "sms").rule == "line"
    with pytest.raises(LookUpError, match="Line 3"):
        import_answers(
            conn, place, [head, "+12125550123,mobile,,2026-11-25\n", "x,mobile,,2026-11-25\n"], "c.csv", TUESDAY
        )
    assert [one.answer for one in numbers.of_number(conn, place.id, "+12125550123")] == ["landline"]


def test_one_workspace_s_files_say_nothing_in_another(conn: psycopg.Connection, place: Workspace) -> None:
    other = a_workspace(conn, name="Other")
    take(conn, place, FTC)
    assert "never asked" in said(conn, other, "+12125550123")


@pytest.mark.parametrize("lines", [[], ["# 0 numbers\n"], [*FTC, "212,55"]], ids=["empty", "a heading", "cut short"])
def test_a_file_that_was_not_downloaded_whole_takes_nobody_off(
    conn: psycopg.Connection, place: Workspace, lines: list[str]
) -> None:
    take(conn, place, FTC)
    with pytest.raises(UnusableFileError, match=r"not downloaded whole\. Fetch it again"):
        take(conn, place, lines, DAY + timedelta(days=1))
    assert "stands in the registry us.national of 20 Nov 2026" in said(conn, place, "+12125550123")
