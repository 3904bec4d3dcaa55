"""Recordings: one counts for each person and template, the last one; what was replaced lingers for a day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg

from tests.builders import TUESDAY, a_workspace
from warmline.store import recordings
from warmline.store.ids import new_id
from warmline.store.recordings import LINGERS, Recording

DAY = timedelta(days=1)


def add(
    conn: psycopg.Connection, workspace_id: int, person: str = "sam", sound: bytes = b"RIFF", days: int = 0
) -> UUID:
    now = TUESDAY + days * DAY
    one = Recording(new_id(), person, "personal-note", "Hi there", 8.0, now, "kim")
    recordings.add(conn, workspace_id, one, sound, "0" * 64, now)
    return one.id


def test_a_new_recording_takes_the_place_of_the_old_one(conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn).id
    old, everybody = add(conn, workspace), add(conn, workspace, person="")
    new = add(conn, workspace, sound=b"NEW")
    assert recordings.made(conn, workspace) == {("sam", "personal-note"): new, ("", "personal-note"): everybody}
    assert [one.id for one in recordings.listed(conn, workspace)] == [everybody, new]
    assert recordings.audio(conn, workspace, new, TUESDAY) == b"NEW"
    assert old not in {one.id for one in recordings.listed(conn, workspace)}


def test_what_was_replaced_can_be_fetched_for_a_day_and_is_then_gone(conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn).id
    old = add(conn, workspace)
    add(conn, workspace)
    assert recordings.audio(conn, workspace, old, TUESDAY + LINGERS / 2) == b"RIFF"
    assert recordings.audio(conn, workspace, old, TUESDAY + LINGERS) is None
    add(conn, workspace, person="jo", days=2)
    assert conn.execute("select count(*) from recordings where id = %s", (old,)).fetchone() == (0,)


def test_a_removed_recording_counts_no_more_and_can_not_be_removed_twice(conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn).id
    recording = add(conn, workspace)
    assert recordings.remove(conn, workspace, recording, TUESDAY)
    assert recordings.made(conn, workspace) == {}
    assert not recordings.remove(conn, workspace, recording, TUESDAY)


def test_a_workspace_hears_and_takes_away_nothing_of_another(conn: psycopg.Connection) -> None:
    mine, other = a_workspace(conn).id, a_workspace(conn, name="Another").id
    recording = add(conn, mine)
    assert recordings.audio(conn, other, recording, TUESDAY) is None
    assert not recordings.remove(conn, other, recording, TUESDAY)
    assert recordings.listed(conn, other) == []
