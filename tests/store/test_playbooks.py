"""Publishing a folder: versions, what changes, what stays."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, starter_files
from warmline.core.bundle import Bundle, read_bundle
from warmline.store import playbooks, workspaces
from warmline.store.connect import connect
from warmline.store.playbooks import VersionError
from warmline.store.workspaces import WorkspaceError


def read(files: dict[str, str] | None = None, *, without: str = "") -> Bundle:
    """The starter workspace with `files` in place of its own of the same path."""
    given = {**starter_files(), **(files or {})}
    given.pop(without, None)
    found = read_bundle(given)
    assert found.bundle is not None, [str(problem) for problem in found.problems]
    return found.bundle


def another(path: str, old: str, new: str) -> dict[str, str]:
    """One file of the starter workspace, edited."""
    text = starter_files()[path]
    assert old in text
    return {path: text.replace(old, new)}


def renamed(key: str, name: str) -> dict[str, str]:
    path = f"playbooks/{key}.yaml"
    line = next(line for line in starter_files()[path].splitlines() if line.startswith("name:"))
    return another(path, line, f"name: {name}")


def test_the_first_publication_makes_the_workspace_and_version_one_of_everything(conn: psycopg.Connection) -> None:
    diff = workspaces.apply(conn, read(), TUESDAY)
    place = workspaces.load(conn, "acme-roofing")
    current = playbooks.current(conn, place.id)
    assert diff.created
    assert diff.versions == dict.fromkeys(read().playbooks, 1)
    assert [version.key for version in current] == sorted(read().playbooks)
    assert all(set(version.templates) == version.playbook.templates() for version in current)
    assert place.config == read().config


def test_publishing_the_same_folder_again_changes_nothing(conn: psycopg.Connection) -> None:
    workspaces.apply(conn, read(), TUESDAY)
    before = conn.execute("select id, config_version from workspaces").fetchall()
    diff = workspaces.apply(conn, read(), TUESDAY + timedelta(days=1))
    assert not diff
    assert conn.execute("select id, config_version from workspaces").fetchall() == before
    assert conn.execute("select max(version) from playbook_versions").fetchone() == (1,)


def test_a_changed_template_is_a_new_version_of_the_playbooks_that_use_it_and_of_no_other(
    conn: psycopg.Connection,
) -> None:
    workspaces.apply(conn, read(), TUESDAY)
    files = starter_files()
    new = files["templates/ack.txt"] + "\nTalk soon."
    users = {key for key, playbook in read().playbooks.items() if "ack" in playbook.templates()}
    diff = workspaces.apply(conn, read({"templates/ack.txt": new}), TUESDAY)
    assert diff.versions == dict.fromkeys(users, 2)
    assert [(change.kind, change.name, change.what) for change in diff.changes] == [("template", "ack", "changed")]
    assert "+Talk soon." in diff.changes[0].diff
    place = workspaces.load(conn, "acme-roofing")
    versions = {version.key: version for version in playbooks.current(conn, place.id)}
    assert all(versions[key].templates["ack"].body.endswith("Talk soon.") for key in users)


def test_an_enrollment_stays_on_its_version_when_a_new_one_is_published(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    enrolled(conn, place, "pricing", a_lead(conn, place))
    pinned = conn.execute("select version_id from enrollments").fetchone()
    old = playbooks.version(conn, pinned[0])  # type: ignore[index]
    workspaces.apply(conn, read(renamed("pricing", "Another name")), TUESDAY)
    again = playbooks.version(conn, pinned[0])  # type: ignore[index]
    assert (again.version, again.playbook.name) == (1, old.playbook.name)
    now = {version.key: version for version in playbooks.current(conn, place.id)}
    assert (now["pricing"].version, now["pricing"].playbook.name) == (2, "Another name")


def test_a_removed_playbook_takes_nobody_in_and_can_still_be_read(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    gone = next(version for version in playbooks.current(conn, place.id) if version.key == "referral")
    diff = workspaces.apply(conn, read(without="playbooks/referral.yaml"), TUESDAY)
    assert ("playbook", "referral", "removed") in [(one.kind, one.name, one.what) for one in diff.changes]
    assert "referral" not in {version.key for version in playbooks.current(conn, place.id)}
    assert playbooks.version(conn, gone.id).playbook == gone.playbook


def test_a_playbook_that_comes_back_gets_a_number_that_was_never_given(conn: psycopg.Connection) -> None:
    a_workspace(conn)
    workspaces.apply(conn, read(without="playbooks/referral.yaml"), TUESDAY)
    diff = workspaces.apply(conn, read(), TUESDAY)
    assert diff.versions == {"referral": 2}


def test_a_plan_says_what_would_change_and_writes_nothing(conn: psycopg.Connection) -> None:
    workspaces.apply(conn, read(), TUESDAY)
    wanted = read(
        another("warmline.toml", "automated_per_day = 3", "automated_per_day = 2") | renamed("demo", "Another name")
    )
    diff = workspaces.plan(conn, wanted)
    assert [(one.kind, one.name, one.what) for one in diff.changes] == [
        ("setting", "caps.automated_per_day", "changed"),
        ("playbook", "demo", "changed"),
    ]
    assert diff.changes[0].diff.splitlines()[1:] == ["-3", "+2"]
    assert diff.versions == {"demo": 2}
    assert not workspaces.plan(conn, read()), "nothing of it was written"


def test_a_plan_for_an_empty_database_names_everything_as_added(conn: psycopg.Connection) -> None:
    diff = workspaces.plan(conn, read())
    assert diff.created
    assert {change.what for change in diff.changes} == {"added"}
    assert conn.execute("select count(*) from workspaces").fetchone() == (0,)


def test_somebody_who_is_no_longer_named_becomes_inactive_and_comes_back_when_named_again(
    conn: psycopg.Connection,
) -> None:
    workspaces.apply(conn, read(), TUESDAY)
    settings = starter_files()["warmline.toml"]
    start = settings.index("[people.jo]")
    without = settings[:start] + settings[settings.index("[people.kim]") :]
    without = without.replace('people = ["sam", "jo"]', 'people = ["sam"]')
    diff = workspaces.apply(conn, read({"warmline.toml": without}), TUESDAY)
    assert ("person", "jo", "removed") in [(one.kind, one.name, one.what) for one in diff.changes]
    active = "select key from people where active order by key"
    assert conn.execute(active).fetchall() == [("kim",), ("sam",)]
    workspaces.apply(conn, read(), TUESDAY)
    assert conn.execute(active).fetchall() == [("jo",), ("kim",), ("sam",)]


def test_every_publication_that_changes_anything_moves_the_config_version(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    workspaces.apply(conn, read(), TUESDAY)
    assert workspaces.published(conn) == {place.id: place.config_version}
    workspaces.apply(conn, read(renamed("demo", "Another name")), TUESDAY)
    assert workspaces.published(conn) == {place.id: place.config_version + 1}


def test_a_comment_in_the_settings_is_kept_as_it_was_written(conn: psycopg.Connection) -> None:
    text = "# ours\n" + starter_files()["warmline.toml"]
    workspaces.apply(conn, read({"warmline.toml": text}), TUESDAY)
    assert conn.execute("select config_source from workspaces").fetchone() == (text,)


def test_nothing_is_published_when_a_part_of_it_fails(conn: psycopg.Connection) -> None:
    a_workspace(conn)
    conn.execute("alter table playbook_versions add check (name <> 'Broken')")
    broken = read(
        another("warmline.toml", "automated_per_day = 3", "automated_per_day = 2") | renamed("demo", "Broken")
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        workspaces.apply(conn, broken, TUESDAY)
    assert workspaces.load(conn, "acme-roofing").config.caps.automated_per_day == 3
    assert len(playbooks.current(conn, workspaces.load(conn, "acme-roofing").id)) == len(read().playbooks)


def test_two_who_publish_at_once_leave_one_current_version_of_each(dsn: str, conn: psycopg.Connection) -> None:
    a_workspace(conn)
    wanted = [read(renamed("demo", f"Demo {n}")) for n in range(4)]
    together = threading.Barrier(len(wanted))
    failed: list[BaseException] = []

    def publish(one: Bundle) -> None:
        try:
            with connect(dsn) as mine:
                together.wait()
                workspaces.apply(mine, one, TUESDAY)
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            failed.append(error)

    threads = [threading.Thread(target=publish, args=(one,)) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert conn.execute("select version from playbook_versions where key = 'demo' order by 1").fetchall() == [
        (number,) for number in range(1, 6)
    ]
    assert conn.execute("select count(*) from playbook_versions where key = 'demo' and current").fetchone() == (1,)


def test_a_workspace_that_is_not_there_is_named_with_those_that_are(conn: psycopg.Connection) -> None:
    with pytest.raises(WorkspaceError, match="None has been published yet"):
        workspaces.load(conn, "acme")
    a_workspace(conn)
    with pytest.raises(WorkspaceError, match=r"There is no workspace acme\. There are: acme-roofing"):
        workspaces.load(conn, "acme")


def test_a_version_that_cannot_be_read_is_an_error_that_names_it(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    conn.execute(
        "update playbook_versions set source = 'steps: [', digest = 'x' where workspace_id = %s and key = 'demo'",
        (place.id,),
    )
    with pytest.raises(VersionError, match=r"Version 1 of playbook demo can't be read .*playbooks/demo.yaml:1:"):
        playbooks.current(conn, place.id)


def test_a_version_that_is_not_there_is_an_error_that_names_it(conn: psycopg.Connection) -> None:
    with pytest.raises(VersionError, match="Playbook version 7 is not in this database"):
        playbooks.version(conn, 7)


def test_a_version_is_parsed_once(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    first, second = playbooks.current(conn, place.id), playbooks.current(conn, place.id)
    assert all(one is other for one, other in zip(first, second, strict=True))
