"""STOP, HELP and START are answered once, by us or by the provider, and the story says what was said."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, minutes, starter_files, story
from warmline.channels.contract import Signal
from warmline.intake.forget import forget
from warmline.intake.inbound import receive
from warmline.store.connect import connect
from warmline.store.workspaces import Workspace

PHONE = "+12125550123"


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def by_provider(conn: psycopg.Connection) -> Workspace:
    toml = starter_files()["warmline.toml"].replace("[channels.sms]\n", '[channels.sms]\nkeywords = "provider"\n')
    return a_workspace(conn, {"warmline.toml": toml})


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    return a_lead(conn, workspace, phone=PHONE)


def text(
    conn: psycopg.Connection, workspace: Workspace, words: str, key: str, after: float = 0, sender: str = PHONE,
    **data: str,
) -> list[str]:  # fmt: skip
    at = TUESDAY + minutes(after)
    return receive(conn, workspace, [Signal("inbound", at, sender=sender, text=words, key=key, data=data)], at)


def answers(conn: psycopg.Connection) -> list[tuple[str, str]]:
    query = "select data->>'word', data->>'text' from events where kind = 'keyword.answered' order by seq"
    return list(conn.execute(query.encode()).fetchall())


def test_a_stop_is_confirmed_once_in_the_words_of_the_workspace(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    said = workspace.config.channels["sms"].answers["stop"]
    assert text(conn, workspace, "STOP", "k1") == [said]
    assert text(conn, workspace, "STOP", "k1") == []  # told twice
    assert text(conn, workspace, "Please stop texting me", "k2", 5) == []  # confirmed already
    assert answers(conn) == [("stop", said)]
    assert story(conn, lead)[:2] == ["opted.out", "keyword.answered"]


def test_start_is_answered_when_it_lifts_an_opt_out_and_the_next_stop_again(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    for key, words in (("k1", "STOP"), ("k2", "START"), ("k3", "START"), ("k4", "STOP")):
        text(conn, workspace, words, key)
    assert [word for word, _ in answers(conn)] == ["stop", "start", "stop"]


def test_help_is_answered_but_not_again_within_minutes(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    said = [text(conn, workspace, "HELP", f"k{after}", after) for after in (0, 1, 9.9, 10)]
    assert [len(one) for one in said] == [1, 0, 0, 1]
    assert story(conn, lead).count("help.asked") == 4


def test_where_the_provider_answers_we_say_nothing(conn: psycopg.Connection, by_provider: Workspace) -> None:
    a_lead(conn, by_provider, phone=PHONE)
    assert [text(conn, by_provider, words, words) for words in ("HELP", "STOP", "START")] == [[], [], []]
    assert answers(conn) == []


def test_what_the_provider_says_it_has_answered_is_not_answered_again(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    assert text(conn, workspace, "STOP", "k", answered_by="twilio") == []
    assert "opted.out" in story(conn, lead)


@pytest.mark.parametrize("words", ["Help please", "Help!", "info pls", "AYUDA", "AIDE"])
def test_help_that_no_provider_answers_is_a_persons_to_answer(
    conn: psycopg.Connection, by_provider: Workspace, words: str
) -> None:
    lead = a_lead(conn, by_provider, phone=PHONE)
    assert text(conn, by_provider, words, "k") == []
    assert "replied" in story(conn, lead)
    [(kind, note)] = conn.execute("select kind, note from tasks where status = 'open'").fetchall()
    assert (kind, words in note) == ("hand_off", True)


@pytest.mark.parametrize(("words", "asks"), [("HELP", ""), ("info", ""), ("ROOF", "help")])
def test_help_that_the_provider_answers_is_no_reply(
    conn: psycopg.Connection, by_provider: Workspace, words: str, asks: str
) -> None:
    lead = a_lead(conn, by_provider, phone=PHONE)
    assert text(conn, by_provider, words, "k", asks=asks) == []
    assert story(conn, lead) == ["help.asked"]


def test_help_by_mail_is_a_persons_to_answer(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    assert text(conn, workspace, "Help", "k", sender="ann@example.com") == []
    assert "replied" in story(conn, lead)


def test_what_the_provider_took_a_text_for_counts_before_its_words(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    for key, asks in (("k1", "stop"), ("k2", "start"), ("k3", "help")):
        assert text(conn, workspace, "ROOFOFF", key, asks=asks, answered_by="twilio") == []
    assert [kind for kind in story(conn, lead) if "." in kind and not kind.startswith("task")] == [
        "opted.out", "opted.in", "help.asked"
    ]  # fmt: skip
    data = conn.execute("select data->>'rule' from events where kind = 'opted.out'").fetchone()
    assert data == ("taken for it by twilio",)


def test_a_strangers_word_that_the_provider_took_for_stop_counts(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    assert text(conn, workspace, "ROOFOFF", "k", sender="+12125559999", asks="stop", answered_by="twilio") == []
    assert conn.execute("select value from suppressions").fetchall() == [("+12125559999",)]


def kinds_of_news(conn: psycopg.Connection) -> list[str]:
    return [kind for (kind,) in conn.execute("select kind from events where kind like '%.%' order by seq").fetchall()]


@pytest.mark.parametrize("status", ["", "won"])
def test_a_keyword_of_a_source_that_the_provider_takes_for_start_makes_a_lead_all_the_same(
    conn: psycopg.Connection, workspace: Workspace, status: str
) -> None:
    if status:
        a_lead(conn, workspace, phone=PHONE, status=status)
    assert text(conn, workspace, "Quote", "k", asks="start", answered_by="twilio") == []
    assert kinds_of_news(conn)[0] == "keyword.received"
    assert conn.execute("select status from leads").fetchall() == [("open",)]
    assert conn.execute("select count(*) from enrollments where playbook = 'keyword-text'").fetchone() == (1,)
    assert conn.execute("select count(*) from quarantine").fetchone() == (0,)


def test_a_keyword_that_the_provider_takes_for_start_lifts_an_opt_out_first(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    text(conn, workspace, "STOP", "k1")
    text(conn, workspace, "Quote", "k2", 1, asks="start", answered_by="twilio")
    assert [kind for kind in kinds_of_news(conn) if not kind.startswith("task")] == [
        "opted.out", "keyword.answered", "opted.in"
    ]  # fmt: skip
    assert ("+12125550123", ["call", "email", "voicemail"]) in in_force(conn)


def test_a_stop_by_mail_gets_no_text(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    assert text(conn, workspace, "STOP", "k", sender="ann@example.com") == []
    assert "opted.out" in story(conn, lead)


def test_a_stranger_who_says_stop_is_answered_once(conn: psycopg.Connection, workspace: Workspace) -> None:
    said = [text(conn, workspace, "STOP", key, sender="+12125559999") for key in ("k1", "k1", "k2")]
    assert [len(one) for one in said] == [1, 0, 0]


def test_a_reply_is_not_answered_by_a_machine(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    assert text(conn, workspace, "Can you stop by at 5?", "k") == []


def test_two_webhooks_at_the_same_moment_make_one_confirmation(
    conn: psycopg.Connection, dsn: str, workspace: Workspace, lead: UUID
) -> None:
    said: list[list[str]] = []
    ready = threading.Barrier(4)

    def tell(number: int) -> None:
        with connect(dsn, "test") as mine:
            ready.wait()
            said.append(text(mine, workspace, "STOP", f"k{number % 2}"))  # two messages, each told twice

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(len(one) for one in said) == [0, 0, 0, 1]
    assert len(answers(conn)) == 1


def in_force(conn: psycopg.Connection) -> list[tuple[str, list[str]]]:
    """What each number, mail address or person is kept from."""
    rows = conn.execute("select value, channels from suppressions where lifted_at is null").fetchall()
    return sorted((value, sorted(channels)) for value, channels in rows)


def test_start_lifts_an_opt_out_of_texts_where_channels_are_kept_apart(conn: psycopg.Connection) -> None:
    toml = starter_files()["warmline.toml"].replace('opt_out = "all"', 'opt_out = "channel"')
    workspace = a_workspace(conn, {"warmline.toml": toml})
    lead = a_lead(conn, workspace, phone=PHONE)
    said = workspace.config.channels["sms"].answers
    assert text(conn, workspace, "STOP", "k1") == [said["stop"]]
    assert text(conn, workspace, "START", "k2", 1) == [said["start"]]
    assert in_force(conn) == [(PHONE, ["call", "voicemail"]), (str(lead), ["call", "voicemail"])]
    assert story(conn, lead).count("opted.in") == 1
    assert text(conn, workspace, "START", "k3", 2) == []  # nothing to lift any more: a person reads it


def test_start_lifts_an_opt_out_of_before_the_lead_had_another_address(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    text(conn, workspace, "STOP", "k1")
    lead = a_lead(conn, workspace, phone=PHONE)
    assert len(text(conn, workspace, "START", "k2", 60)) == 1
    assert in_force(conn) == [(PHONE, ["call", "email", "voicemail"])]
    assert "opted.in" in story(conn, lead)
    assert conn.execute("select wording from consents where level = 'express'").fetchall() == [("start",)]


def test_start_leaves_what_speaks_of_mail_alone(conn: psycopg.Connection) -> None:
    toml = starter_files()["warmline.toml"].replace('opt_out = "all"', 'opt_out = "channel"')
    workspace = a_workspace(conn, {"warmline.toml": toml})
    lead = a_lead(conn, workspace, phone=PHONE, email="ann@example.com")
    text(conn, workspace, "STOP", "k1", sender="ann@example.com")
    before = in_force(conn)
    assert text(conn, workspace, "START", "k2", 1) == []
    assert in_force(conn) == before == [(str(lead), ["email"]), ("ann@example.com", ["email"])]


@pytest.mark.parametrize("known", [True, False])
def test_start_that_is_told_late_lifts_no_stop_that_was_written_after_it(
    conn: psycopg.Connection, workspace: Workspace, known: bool
) -> None:
    if known:
        a_lead(conn, workspace, phone=PHONE)
    text(conn, workspace, "STOP", "k1", 5)
    before = in_force(conn)
    late = Signal("inbound", TUESDAY + minutes(4), sender=PHONE, text="START", key="k2")
    assert receive(conn, workspace, [late], TUESDAY + minutes(6)) == []
    assert in_force(conn) == before
    assert len(text(conn, workspace, "START", "k3", 7)) == 1
    assert in_force(conn) != before


def test_start_does_not_lift_what_others_have_put_on_the_list(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    text(conn, workspace, "STOP", "k1")
    conn.execute("update suppressions set reason = 'listed' where scope = 'address'")
    before = in_force(conn)
    assert text(conn, workspace, "START", "k2", 1) == []
    assert in_force(conn) == before


def test_start_of_a_stranger_lifts_the_strangers_stop_once(conn: psycopg.Connection, workspace: Workspace) -> None:
    said = workspace.config.channels["sms"].answers
    for turn in range(2):
        assert text(conn, workspace, "STOP", f"stop{turn}", turn * 60) == [said["stop"]]
        assert text(conn, workspace, "START", f"start{turn}", turn * 60 + 1) == [said["start"]]
        assert text(conn, workspace, "START", f"again{turn}", turn * 60 + 2) == []
    assert conn.execute("select count(*) from leads").fetchone() == (0,)
    assert dict(in_force(conn)) == {PHONE: ["call", "email", "voicemail"]}


def test_start_lifts_the_wish_of_somebody_who_was_erased(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    forget(conn, workspace, lead, "kim", TUESDAY)
    assert len(text(conn, workspace, "START", "k1", 60)) == 1
    assert text(conn, workspace, "START", "k2", 61) == []
    assert dict(in_force(conn))[PHONE] == ["call", "email", "voicemail"]


def test_a_strangers_stop_told_twice_at_the_same_moment_is_one_row_and_one_confirmation(
    conn: psycopg.Connection, dsn: str, workspace: Workspace
) -> None:
    numbers = [f"+1212555{1000 + number}" for number in range(40)]
    said: list[tuple[str, int]] = []
    ready = threading.Barrier(2)

    def tell() -> None:
        with connect(dsn, "test") as mine:
            for number in numbers:
                ready.wait()
                said.append((number, len(text(mine, workspace, "STOP", f"SM{number}", sender=number))))

    threads = [threading.Thread(target=tell) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {number: sum(count for told, count in said if told == number) for number in numbers} == dict.fromkeys(
        numbers, 1
    )
    rows = conn.execute("select value, count(*) from suppressions group by 1").fetchall()
    assert dict(rows) == dict.fromkeys(numbers, 1)


def test_an_answer_outlives_a_day(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    text(conn, workspace, "STOP", "k1")
    assert text(conn, workspace, "STOP", "k2", timedelta(days=1) / minutes(1)) == []
