"""Calls of which nothing was heard for their time: what the provider says of them counts as if it had told it itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from psycopg.pq import TransactionStatus

from tests.builders import minutes, story
from tests.intake.line import LOST, NOW, Line
from tests.intake.test_acts import look
from warmline.channels.call.contract import CannotSay, Detected
from warmline.intake import lost_calls
from warmline.intake.acts import ActError
from warmline.intake.lost_calls import MOST, Told, settle_lost
from warmline.store import calls
from warmline.store.calls import Lost
from warmline.store.connect import connect
from warmline.store.ids import touch_ref


@pytest.fixture
def dialled(line: Line, task: UUID) -> UUID:
    """The lead's phone rings, and that is the last that was heard."""
    line.press(task)
    line.connect()
    line.hear(line.their("ringing"))
    line.loses()
    return task


def ends(line: Line) -> list[tuple[str, str]]:
    return [(data["outcome"], data["how"]) for kind, data in line.told() if kind == "call.ended"]


def test_a_talk_whose_answer_was_not_told_is_still_a_talk(line: Line, dialled: UUID) -> None:
    assert line.asks([Detected(line.ref, "human"), line.their("answered"), line.rep("answered")]) == 1
    assert (line.call.status, line.call.lost, line.on_call()) == ("talking", False, {str(line.call.id): NOW})
    assert line.asks() == 0, "it is on its way again"
    line.hangs_up(300)
    assert ends(line) == [("connected", "a person answered, over after 300 s")]


def test_a_talk_is_asked_about_after_minutes_and_not_after_the_hours_that_it_may_last(line: Line, task: UUID) -> None:
    line.press(task)
    line.talks()
    line.is_silent(minutes(4))
    assert line.asks() == 0
    line.is_silent(minutes(2))
    assert line.asks([line.their("ended", 300), line.rep("ended")]) == 1
    assert (line.call.status, line.on_call()) == ("ended", {})
    assert ends(line) == [("connected", "a person answered, over after 300 s")]


def test_a_talk_of_which_the_provider_can_not_say_is_taken_for_one_as_long_as_one_lasts(line: Line, task: UUID) -> None:
    line.press(task)
    line.talks()
    line.is_silent(minutes(6))
    assert [line.asks(), line.asks()] == [1, 0]
    assert (line.call.status, len(line.on_call())) == ("talking", 1)
    line.is_silent(minutes(6))
    assert line.asks() == 1, "it may know better by now"
    line.is_silent(minutes(240))
    assert line.asks() == 1
    assert (line.call.status, line.on_call()) == ("unknown", {})


