"""What a mail means for a lead: whose it is, what stops and what goes on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened, minutes, story
from tests.channels.reading.test_inbound import plain, report
from warmline.channels.email.tokens import bounce_address, message_id
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.insight.replay import replay
from warmline.insight.story import story as story_of
from warmline.intake.inbound import ANSWERED_WITHIN
from warmline.intake.mail import MOST_KEPT, take_mail
from warmline.store.ids import lane_of, new_id, touch_ref
from warmline.store.workspaces import Workspace

KEY = b"a key of tests"
MAIL = "ann@example.com"
SOON = minutes(5)
TWO = """
name: Demo request
enroll: {when: 'event.form == "demo"', rank: 77}
owner: {team: sales}
steps:
  first: {send: email, template: context, at: now}
  more:  {send: email, or: sms, template: ack, at: 1 hour}
after: close
"""


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn, {"playbooks/demo.yaml": TWO})


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    lead_id = a_lead(conn, workspace)
    enrolled(conn, workspace, "demo", lead_id)
    return lead_id


@pytest.fixture
def touch(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> str:
    """The first mail, sent."""
    return mailed(conn, workspace, lead)


def mailed(conn: psycopg.Connection, workspace: Workspace, lead: UUID, step: str = "first") -> str:
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    rows = conn.execute(
        "update touches set status = 'sent', sent_at = %s, address = %s where status = 'queued' and step = %s"
        " returning id, enrollment_id",
        (TUESDAY, MAIL, step),
    ).fetchall()
    ((touch_id, enrollment_id),) = rows
    happened(
        conn, workspace, lead, "touch.sent", at=TUESDAY, enrollment_id=enrollment_id, step=step, channel="email",
        touch_id=touch_id,
    )  # fmt: skip
    return touch_ref(lane_of(lead), touch_id)


def take(conn: psycopg.Connection, workspace: Workspace, raw: bytes | str, after: timedelta = SOON) -> None:
    with conn.transaction():
        take_mail(conn, workspace, raw if isinstance(raw, bytes) else raw.encode(), KEY, TUESDAY + after)


def bounce(action: str, status: str, touch: str = "", address: str = MAIL) -> str:
    fields = f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"
    told = report(fields, f"Message-ID: {message_id(touch, 'acme.test', KEY)}\n" if touch else "X: y\n")
    return told.replace("x@acme.test", bounce_address(touch, "acme.test", KEY)) if touch else told


def one(conn: psycopg.Connection, query: str) -> object:
    row = conn.execute(query.encode()).fetchone()
    return row[0] if row and len(row) == 1 else row


def look(conn: psycopg.Connection, lead: UUID, after: timedelta) -> list[tuple[str, str, str]]:
    """Look at the lead then; step, channel and status of what is under way."""
    tick(conn, lane_of(lead), TUESDAY + after, Catalog(conn))
    return conn.execute("select step, channel, status from touches order by created_at, step").fetchall()


def test_a_bounce_stops_the_address_and_the_next_step_goes_by_text(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    for _ in range(2):
        take(conn, workspace, bounce("failed", "5.1.1", touch))
    assert story(conn, lead).count("bounced") == 1
    assert one(conn, f"select addresses->>'{MAIL}' from leads where addresses->>'{MAIL}' <> ''") == "bounced"
    assert one(conn, "select status from leads") == "open"
    assert look(conn, lead, timedelta(hours=2)) == [("first", "email", "failed"), ("more", "sms", "queued")]


def test_a_failure_for_now_fails_the_touch_and_keeps_the_address(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    take(conn, workspace, bounce("failed", "4.2.2", touch))
    assert one(conn, f"select addresses->>'{MAIL}' from leads where addresses->>'{MAIL}' <> ''") == "ok"
    assert look(conn, lead, timedelta(hours=2)) == [("first", "email", "failed"), ("more", "email", "queued")]


def test_a_delay_is_a_line_of_the_story_and_nothing_else(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    take(conn, workspace, bounce("delayed", "4.2.2", touch))
    assert story(conn, lead)[-1] == "touch.delayed"
    assert one(conn, "select status from touches") == "sent"
    assert look(conn, lead, timedelta(hours=2)) == [("first", "email", "sent"), ("more", "email", "queued")]


def test_an_out_of_office_with_a_day_rests_the_cadence_and_hands_nothing_over(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    raw = plain("I am away until 3 December.", From=MAIL, Auto_Submitted="auto-replied",
                To=bounce_address(touch, "acme.test", KEY))  # fmt: skip
    take(conn, workspace, raw)
    assert one(conn, "select data->>'until' from events where kind = 'replied'") == "2026-12-03"
    assert look(conn, lead, timedelta(hours=2)) == [("first", "email", "sent")]
    assert (
        story_of(conn, workspace, lead, TUESDAY + timedelta(hours=2)).away == "away until 3 Dec, from its out-of-office"
    )
    assert "handed.off" not in story(conn, lead)
    morning = TUESDAY.replace(month=12, day=4, hour=14, minute=0)  # nine in New York
    assert look(conn, lead, morning - TUESDAY - minutes(1)) == [("first", "email", "sent")]
    conn.execute("update enrollments set due_at = %s", (morning,))
    assert look(conn, lead, morning - TUESDAY)[1:] == [("more", "email", "queued")]
    assert story_of(conn, workspace, lead, morning).away == ""
    assert all(decided.same for decided in replay(conn, lane_of(lead), lead))


@pytest.mark.parametrize(
    "headers",
    [{"In_Reply_To": "thread"}, {"To": "verp"}, {}],
    ids=["by its thread", "by its address", "by who wrote it"],
)
def test_an_answer_hands_over_and_names_the_step_it_answers(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str, headers: dict[str, str]
) -> None:
    ours = {"thread": message_id(touch, "acme.test", KEY), "verp": bounce_address(touch, "acme.test", KEY)}
    for _ in range(2):
        take(
            conn,
            workspace,
            plain("Yes please", **{"From": MAIL, **{name: ours[what] for name, what in headers.items()}}),
        )
    assert one(conn, "select step, data->>'text' from events where kind = 'replied'") == ("first", "Yes please")
    assert story(conn, lead).count("replied") == 1
    look(conn, lead, minutes(6))
    assert one(conn, "select status from leads") == "handed_off"


def test_an_opt_out_from_another_address_stops_the_one_we_reached_too(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    take(conn, workspace, plain("unsubscribe", From="ann@home.test", In_Reply_To=message_id(touch, "acme.test", KEY)))
    assert one(conn, "select status from leads") == "opted_out"
    values = {value for (value,) in conn.execute("select value from suppressions where scope = 'address'")}
    assert values == {MAIL, "ann@home.test"}


def test_a_stop_through_a_mailing_list_opts_out(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    take(conn, workspace, plain("Please stop emailing me.", From=MAIL, Precedence="list", List_Id="<sales.acme.test>"))
    assert one(conn, "select status from leads") == "opted_out"


def test_the_footer_of_a_leads_company_opts_nobody_out_and_a_person_reads_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    footer = "If you do not wish to receive further emails from us, please reply with UNSUBSCRIBE."
    take(conn, workspace, plain(f"Yes, Tuesday works.\n\nBest regards,\nAnn Lee\n\n{footer}", From=MAIL))
    assert one(conn, "select status from leads") == "open"
    assert story(conn, lead).count("doubtful") == 1
    assert footer in str(one(conn, "select data->>'text' from events where kind = 'doubtful'"))
    assert look(conn, lead, timedelta(hours=2)) == [("first", "email", "sent")]


def test_a_complaint_is_an_opt_out(conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str) -> None:
    original = f"Message-ID: {message_id(touch, 'acme.test', KEY)}\n"
    raw = report("Feedback-Type: abuse\nVersion: 1\n", original, "feedback-report").replace(
        "report\n\n\n\n", "report\n\n"
    )
    take(conn, workspace, raw)
    assert one(conn, "select status from leads") == "opted_out"


def test_a_bounce_without_a_token_belongs_to_what_was_mailed_last_to_its_address(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    take(conn, workspace, bounce("failed", "5.1.1"), ANSWERED_WITHIN + timedelta(days=1))
    assert "bounced" not in story(conn, lead), "that was too long ago"
    take(conn, workspace, bounce("failed", "5.1.1"))
    assert story(conn, lead).count("bounced") == 1


def test_what_belongs_to_nobody_waits_with_the_mail_beside_it_and_what_is_no_mail_as_it_is(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    ref = touch_ref(3, new_id())
    take(conn, workspace, bounce("failed", "5.1.1", ref, "nobody@else.test"))
    take(conn, workspace, plain("Hello", From="stranger@else.test"))
    take(conn, workspace, b"\xff\xfe nonsense" + b"x" * 200_000)
    rows = conn.execute("select door, body, context from quarantine order by id").fetchall()
    assert [door for door, _, _ in rows] == ["signal:bounced", "signal:inbound", "mail:inbox"]
    assert "Hello" in rows[1][2]["mail"]
    assert msgspec.json.decode(rows[1][1])["sender"] == "stranger@else.test"
    assert 0 < len(rows[2][1]) <= MOST_KEPT
