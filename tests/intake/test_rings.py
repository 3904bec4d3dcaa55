"""Calls that come in: whose phone rings, who has the lead afterwards, and what a message on the voicemail does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, starter_files, story
from tests.intake.test_acts import look
from tests.waiting import ended_once
from warmline.channels.call.contract import (
    HangUp,
    Nothing,
    Offer,
    PickedUp,
    Rang,
    RangOut,
    Recorded,
    Ring,
    TakeMessage,
    Took,
    Transcribed,
)
from warmline.intake import rings
from warmline.intake.calls import hear
from warmline.store.workspaces import Workspace

PHONE, STRANGER, OWN = "+12125550123", "+12125550199", "+12125550144"
CALL = "CA" + "1" * 32
SAM, JO = ("sam", "+15550104477"), ("jo", "+15550104478")
NIGHT = TUESDAY + timedelta(hours=12)


class Switchboard:
    def __init__(self, conn: psycopg.Connection) -> None:
        self.conn, self.workspace = conn, a_workspace(conn)

    def hear(self, heard: Any, now: datetime = TUESDAY) -> Any:
        return hear(self.conn, self.workspace, heard, now)

    def message(self, caller: str = PHONE, text: str = "", recording: str = "RE1") -> None:
        assert self.hear(RangOut(CALL, caller, False)) == TakeMessage(CALL, caller, "Acme Roofing")
        assert self.hear(Recorded(CALL, caller, recording, "https://api/RE1", 17)) == HangUp("Thank you. Goodbye.")
        if text:
            assert self.hear(Transcribed(CALL, caller, recording, text)) == Nothing()

    def one(self, query: str, *params: Any) -> Any:
        row = self.conn.execute(query.encode(), params).fetchone()
        return row[0] if row and len(row) == 1 else row


@pytest.fixture
def board(conn: psycopg.Connection) -> Switchboard:
    return Switchboard(conn)


@pytest.fixture
def workspace(board: Switchboard) -> Workspace:
    return board.workspace


@pytest.fixture
def lead(board: Switchboard) -> UUID:
    """Sam's lead, in the pricing playbook."""
    lead = a_lead(board.conn, board.workspace, owner="sam")
    enrolled(board.conn, board.workspace, "pricing", lead)
    look(board.conn, lead, TUESDAY)
    return lead


def test_the_owners_phone_rings_and_a_strangers_call_rings_the_team(board: Switchboard, lead: UUID) -> None:
    assert board.hear(Rang(CALL, PHONE)) == Ring(CALL, PHONE, (SAM,))
    assert board.hear(Rang(CALL, STRANGER)) == Ring(CALL, STRANGER, (SAM, JO))
    assert board.hear(Rang(CALL, "anonymous")) == Ring(CALL, "anonymous", (SAM, JO))


@pytest.mark.parametrize("when", [TUESDAY, NIGHT])
def test_a_person_of_the_workspace_who_calls_in_hears_so_and_is_no_lead(board: Switchboard, when: datetime) -> None:
    toml = starter_files()["warmline.toml"].replace(SAM[1], OWN)
    board.workspace = a_workspace(board.conn, {"warmline.toml": toml})
    for heard in (Rang(CALL, OWN), Took(CALL, OWN, "jo", "1"), RangOut(CALL, OWN, talked=False)):
        answer = board.hear(heard, when)
        assert isinstance(answer, HangUp)
        assert "Call now" in answer.said
    assert board.one("select count(*) from leads") == 0


def test_a_person_who_tries_things_out_as_a_lead_calls_in_as_one(board: Switchboard) -> None:
    """Their texts are the lead's as well. The phone they call from is not rung."""
    toml = starter_files()["warmline.toml"].replace(SAM[1], OWN)
    board.workspace = a_workspace(board.conn, {"warmline.toml": toml})
    lead = a_lead(board.conn, board.workspace, phone=OWN, owner="sam")
    assert board.hear(Rang(CALL, OWN)) == Ring(CALL, OWN, (JO,))
    assert isinstance(board.hear(PickedUp(CALL, OWN, "jo")), Offer)
    assert isinstance(board.hear(RangOut(CALL, OWN, talked=False)), TakeMessage)
    assert "call.missed" in story(board.conn, lead)
    assert board.hear(Took("CA2", OWN, "jo", "1")) == Nothing()
    assert "called.back" in story(board.conn, lead)
    assert board.one("select count(*) from quarantine") == 0


def test_whoever_picks_up_hears_who_is_calling(board: Switchboard, lead: UUID) -> None:
    known, stranger = (board.hear(PickedUp(CALL, one, "sam")) for one in (PHONE, STRANGER))
    assert isinstance(known, Offer)
    assert isinstance(stranger, Offer)
    assert known.said.startswith("Ann Lee is calling.")
    assert "not known yet" in stranger.said