def test_a_call_that_is_over_while_the_leads_phone_was_not_told_of_is_asked_about_once(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    line.hear(line.rep("ended"))
    assert ends(line) == [("", "hung up, and nobody told what became of the lead's phone")]
    assert line.asks() == 0, "it may still be told"
    line.is_silent(minutes(6))
    assert line.asks([line.their("no_answer"), line.rep("ended")]) == 1
    assert line.done(task) == ("done", "missed")
    assert ends(line)[1:] == [("missed", "no answer")]


@pytest.mark.parametrize("answers", [True, False])
def test_what_nobody_can_tell_of_a_call_that_is_over_is_not_asked_for_ever(
    line: Line, task: UUID, answers: bool
) -> None:
    line.press(task)
    line.connect()
    line.hear(line.their("ended", 40), line.rep("ended"))  # and who took it was not told
    line.is_silent(minutes(6))
    assert line.asks([line.their("ended", 40), line.rep("ended")] if answers else LOST) == 1
    line.is_silent(minutes(600))
    assert line.asks() == 0
    assert (line.call.status, line.done(task)) == ("ended", ("open", ""))


def test_a_call_of_which_all_was_told_is_not_asked_about(line: Line, task: UUID) -> None:
    line.press(task)
    line.talks()
    line.hangs_up()
    line.is_silent(minutes(600))
    assert line.asks() == 0


def test_a_talk_whose_end_was_not_told_ends_as_its_callback_would_have_ended_it(line: Line, dialled: UUID) -> None:
    line.asks([Detected(line.ref, "human"), line.their("ended", 300), line.rep("ended")])
    assert (line.call.status, line.call.outcome, line.done(dialled)) == ("ended", "connected", ("open", ""))
    assert (ends(line), line.on_call()) == ([("connected", "a person answered, over after 300 s")], {})


def test_nobody_answered_and_the_playbook_goes_on_as_if_it_had_been_told(line: Line, dialled: UUID) -> None:
    line.asks([line.their("no_answer"), line.rep("ended")])
    assert line.done(dialled) == ("done", "missed")
    look(line.conn, line.lead, NOW)
    assert ends(line) == [("missed", "no answer")]


@pytest.mark.parametrize("first", ["asked", "told"])
def test_what_is_both_asked_and_told_happens_once(line: Line, dialled: UUID, first: str) -> None:
    words = [Detected(line.ref, "machine"), line.their("ended", 31), line.rep("ended")]

    def told_meanwhile(lost: Sequence[Lost]) -> list[Told]:
        line.hear(*words)
        return [words]

    if first == "told":
        assert settle_lost(line.conn, told_meanwhile, lambda: NOW) == 1
    else:
        line.asks(words)
        line.hear(*words)
    assert line.done(dialled) == ("done", "voicemail")
    assert ends(line) == [("voicemail", "a machine answered, over after 31 s")]
    assert story(line.conn, line.lead).count("task.done") == 1


def test_a_call_of_which_the_provider_knows_nothing_is_given_up_and_the_story_says_why(
    line: Line, dialled: UUID
) -> None:
    assert line.asks(CannotSay("Twilio could not be asked")) == 1
    assert (line.call.status, line.on_call(), line.done(dialled)) == ("unknown", {}, ("open", ""))
    assert ends(line) == [("", "nothing more was heard of it, and Twilio could not be asked")]


def test_a_call_that_is_heard_of_while_the_provider_is_asked_is_not_given_up(line: Line, dialled: UUID) -> None:
    def told_meanwhile(lost: Sequence[Lost]) -> list[Told]:
        line.hear(line.their("answered"))
        return [LOST]

    settle_lost(line.conn, told_meanwhile, lambda: NOW)
    assert (line.call.status, ends(line)) == ("talking", [])


def test_the_provider_is_asked_in_no_transaction_and_the_lead_is_free_meanwhile(
    line: Line, dialled: UUID, dsn: str
) -> None:
    seen: list[object] = []

    def ask(lost: Sequence[Lost]) -> list[Told]:
        seen.append(line.conn.info.transaction_status)
        with connect(dsn) as other:
            seen.append(other.execute("select id from leads where id = %s for update nowait", (line.lead,)).rowcount)
            seen.append(calls.take_lost(other, MOST, lost_calls.LEASE))  # another engine
        return [LOST]

    settle_lost(line.conn, ask, lambda: NOW)
    assert seen == [TransactionStatus.IDLE, 1, []]


def test_a_call_that_is_asked_about_is_under_way_until_it_is_known_to_be_lost(line: Line, dialled: UUID) -> None:
    def pressed_meanwhile(lost: Sequence[Lost]) -> list[Told]:
        with pytest.raises(ActError, match=r"under way|on the phone"):
            line.press(dialled, NOW)
        return [LOST]

    ref = line.ref
    settle_lost(line.conn, pressed_meanwhile, lambda: NOW + minutes(6))
    assert line.press(dialled, NOW + minutes(7)).ref != ref


def test_an_engine_that_dies_while_it_asks_leaves_the_call_to_the_next(line: Line, dialled: UUID) -> None:
    calls.take_lost(line.conn, MOST, lost_calls.LEASE)
    assert line.asks() == 0
    line.loses()  # its lease is over
    assert line.asks() == 1


def test_of_many_that_are_lost_only_a_few_are_asked_about_at_once(line: Line, dialled: UUID) -> None:
    line.conn.execute(
        """
        insert into calls (lane, id, lead_id, workspace_id, task_id, rep, rep_phone, lead_phone, status, provider,
          placed_at, lost_at, ask_at)
        select lane, gen_random_uuid(), lead_id, workspace_id, gen_random_uuid(), rep, rep_phone, lead_phone, 'placing',
          provider, placed_at, lost_at, ask_at from calls, generate_series(1, 2 * %s)
        """,
        (MOST,),
    )
    rounds = [line.asks() for _ in range(4)]
    assert rounds == [MOST, MOST, 1, 0]


def test_one_call_that_can_not_be_written_holds_up_no_other(
    line: Line, dialled: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.conn.execute(
        """
        insert into calls (lane, id, lead_id, workspace_id, task_id, rep, rep_phone, lead_phone, status, provider,
          placed_at, lost_at, ask_at)
        select lane, gen_random_uuid(), lead_id, workspace_id, gen_random_uuid(), rep, rep_phone, lead_phone, 'placing',
          provider, placed_at, lost_at - interval '1 minute', ask_at - interval '1 minute' from calls
        """
    )
    heard = lost_calls.hear

    def hear(conn: object, workspace: object, word: object, now: object) -> object:
        if getattr(word, "ref", "") != line.ref:
            raise ValueError("no such leg")
        return heard(conn, workspace, word, now)  # type: ignore[arg-type]

    monkeypatch.setattr(lost_calls, "hear", hear)

    def ask(lost: Sequence[Lost]) -> list[Told]:
        return [[Detected(touch_ref(one.lane, one.id), "human")] for one in lost]

    assert settle_lost(line.conn, ask, lambda: NOW) == 2
    assert line.call.answered_by == "human"


def test_a_call_that_was_forgotten_while_the_provider_was_asked_is_nobodys(line: Line, dialled: UUID) -> None:
    def forgotten_meanwhile(lost: Sequence[Lost]) -> list[Told]:
        line.conn.execute("delete from calls")
        return [[line.rep("ended")]]

    assert settle_lost(line.conn, forgotten_meanwhile, lambda: NOW) == 1
    assert "call.ended" not in story(line.conn, line.lead)
