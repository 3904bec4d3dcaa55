"""What a mail means for a lead: whose it is, what stops and what goes on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened, minutes, starter_files, story
from tests.channels.reading.test_inbound import plain, report
from warmline.channels.email.tokens import bounce_address, message_id, sign_touch
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.insight.replay import replay
from warmline.insight.story import story as story_of
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


def test_a_lead_who_opts_out_in_the_thread_of_another_one_is_out_as_a_person_too(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    other = a_lead(conn, workspace, phone="+12125550177", email="zoe@example.com")
    enrolled(conn, workspace, "demo", other)
    raw = plain("Please take me off your list", From="zoe@example.com", In_Reply_To=message_id(touch, "acme.test", KEY))
    for _ in range(2):
        take(conn, workspace, raw)
    assert one(conn, f"select status from leads where id = '{other}'") == "opted_out"
    assert story(conn, other).count("opted.out") == 1
    assert one(conn, f"select status from leads where id = '{lead}'") == "opted_out", "whose mail it answers"
    assert one(conn, f"select count(*) from suppressions where value = '{MAIL}'") == 1


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


@pytest.mark.parametrize(("action", "status"), [("failed", "5.1.1"), ("delayed", "4.2.2"), ("delivered", "2.0.0")])
def test_a_report_that_quotes_nothing_of_ours_changes_nothing_and_waits_for_a_person(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str, action: str, status: str
) -> None:
    before = story(conn, lead)
    take(conn, workspace, bounce(action, status))
    assert story(conn, lead) == before
    assert one(conn, f"select addresses->>'{MAIL}' from leads") == "ok"
    assert one(conn, "select status from touches") == "sent"
    assert (
        one(conn, f"select count(*) from quarantine where reason like '%anybody can write%' and body like '%{MAIL}%'")
        == 1
    )


def test_what_belongs_to_nobody_waits_with_the_mail_beside_it_and_what_is_no_mail_as_it_is(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    ref = touch_ref(3, new_id())
    take(conn, workspace, bounce("failed", "5.1.1", ref, "nobody@else.test"))
    take(conn, workspace, plain("Hello", From="stranger@else.test"))
    take(conn, workspace, b"\xff\xfe nonsense" + b"x" * 200_000)
    rows = conn.execute("select door, body, context from quarantine").fetchall()
    kept = {door: (body, context) for door, body, context in rows}
    assert kept.keys() == {"signal:bounced", "signal:inbound", "mail:inbox"}
    assert "Hello" in kept["signal:inbound"][1]["mail"]
    assert msgspec.json.decode(kept["signal:inbound"][0])["sender"] == "stranger@else.test"
    assert 0 < len(kept["mail:inbox"][0]) <= MOST_KEPT


def test_a_mail_that_stays_unplaced_is_kept_once_however_often_it_comes(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    for _ in range(2):
        take(conn, workspace, plain("Hello", From="stranger@else.test", Message_ID="<1@else.test>"))
        take(conn, workspace, b"no mail at all")
    take(conn, workspace, plain("Hello?", From="stranger@else.test", Message_ID="<2@else.test>"))
    conn.execute("update quarantine set status = 'dismissed', settled_at = now() where body like '%Hello?%'")
    take(conn, workspace, plain("Hello?", From="stranger@else.test", Message_ID="<2@else.test>"))
    doors = conn.execute("select door, count(*) from quarantine group by door order by door").fetchall()
    assert doors == [("mail:inbox", 1), ("signal:inbound", 2)]


@pytest.mark.parametrize("text", ["As agreed you get no more mail.\n\nUnsubscribe.", "Here is the quote."])
@pytest.mark.parametrize("sender", ["Acme <Hello@acme.test>", "Sam Rivera <sam@acme.test>"])
def test_what_one_of_us_answers_a_lead_is_no_word_of_the_lead(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str, sender: str, text: str
) -> None:
    before = story(conn, lead)
    ours = message_id(touch, "acme.test", KEY)
    take(conn, workspace, plain(text, From=sender, To=MAIL, Cc="hello@acme.test", References=ours))
    assert (story(conn, lead), one(conn, "select status from leads")) == (before, "open")
    assert one(conn, "select count(*) from suppressions") == 0
    assert one(conn, "select count(*) from quarantine") == 0


def test_what_one_of_us_writes_to_nobody_waits_for_a_person_and_keeps_no_address_of_ours_out(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    take(conn, workspace, plain("unsubscribe", From="sam@acme.test"))
    assert one(conn, "select count(*) from suppressions") == 0
    assert one(conn, "select door from quarantine") == "signal:inbound"


@pytest.mark.parametrize("answers", ["sales@acme.test", "sam@home.test"])
def test_what_one_of_us_writes_with_the_answers_to_go_elsewhere_is_no_word_of_the_lead(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str, answers: str
) -> None:
    before, ours = story(conn, lead), message_id(touch, "acme.test", KEY)
    text = "As agreed you get no more mail.\n\nUnsubscribe."
    take(conn, workspace, plain(text, From="Sam Rivera <sam@acme.test>", Reply_To=answers, To=MAIL, References=ours))
    assert (story(conn, lead), one(conn, "select status from leads")) == (before, "open")


def test_a_lead_who_writes_from_elsewhere_through_a_group_address_of_ours_is_heard(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    ours = message_id(touch, "acme.test", KEY)
    group = {"From": "'Ann' via Sales <hello@acme.test>", "X_Original_From": "Ann <ann@home.test>"}
    take(conn, workspace, plain("Yes please", **group, In_Reply_To=ours))
    assert story(conn, lead).count("replied") == 1


@pytest.mark.parametrize("header", ["Reply_To", "X_Original_From"])
def test_a_lead_whose_mail_a_group_address_of_ours_passes_on_is_heard(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str, header: str
) -> None:
    raw = plain("unsubscribe", **{"From": "'Ann' via Sales <hello@acme.test>", header: f"Ann <{MAIL}>"})
    take(conn, workspace, raw)
    assert one(conn, "select status from leads") == "opted_out"
    values = {value for (value,) in conn.execute("select value from suppressions where scope = 'address'")}
    assert values == {MAIL}


def test_one_of_us_who_tries_things_out_as_a_lead_is_heard(conn: psycopg.Connection) -> None:
    toml = starter_files()["warmline.toml"].replace('"sam@acme.test"', f'"{MAIL}"')
    workspace = a_workspace(conn, {"playbooks/demo.yaml": TWO, "warmline.toml": toml})
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "demo", lead)
    touch = mailed(conn, workspace, lead)
    take(conn, workspace, plain("Yes please", From=MAIL, In_Reply_To=message_id(touch, "acme.test", KEY)))
    assert story(conn, lead).count("replied") == 1


def test_a_report_with_a_false_token_changes_nothing_and_waits_for_a_person(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str
) -> None:
    before = story(conn, lead)
    forged = f"bounce+{touch}.aaaaaaaaaaaaaaaa@acme.test"
    for action in ("failed", "delayed", "delivered"):
        take(conn, workspace, bounce(action, "5.1.1").replace("x@acme.test", forged))
    assert story(conn, lead) == before
    assert one(conn, f"select addresses->>'{MAIL}' from leads") == "ok"
    assert one(conn, "select count(*) from quarantine where reason like '%quotes nothing%'") == 3


@pytest.mark.parametrize("address", [MAIL, "victim@example.com"])
def test_a_report_whose_only_token_is_the_unsubscribe_link_of_a_mail_of_ours_belongs_to_that_mail_and_to_no_other(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, touch: str, address: str
) -> None:
    other = a_lead(conn, workspace, email="victim@example.com", phone="+12125550177")
    enrolled(conn, workspace, "demo", other)
    link = f"https://acme.test/u/{sign_touch(touch, 'unsubscribe', KEY)}"
    take(conn, workspace, bounce("failed", "5.1.1", address=address).replace("\nHi\n", f"\nHi\n{link}\n"))
    assert story(conn, lead).count("bounced") == 1
    assert "bounced" not in story(conn, other)


def test_an_opt_out_by_mail_from_an_address_that_can_not_be_read_ends_mail(conn: psycopg.Connection) -> None:
    toml = starter_files()["warmline.toml"].replace('opt_out = "all"', 'opt_out = "channel"')
    workspace = a_workspace(conn, {"playbooks/demo.yaml": TWO, "warmline.toml": toml})
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "demo", lead)
    touch = mailed(conn, workspace, lead)
    raw = plain("unsubscribe", From="ann@lead.test", In_Reply_To=message_id(touch, "acme.test", KEY))
    take(conn, workspace, raw.replace(b"ann@lead.test", b"ann..lee@lead.test"))
    assert one(conn, "select channel, data->>'channels' from events where kind = 'opted.out'") == ("email", '["email"]')
