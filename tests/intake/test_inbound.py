"""What providers and leads tell us, in any order and any number of times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, minutes, starter_files, story
from tests.waiting import ended_once
from warmline.channels.contract import Signal
from warmline.core.lead import Draft
from warmline.core.media import Media
from warmline.intake.accept import accept
from warmline.intake.inbound import receive
from warmline.intake.submission import Accepted, Given, Submission
from warmline.store import paces
from warmline.store.ids import lane_of, new_id, touch_ref
from warmline.store.workspaces import Workspace

LATER = TUESDAY + minutes(5)
PHONE, MAIL = "+12125550123", "ann@example.com"


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    draft = Draft(phone=PHONE, email=MAIL, first_name="Ann")
    given = (Given("express_written", ("sms", "voicemail"), "v1", "words"), Given("inquiry", ("email", "call")))
    (result,) = accept(conn, workspace, [Submission("pricing", draft, form="pricing", consents=given)], TUESDAY)
    assert isinstance(result, Accepted)
    return result.lead


def a_touch(
    conn: psycopg.Connection, lead: UUID, status: str = "sent", channel: str = "sms", *, step: str = "ack"
) -> str:
    touch, lane = new_id(), lane_of(lead)
    conn.execute(
        """
        insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose,
          template, status, ready_at, created_at, sent_at, address, leased_until)
        select %(lane)s, %(id)s, lead_id, workspace_id, id, version_id, %(step)s, %(channel)s, 'marketing', 't',
          %(status)s,
          %(at)s, %(at)s, %(at)s, %(address)s, case when %(status)s = 'sending' then %(at)s::timestamptz end
        from enrollments where lead_id = %(lead)s order by started_at desc limit 1
        """,
        {"lane": lane, "id": touch, "lead": lead, "step": step, "channel": channel, "status": status, "at": TUESDAY,
         "address": MAIL if channel == "email" else PHONE},
    )  # fmt: skip
    return touch_ref(lane, touch)


def tell(conn: psycopg.Connection, workspace: Workspace, kind: str, at: datetime = LATER, **more: Any) -> None:
    receive(conn, workspace, [Signal(kind, at, **more)], at)


def one(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    return row[0] if row and len(row) == 1 else row


def test_delivered_is_told_once_however_often_it_comes(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    ref = a_touch(conn, lead)
    for _ in range(3):
        tell(conn, workspace, "delivered", touch_id=ref, key="SM1:delivered")
    assert one(conn, "select status from touches") == "delivered"
    assert story(conn, lead).count("touch.delivered") == 1


def test_a_receipt_that_overtakes_the_hand_over_tells_of_both(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    tell(conn, workspace, "delivered", touch_id=a_touch(conn, lead, "sending"), key="k")
    assert one(conn, "select status from touches") == "delivered"
    assert story(conn, lead)[-2:] == ["touch.sent", "touch.delivered"]


def test_a_failure_after_delivery_changes_nothing(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    ref = a_touch(conn, lead, "delivered")
    before = story(conn, lead)
    tell(conn, workspace, "failed", touch_id=ref, reason="unreachable", key="k")
    assert (one(conn, "select status from touches"), story(conn, lead)) == ("delivered", before)


@pytest.mark.parametrize(("reason", "state"), [("invalid_number", "invalid"), ("not_sms_capable", "not_sms_capable"),
                                               ("filtered", "ok")])  # fmt: skip
def test_a_failure_says_what_it_means_for_the_number(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, reason: str, state: str
) -> None:
    tell(conn, workspace, "failed", touch_id=a_touch(conn, lead), reason=reason, code="30005", key="k")
    assert one(conn, "select status, reason from touches") == ("failed", reason)
    assert one(conn, f"select addresses->>'{PHONE}' from leads where addresses->>'{PHONE}' <> ''") == state
    assert "touch.failed" in story(conn, lead)


@pytest.mark.parametrize(("reason", "granted"), [("account_refused", 0), ("sender_config", 1)])
def test_a_closed_account_rests_its_channel_and_a_fault_of_one_message_does_not(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, reason: str, granted: int
) -> None:
    touch = a_touch(conn, lead)
    tell(conn, workspace, "failed", touch_id=touch, reason=reason, code="30002")
    assert paces.take(conn, workspace.id, "sms", 1, 10)[0] == granted
    assert paces.take(conn, workspace.id, "email", 1, 10)[0] == 1


def test_the_providers_opted_out_error_is_an_opt_out(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    tell(conn, workspace, "failed", touch_id=a_touch(conn, lead), reason="opted_out", code="21610", key="k")
    assert_opted_out(conn, lead, "opted_out")


def assert_opted_out(conn: psycopg.Connection, lead: UUID, reason: str) -> None:
    assert one(conn, "select status from leads") == "opted_out"
    assert one(conn, "select count(*) from suppressions where lifted_at is null and channels = '{}'") == 2
    assert one(conn, "select distinct reason from suppressions") == reason
    assert one(conn, "select status, end_reason from enrollments") == ("ended", "opted_out")
    assert one(conn, "select count(*) from tasks where status = 'open'") == 0
    assert one(conn, "select count(*) from touches where status = 'queued'") == 0
    assert story(conn, lead).count("opted.out") == 1


def test_stop_is_written_at_once_and_takes_back_what_is_queued(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    a_touch(conn, lead, "queued", "email", step="context")
    for _ in range(2):
        tell(conn, workspace, "inbound", sender=PHONE, recipient="+15005550006", text="STOP", key="SM9:inbound")
    assert_opted_out(conn, lead, "opted_out")
    assert one(conn, "select status, reason from touches") == ("refused", "opted_out")


def test_a_stop_from_a_number_without_its_country_opts_nobody_else_out(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    tell(conn, workspace, "inbound", sender=PHONE.removeprefix("+1"), text="STOP", key="k")
    assert one(conn, "select status from leads") == "open"
    assert one(conn, "select count(*) from suppressions") == 0
    assert one(conn, "select door from quarantine") == "signal:inbound"


PICTURE = Media("https://api.twilio.com/ME1", "image/jpeg")


@pytest.mark.parametrize(
    ("text", "kind", "note"),
    [
        ("", "hand_off", "sent a picture (image/jpeg)"),
        ("Like this", "hand_off", "Wrote: Like this; sent a picture (image/jpeg)"),
        ("wrong number", "read_reply", "wrong number; sent a picture (image/jpeg)"),
    ],
)
def test_a_picture_is_in_the_story_and_in_the_task(
    conn: psycopg.Connection, workspace: Workspace, text: str, kind: str, note: str
) -> None:
    a_lead(conn, workspace)
    tell(conn, workspace, "inbound", sender=PHONE, text=text, key="k", media=(PICTURE,))
    asked, said = one(conn, "select kind, note from tasks where status = 'open'")
    assert (asked, said.endswith(note)) == (kind, True)
    event = "replied" if kind == "hand_off" else "doubtful"
    assert one(conn, f"select data->'media' from events where kind = '{event}'") == [
        {"url": PICTURE.url, "type": PICTURE.type}
    ]


def test_a_picture_of_a_stranger_is_kept_with_the_text(conn: psycopg.Connection, workspace: Workspace) -> None:
    tell(conn, workspace, "inbound", sender="+12125550199", text="This roof", key="k1", media=(PICTURE,))
    body = one(conn, "select body from quarantine")
    assert msgspec.json.decode(body, type=Signal).media == (PICTURE,)
    tell(conn, workspace, "inbound", sender="+12125550199", text="Quote", key="k2", media=(PICTURE,))
    assert one(conn, "select data->'media'->0->>'url' from events where kind = 'keyword.received'") == PICTURE.url


def test_an_unsubscribe_link_counts_on_every_channel(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    tell(
        conn,
        workspace,
        "unsubscribed",
        touch_id=a_touch(conn, lead, channel="email"),
        key="u",
        data={"how": "one click"},
    )
    assert_opted_out(conn, lead, "unsubscribed")


def test_whoever_agreed_again_and_then_presses_the_button_of_the_same_old_mail_is_out_again(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    press = {"touch_id": a_touch(conn, lead, channel="email"), "key": "unsubscribe", "data": {"how": "page"}}
    tell(conn, workspace, "unsubscribed", **press)
    tell(conn, workspace, "unsubscribed", LATER + minutes(1), **press)
    assert story(conn, lead).count("opted.out") == 1
    given = Given("express_written", ("sms", "email"), "v1", "words")
    draft = Draft(phone=PHONE, email=MAIL)
    accept(conn, workspace, [Submission("pricing", draft, form="pricing", consents=(given,))], LATER + minutes(60))
    assert one(conn, "select status from leads") == "open"
    tell(conn, workspace, "unsubscribed", LATER + minutes(30), **press)  # pressed before that, and told late
    assert one(conn, "select status from leads") == "open"
    tell(conn, workspace, "unsubscribed", LATER + minutes(90), **press)
    assert one(conn, "select status from leads") == "opted_out"
    assert one(conn, "select count(*) from suppressions where lifted_at is null and channels = '{}'") == 2
    assert story(conn, lead).count("opted.out") == 2


def test_a_reply_wakes_the_playbook_that_runs(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    conn.execute("update enrollments set due_at = %s", (TUESDAY + timedelta(days=1),))
    tell(conn, workspace, "inbound", sender="+1 (212) 555-0123", text="Can you stop by at 5?", key="k")
    assert story(conn, lead)[-1] == "replied"
    assert one(conn, "select status, due_at from enrollments") == ("running", TUESDAY + minutes(5))
    assert one(conn, "select data->>'text' from events where kind = 'replied'") == "Can you stop by at 5?"


@pytest.mark.parametrize("status", ["open", "closed", "lost"])
def test_a_reply_after_the_playbook_is_over_goes_straight_to_a_person(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, status: str
) -> None:
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    conn.execute("update leads set status = %s", (status,))
    tell(conn, workspace, "inbound", sender=PHONE, text="Yes please", key="k")
    assert one(conn, "select status from leads") == "handed_off"
    assert one(conn, "select kind, status, owner from tasks") == ("hand_off", "open", "sam")
    tell(conn, workspace, "inbound", sender=PHONE, text="At four?", key="k2")
    assert "At four?" in one(conn, "select note from tasks")


def test_an_out_of_office_is_no_person(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    tell(conn, workspace, "inbound", sender=MAIL, text="I am away", key="k", data={"automated": "auto-replied"})
    assert story(conn, lead)[-1] == "replied"
    assert one(conn, "select count(*) from tasks") == 0
    assert one(conn, "select data->>'automated' from events where kind = 'replied'") == "auto-replied"


def test_a_doubtful_message_is_read_by_a_person_before_anything_else_goes_out(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    a_touch(conn, lead, "queued", "email", step="context")
    tell(conn, workspace, "inbound", sender=PHONE, text="not interested", key="k")
    assert one(conn, "select kind, status, note from tasks") == ("read_reply", "open", "not interested")
    assert one(conn, "select status from touches") == "refused"
    assert one(conn, "select status from leads") == "open"
    assert "doubtful" in story(conn, lead)


@pytest.mark.parametrize("begins", ["not interested.", "Thank you."])
def test_the_latest_of_many_long_messages_is_in_the_task_that_is_to_be_read(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, begins: str
) -> None:
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    for number in range(12):
        text = f"{begins} {'We are busy here. ' * 60}"
        tell(conn, workspace, "inbound", sender=PHONE, text=text, key=f"m{number}")
    tell(conn, workspace, "inbound", sender=PHONE, text=f"{begins} Call me in May", key="last")
    assert one(conn, "select note like '%Call me in May%' from tasks where status = 'open'")


def test_help_is_no_reply(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    tell(conn, workspace, "inbound", sender=PHONE, text="HELP", key="k")
    assert story(conn, lead)[-2:] == ["help.asked", "keyword.answered"]


def test_start_lifts_the_leads_own_opt_out_for_texts_only(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    tell(conn, workspace, "inbound", sender=PHONE, text="STOP", key="k1")
    tell(conn, workspace, "inbound", sender=PHONE, text="yes", key="k2")
    assert one(conn, "select status from leads") == "opted_out"
    tell(conn, workspace, "inbound", sender=PHONE, text="START", key="k3")
    assert one(conn, "select status from leads") == "open"
    left = conn.execute("select channels from suppressions where lifted_at is null").fetchall()
    assert [sorted(channels) for (channels,) in left] == [["call", "email", "voicemail"]] * 2
    assert "opted.in" in story(conn, lead)
    assert one(conn, "select count(*) from tasks where status = 'open'") == 1  # somebody decides what comes next


def test_a_scanners_click_is_no_person_and_a_persons_is(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    ref = a_touch(conn, lead, channel="email")
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    tell(conn, workspace, "clicked", touch_id=ref, key="a", data={"url": "https://acme.test", "automated": "scanner"})
    assert one(conn, "select count(*) from tasks") == 0
    tell(conn, workspace, "clicked", touch_id=ref, key="b", data={"url": "https://acme.test"})
    tell(conn, workspace, "clicked", touch_id=ref, key="b", data={"url": "https://acme.test"})
    assert one(conn, "select kind, status from tasks") == ("hand_off", "open")
    assert story(conn, lead).count("clicked") == 2


def test_a_hard_bounce_marks_the_address_and_a_full_mailbox_does_not(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    tell(conn, workspace, "bounced", touch_id=a_touch(conn, lead, channel="email"), reason="unreachable", key="a")
    assert one(conn, f"select addresses->>'{MAIL}' from leads where addresses->>'{MAIL}' <> ''") == "ok"
    tell(
        conn,
        workspace,
        "bounced",
        touch_id=a_touch(conn, lead, channel="email", step="b"),
        reason="invalid_address",
        key="b",
    )
    assert one(conn, f"select addresses->>'{MAIL}' from leads where addresses->>'{MAIL}' <> ''") == "bounced"
    assert story(conn, lead).count("touch.failed") == 2


def test_a_keyword_from_a_stranger_makes_a_lead(conn: psycopg.Connection, workspace: Workspace) -> None:
    for _ in range(2):
        tell(conn, workspace, "inbound", sender="+12125550199", text="quote", key="k")
    assert one(conn, "select phone, source from leads") == ("+12125550199", "keyword")
    assert one(conn, "select playbook, event->>'keyword' from enrollments") == ("keyword-text", "QUOTE")
    assert one(conn, "select count(*) from events where kind = 'keyword.received'") == 1
    assert one(conn, "select level from consents where wording <> ''") == "express"


@pytest.mark.parametrize("text", ["Quote", "quote!", " «QUOTE» 👍", "\u200bQuote."])
def test_a_keyword_is_one_in_any_case_and_with_signs_around(
    conn: psycopg.Connection, workspace: Workspace, text: str
) -> None:
    tell(conn, workspace, "inbound", sender="+12125550199", text=text, key="k")
    assert one(conn, "select data->>'keyword' from events where kind = 'keyword.received'") == "QUOTE"


@pytest.mark.parametrize(
    "text", ["Hi Bob, Tina here", "Thanks!", "ok", "👍", "Your code is 482913", "quote me", "", "?"]
)
def test_no_other_text_of_a_stranger_proves_a_consent(
    conn: psycopg.Connection, workspace: Workspace, text: str
) -> None:
    tell(conn, workspace, "inbound", sender="+12125550199", text=text, key="k")
    assert one(conn, "select count(*) from leads") == 0
    assert one(conn, "select count(*) from consents") == 0
    assert one(conn, "select door from quarantine") == "signal:inbound"


def test_a_keyword_is_its_own_sources(conn: psycopg.Connection) -> None:
    more = '[sources.roofs]\nevent = "keyword.received"\nkeywords = ["ROOF", "New roof"]\n'
    workspace = a_workspace(conn, {"warmline.toml": starter_files()["warmline.toml"] + more})
    tell(conn, workspace, "inbound", sender="+12125550199", text="new roof", key="k")
    assert one(conn, "select source from leads") == "roofs"
    assert one(conn, "select count(*) from consents") == 0
    # No playbook asks for that word, so a person hears of the lead.
    assert one(conn, "select kind from tasks where status = 'open'") == "review"


def test_a_keyword_of_a_lead_that_nothing_runs_for_is_answered_by_its_playbook(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    lead = a_lead(conn, workspace, consents={}, status="closed")
    for _ in range(2):
        tell(conn, workspace, "inbound", sender=PHONE, text="Quote", key="k1")
    assert one(conn, "select playbook, status from enrollments") == ("keyword-text", "running")
    assert one(conn, "select status from leads") == "open"
    assert one(conn, "select level, channels, wording from consents where 'sms' = any(channels)") == (
        "express", ["sms"], "keyword-2026-11"
    )  # fmt: skip
    assert story(conn, lead).count("keyword.received") == 1

    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (LATER,))
    for days, entered in ((6, 1), (8, 2)):  # again: after 7 days
        tell(conn, workspace, "inbound", at=LATER + timedelta(days=days), sender=PHONE, text="Quote", key=f"k{days}")
        assert one(conn, "select count(*) from enrollments") == entered


@pytest.mark.parametrize("status", ["handed_off", "opted_out"])
def test_a_keyword_of_a_lead_that_a_person_has_is_a_reply(
    conn: psycopg.Connection, workspace: Workspace, status: str
) -> None:
    lead = a_lead(conn, workspace, status=status)
    tell(conn, workspace, "inbound", sender=PHONE, text="Quote", key="k")
    assert "replied" in story(conn, lead)
    assert "keyword.received" not in story(conn, lead)


def test_a_keyword_while_a_playbook_runs_is_a_reply(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    tell(conn, workspace, "inbound", sender=PHONE, text="Quote", key="k")
    assert story(conn, lead)[-1] == "replied"


@pytest.mark.parametrize("kind", ["inbound", "call"])
def test_a_persons_own_phone_makes_no_lead(conn: psycopg.Connection, kind: str) -> None:
    toml = starter_files()["warmline.toml"].replace("+15550104477", "+12125550144")
    tell(conn, a_workspace(conn, {"warmline.toml": toml}), kind, sender="+12125550144", text="quote", key="k")
    assert one(conn, "select count(*) from leads") == 0
    assert "Sam Rivera" in one(conn, "select reason from quarantine")


def test_a_person_who_tries_things_out_as_a_lead_may_text_a_keyword_as_one(conn: psycopg.Connection) -> None:
    toml = starter_files()["warmline.toml"].replace("+15550104477", PHONE)
    workspace = a_workspace(conn, {"warmline.toml": toml})
    lead = a_lead(conn, workspace, consents={}, status="closed")
    tell(conn, workspace, "inbound", sender=PHONE, text="quote", key="k")
    assert "keyword.received" in story(conn, lead)
    assert one(conn, "select playbook from enrollments") == "keyword-text"


def test_anything_else_from_a_stranger_is_kept_whole(conn: psycopg.Connection, workspace: Workspace) -> None:
    tell(
        conn,
        workspace,
        "inbound",
        sender="+12125550199",
        text="Is this the roofer my neighbour Bob told me about?",
        key="k",
    )
    door, body = one(conn, "select door, body from quarantine")
    assert door == "signal:inbound"
    assert msgspec.json.decode(body)["text"].startswith("Is this the roofer")
    assert one(conn, "select count(*) from leads") == 0


def test_stop_from_a_stranger_counts_when_the_number_becomes_a_lead(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    tell(conn, workspace, "inbound", sender=PHONE, text="STOP", key="k")
    (result,) = accept(
        conn, workspace, [Submission("referral", Draft(phone=PHONE), "lead.referred")], TUESDAY + minutes(9)
    )
    assert isinstance(result, Accepted)
    assert result.reason == "opted_out"


def test_a_keyword_that_is_told_late_lifts_no_stop_that_was_written_after_it(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    number = "+12125550188"
    tell(conn, workspace, "inbound", sender=number, text="STOP", key="s")
    late = Signal("inbound", TUESDAY, sender=number, text="quote", key="q")
    receive(conn, workspace, [late], LATER + minutes(60))
    assert one(conn, "select count(*) from suppressions where lifted_at is null and channels = '{}'") == 1
    assert one(conn, "select min(at) from consents") == TUESDAY


def test_a_signal_of_no_touch_of_ours_is_kept(conn: psycopg.Connection, workspace: Workspace) -> None:
    tell(conn, workspace, "delivered", touch_id="not-one", key="k")
    tell(conn, workspace, "delivered", touch_id=touch_ref(3, new_id()), key="k")
    tell(conn, workspace, "telepathy")
    assert one(conn, "select count(*) from quarantine") == 3


def test_characters_that_no_database_takes_hide_nothing_else_of_what_was_told(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    odd: dict[str, Any] = {"provider_id": "d\0", "text": "a\0b\ud800", "data": {"network": "Exam\0ple\ud800"}}
    ref = a_touch(conn, lead, channel="voicemail")
    tell(conn, workspace, "failed", touch_id=ref, reason="unknown", code="4001\0", key="k\0", **odd)
    assert one(conn, "select status from touches") == "failed"
    data = one(conn, "select data from events where kind = 'touch.failed'")
    assert (data["code"], data["network"]) == ("4001", "Example?")
    tell(conn, workspace, "delivered", touch_id="not-one\0", key="k2", **odd)
    assert one(conn, "select count(*) from quarantine") == 1


def test_a_known_fate_closes_the_task_of_an_unknown_touch(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    ref = a_touch(conn, lead, "unknown")
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, kind, title, due_at, opened_at)"
        " values (%s, %s, %s, %s, 'unknown', 'Look', %s, %s)",
        (lane_of(lead), new_id(), lead, workspace.id, TUESDAY, TUESDAY),
    )
    tell(conn, workspace, "delivered", touch_id=ref, key="k")
    assert one(conn, "select status from tasks") == "cancelled"
    assert one(conn, "select status from touches") == "delivered"


@pytest.mark.parametrize(("answered", "kind"), [("", "call.missed"), ("yes", "called.back")])
def test_a_call_from_a_number_is_a_trigger_or_a_call_back(
    conn: psycopg.Connection, workspace: Workspace, answered: str, kind: str
) -> None:
    tell(conn, workspace, "call", sender="+12125550199", key="k", data={"answered": answered})
    assert one(conn, "select kind from events order by seq limit 1") == kind
    assert one(conn, "select status from leads") == ("handed_off" if answered else "open")


def test_a_drop_that_failed_because_the_person_wants_none_opts_out_once_and_keeps_what_was_told(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    ref = a_touch(conn, lead, channel="voicemail")
    told = {"network": "Example Wireless", "cost": "0.1", "their_own_field": "x"}
    for _ in range(2):
        tell(conn, workspace, "unsubscribed", touch_id=ref, key="drop:dnc")
        tell(conn, workspace, "failed", touch_id=ref, reason="opted_out", code="DNC", key="drop:failure", data=told)
    assert one(conn, "select status, reason from touches") == ("failed", "opted_out")
    assert story(conn, lead).count("opted.out") == 1
    assert one(conn, "select status from leads") == "opted_out"
    values = conn.execute("select value from suppressions where lifted_at is null").fetchall()
    assert {value for (value,) in values} == {str(lead), PHONE}
    data = one(conn, "select data from events where kind = 'touch.failed'")
    assert (data["network"], data["cost"]) == ("Example Wireless", "0.1")
    assert "their_own_field" not in data


@pytest.mark.parametrize("kind", ["inbound", "unsubscribed", "left by address", "voicemail"])
def test_an_opt_out_that_is_ended_in_a_ring_of_locks_is_run_again_and_counts(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    signal = {
        "inbound": Signal("inbound", LATER, sender=PHONE, text="STOP", key="k1"),
        "unsubscribed": Signal("unsubscribed", LATER, a_touch(conn, lead, channel="email"), key="k1"),
        "left by address": Signal("unsubscribed", LATER, sender=MAIL, key="k1"),
        "voicemail": Signal("voicemail", LATER, sender=PHONE, text="Stop calling me", key="k1"),
    }[kind]
    held = ended_once(monkeypatch)
    receive(conn, workspace, [signal], LATER)
    assert len(held) == 2
    assert one(conn, "select status from leads") == "opted_out"
    assert story(conn, lead).count("opted.out") == 1
