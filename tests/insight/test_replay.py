"""Deciding again (invariant 6): the same answer from what is stored, and said so when it is another."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.insight.replay import Step, replay
from warmline.intake import acts
from warmline.store import suppressions
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace

FROM_EXAMPLE = """
name: Demo request
owner: {team: sales}
steps:
  ack:  {send: sms, or: email, template: demo-ack, at: now, if: 'lead.company.startsWith("Example")'}
  call: {call: owner, at: now}
after: close
"""


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn, {"playbooks/demo.yaml": FROM_EXAMPLE})


@pytest.fixture
def lead_id(conn: psycopg.Connection, place: Workspace) -> UUID:
    """Ann of Example Homes, whom the engine has looked at once."""
    lead_id = a_lead(conn, place)
    conn.execute("update leads set company = 'Example Homes' where id = %s", (lead_id,))
    enrolled(conn, place, "demo", lead_id)
    assert tick(conn, lane_of(lead_id), TUESDAY, Catalog(conn)).looked_at == 1
    return lead_id


def test_every_decision_comes_out_the_same_again(conn: psycopg.Connection, lead_id: UUID) -> None:
    (decided,) = replay(conn, lane_of(lead_id), lead_id)
    assert decided.same
    assert decided.again == (Step("reach", "ack", "sms", "demo-ack"), Step("ask", "call", "call"))
    assert (decided.at, decided.playbook, decided.version) == (TUESDAY, "demo", 1)


def test_a_condition_reads_the_lead_as_it_was_then(conn: psycopg.Connection, lead_id: UUID) -> None:
    conn.execute("update leads set company = 'Another' where id = %s", (lead_id,))
    assert [one.same for one in replay(conn, lane_of(lead_id), lead_id)] == [True]


def test_a_decision_that_does_not_follow_from_what_is_stored_is_found(conn: psycopg.Connection, lead_id: UUID) -> None:
    conn.execute("""update decisions set lead = '{"company": "Another"}' where lead_id = %s""", (lead_id,))
    (decided,) = replay(conn, lane_of(lead_id), lead_id)
    assert not decided.same
    assert decided.again[0] == Step("skip", "ack", reason="condition")


def test_a_condition_that_cannot_be_answered_any_more_is_no_crash(conn: psycopg.Connection, lead_id: UUID) -> None:
    conn.execute("""update decisions set lead = '{"company": 7}' where lead_id = %s""", (lead_id,))
    (decided,) = replay(conn, lane_of(lead_id), lead_id)
    assert not decided.same
    assert [one.do for one in decided.again] == ["error"]
    assert "could not be answered" in decided.again[0].reason


def test_a_template_that_says_another_thing_by_now_changes_no_decision(
    conn: psycopg.Connection, place: Workspace, lead_id: UUID
) -> None:
    by_channel = '{% if touch.channel == "sms" %}STOP to opt out.{% else %}Dear friend{% endif %}'
    files = {
        "playbooks/demo.yaml": FROM_EXAMPLE,
        "templates/demo-ack.txt": f"---\nangle: it arrived\nsubject: 'Hello'\n---\n{by_channel}\n",
    }
    assert a_workspace(conn, files).id == place.id
    (decided,) = replay(conn, lane_of(lead_id), lead_id)
    assert (decided.same, decided.gate, decided.version) == (True, (), 1)


# --- the gate -----------------------------------------------------------------------------------------------------


def gate_again(conn: psycopg.Connection, lead_id: UUID) -> tuple[int, tuple[str, ...]]:
    (decided,) = replay(conn, lane_of(lead_id), lead_id)
    return decided.asked, decided.gate


def test_the_gate_is_asked_again_and_says_the_same(conn: psycopg.Connection, lead_id: UUID) -> None:
    assert gate_again(conn, lead_id) == (2, ())


def test_a_finding_that_does_not_follow_from_what_was_known_is_found(conn: psycopg.Connection, lead_id: UUID) -> None:
    conn.execute("update consents set wording = 'v2' where lead_id = %s and channels = '{sms}'", (lead_id,))
    asked, otherwise = gate_again(conn, lead_id)
    assert asked == 2
    assert otherwise == (
        "ack by sms: no_consent: pass (has express written consent for sms, wording v1),"
        " now pass (has express written consent for sms, wording v2)",
    )
    assert not replay(conn, lane_of(lead_id), lead_id)[0].same


def test_wishes_of_one_moment_are_named_alike_in_whatever_order_they_are_found(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place)
    conn.execute("update leads set company = 'Example Homes' where id = %s", (lead_id,))
    enrolled(conn, place, "demo", lead_id)
    older, younger = sorted((new_id(), new_id()))
    of = {"workspace_id": place.id, "channels": ["sms"], "reason": "opted_out", "evidence": "STOP",
          "at": TUESDAY - timedelta(days=1)}  # fmt: skip
    suppressions.add(conn, [{**of, "id": younger, "scope": "address", "value": "+12125550123"}])
    suppressions.add(conn, [{**of, "id": older, "scope": "person", "value": str(lead_id)}])
    tick(conn, lane_of(lead_id), TUESDAY, Catalog(conn))
    assert [(one.same, one.asked) for one in replay(conn, lane_of(lead_id), lead_id)] == [(True, 3)]


def test_what_came_later_is_left_out(conn: psycopg.Connection, lead_id: UUID, place: Workspace) -> None:
    later = TUESDAY + timedelta(days=1)
    acts.opt_out(conn, place, lane_of(lead_id), lead_id, "sam", later, evidence="no more, says Ann")
    conn.execute(
        "insert into consents (lane, id, lead_id, workspace_id, level, channels, at) values (%s, %s, %s, %s, 'express',"
        " '{sms}', %s)",
        (lane_of(lead_id), new_id(), lead_id, place.id, later),
    )
    assert gate_again(conn, lead_id) == (2, ())


def test_where_the_lead_has_other_details_now_the_gate_is_not_asked(
    conn: psycopg.Connection, lead_id: UUID, place: Workspace
) -> None:
    acts.set_zone(conn, place, lane_of(lead_id), lead_id, "sam", TUESDAY + timedelta(days=1), region="US-TX")
    assert gate_again(conn, lead_id) == (0, ())
