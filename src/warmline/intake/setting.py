"""What intake needs of a workspace, worked out once for each published state and day, not for each lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg

from warmline import rules
from warmline.core.enrol import Candidate, Chooser
from warmline.core.hours import NeverOpen, add_office_time, is_open
from warmline.core.playbook import Office, Owner
from warmline.core.policy import Policy
from warmline.core.replies import read
from warmline.core.settings import Config
from warmline.rules.binding import policy_of
from warmline.store import playbooks, workspaces
from warmline.store.playbooks import Version
from warmline.store.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class Setting:
    workspace_id: int
    config: Config
    day: date
    current: tuple[Version, ...]
    by_id: Mapping[int, Version]
    chooser: Chooser
    policy: Policy
    default_owner: Owner  # of a lead that needs a person and is in no playbook

    @property
    def office(self) -> Office:
        return self.policy.office

    def after_hours(self, now: datetime) -> bool:
        return not is_open(self.office.week, self.office.zone, now, self.office.holidays)

    def office_time(self, now: datetime, within: timedelta) -> datetime:
        """When so much office time has passed after `now`; a workspace that never opens counts by the wall."""
        try:
            return add_office_time(now, within, self.office.week, self.office.zone, self.office.holidays)
        except NeverOpen:
            return now + within


_settings: dict[int, Setting] = {}


def setting_of(workspace: Workspace, current: Sequence[Version], now: datetime) -> Setting:
    """Config and versions are parsed once for each text (store), so their identity tells whether anything changed."""
    found = _settings.get(workspace.id)
    if found is None or not _holds(found, workspace, current, now.date()):
        found = _settings[workspace.id] = _make(workspace, current, now.date())
    return found


def prepare(conn: psycopg.Connection, now: datetime) -> None:
    """Read the rules, and the playbooks of every workspace, before the first lead waits for it: most of a second.

    Raises WorkspaceError or VersionError for what this program can't read.
    """
    rules.regions()
    for key in workspaces.keys(conn):
        workspace = workspaces.load(conn, key)
        setting_of(workspace, playbooks.current(conn, workspace.id), now)
    read("", rules.opt_out_words())  # half a second, which the first message would wait for


def _holds(setting: Setting, workspace: Workspace, current: Sequence[Version], day: date) -> bool:
    return (
        setting.day == day
        and setting.config is workspace.config
        and len(setting.current) == len(current)
        and all(a is b for a, b in zip(setting.current, current, strict=True))
    )


def _make(workspace: Workspace, current: Sequence[Version], day: date) -> Setting:
    return Setting(
        workspace_id=workspace.id,
        config=workspace.config,
        day=day,
        current=tuple(current),
        by_id={version.id: version for version in current},
        chooser=Chooser(Candidate(one.key, one.id, one.rank, one.playbook.enroll) for one in current),
        policy=policy_of(workspace.config, day),
        default_owner=Owner(team=next(iter(workspace.config.teams), "")),  # the first team's turn
    )