def test_a_call_that_is_taken_hands_the_lead_over(board: Switchboard, lead: UUID) -> None:
    assert board.hear(Took(CALL, PHONE, "sam", "1")) == Nothing()
    assert board.hear(Took(CALL, PHONE, "sam", "1")) == Nothing()  # told twice
    look(board.conn, lead, TUESDAY)
    told = story(board.conn, lead)
    assert (told.count("called.back"), told.count("handed.off")) == (1, 1)
    assert board.hear(RangOut(CALL, PHONE, False)) == HangUp()
    assert "call.missed" not in story(board.conn, lead)


def test_a_phone_that_a_machine_took_is_a_missed_call(board: Switchboard, lead: UUID) -> None:
    assert board.hear(Took(CALL, PHONE, "sam", "")) == HangUp()
    assert isinstance(board.hear(RangOut(CALL, PHONE, False)), TakeMessage)
    assert "call.missed" in story(board.conn, lead)


def test_a_stranger_who_is_not_answered_becomes_a_lead_of_the_missed_call_playbook(board: Switchboard) -> None:
    assert isinstance(board.hear(RangOut(CALL, STRANGER, False)), TakeMessage)
    board.hear(RangOut(CALL, STRANGER, False))  # told twice
    lead = board.one("select id from leads where phone = %s", STRANGER)
    assert story(board.conn, lead).count("call.missed") == 1
    assert board.one("select playbook from enrollments where lead_id = %s", lead) == "missed-call"


def test_a_stranger_who_is_answered_belongs_to_whoever_took_the_call(board: Switchboard) -> None:
    board.hear(Took(CALL, STRANGER, "jo", "1"))
    assert board.one("select status, owner from leads where phone = %s", STRANGER) == ("handed_off", "jo")


def test_at_night_nobodys_phone_rings(board: Switchboard, lead: UUID) -> None:
    assert isinstance(board.hear(Rang(CALL, PHONE), NIGHT), TakeMessage)
    assert "call.missed" in story(board.conn, lead)


def test_a_message_is_a_person_who_spoke_to_us(board: Switchboard, lead: UUID) -> None:
    board.message()
    board.message()  # told twice
    look(board.conn, lead, TUESDAY)
    told = story(board.conn, lead)
    assert (told.count("voicemail.left"), told.count("handed.off")) == (1, 1)
    assert board.one("select status from leads where id = %s", lead) == "handed_off"
    assert board.one(
        "select data->>'recording' from events where lead_id = %s and kind = 'voicemail.left'", lead
    ) == "RE1"  # fmt: skip


def test_what_a_message_says_stands_in_the_story(board: Switchboard, lead: UUID) -> None:
    board.message(text="Please call me back about the roof")
    assert "voicemail.transcribed" in story(board.conn, lead)


@pytest.mark.parametrize(
    ("text", "kind"), [("Please stop calling me", "opted.out"), ("I am not interested right now", "doubtful")]
)
def test_an_opt_out_that_was_spoken_counts_as_one_that_was_written(
    board: Switchboard, lead: UUID, text: str, kind: str
) -> None:
    board.message(text=text)
    assert kind in story(board.conn, lead)


def test_a_message_told_after_what_it_says_ended_all_contact_asks_nobody_to_answer_it(
    board: Switchboard, lead: UUID
) -> None:
    board.hear(RangOut(CALL, PHONE, talked=False))
    board.hear(Transcribed(CALL, PHONE, "RE1", "stop calling me"))
    board.hear(Recorded(CALL, PHONE, "RE1", "https://api.test/RE1", 17))
    assert story(board.conn, lead)[-1] == "voicemail.left"
    assert board.one("select status from leads where id = %s", lead) == "opted_out"
    assert board.one("select count(*) from tasks where lead_id = %s and status = 'open'", lead) == 0


def test_a_message_of_nobody_we_know_is_kept_with_the_way_to_it(board: Switchboard) -> None:
    board.hear(Recorded(CALL, "anonymous", "RE9", "https://api/RE9", 5))
    assert "https://api/RE9" in board.one("select reason from quarantine")


def test_a_lead_that_opted_out_may_call_and_gets_nothing_automatic(board: Switchboard) -> None:
    out = a_lead(board.conn, board.workspace, owner="sam", status="opted_out")
    board.conn.execute(
        "insert into suppressions (id, workspace_id, scope, value, reason, at)"
        " values (gen_random_uuid(), %s, 'person', %s, 'opted_out', now())",
        (board.workspace.id, str(out)),
    )
    assert isinstance(board.hear(Rang(CALL, PHONE)), Ring)
    board.message()
    look(board.conn, out, TUESDAY)
    assert board.one("select count(*) from touches") == 0
    assert board.one("select count(*) from enrollments") == 0
    assert board.one("select status from leads where id = %s", out) == "opted_out"


def test_whoever_took_a_call_gets_the_lead_though_that_is_ended_in_a_ring_of_locks(
    board: Switchboard, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.conn.execute("update leads set owner = null")
    real = rings.inbound.receive

    def receive(*given: Any) -> Any:
        said = real(*given)
        ended_once(monkeypatch)
        return said

    monkeypatch.setattr(rings.inbound, "receive", receive)
    assert board.hear(Took(CALL, PHONE, "jo", "1")) == Nothing()
    assert board.one("select owner from leads") == "jo"
