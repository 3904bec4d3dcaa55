"""What the engine works by: playbook versions, the rules of each workspace, its channels. Read once, refreshed on change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg

from warmline import rules
from warmline.channels import needs_recording
from warmline.core.numbers import is_to_be_asked
from warmline.core.policy import Policy
from warmline.core.recordings import Recordings
from warmline.core.settings import Config
from warmline.core.standing import Asked
from warmline.rules.binding import policy_of
from warmline.store import numbers, playbooks, recordings, workspaces
from warmline.store.due import Known
from warmline.store.playbooks import Version


@dataclass(slots=True)
class Site:
    """One workspace, as the engine needs it on one day."""

    id: int
    key: str
    name: str
    config: Config
    config_version: int
    policy: Policy
    day: date
    current: Mapping[str, Version]
    recordings: Recordings = field(default_factory=Recordings)
    asked: Asked = field(default_factory=Asked)

    def asks_about(self, lead: Known, now: datetime) -> bool:
        """Whether the workspace's look-ups have something to say about the lead's number that is not known, or is old."""
        asks = self.config.numbers
        return bool(asks.provider and lead.phone) and is_to_be_asked(lead.numbers, asks.ask, now)

    def unrecorded(self, channel: str, owner: str | None, template: str) -> str:
        """The recording that this touch needs and nobody has made, in words; "" when nothing is missing."""
        if channel != "voicemail":
            return ""
        return self.recordings.lacking(owner, template)


class Catalog:
    """Cached by workspace and version; `refresh` drops what changed. One per worker thread."""

    def __init__(self, conn: psycopg.Connection, *, punctual: bool = False) -> None:
        """`punctual`: the business clock runs fast, so that everything is taken to happen at the instant it was due."""
        self.punctual = punctual
        self._conn = conn
        self._sites: dict[int, Site] = {}
        self._versions: dict[int, Version] = {}  # never stale: a version does not change
        self._published = workspaces.published(conn)

    def site(self, workspace_id: int, now: datetime) -> Site:
        """The workspace on the day of `now`; rules of a new day are read anew, because rules have effective dates."""
        site = self._sites.get(workspace_id)
        if site is None or site.day != now.date():
            site = self._sites[workspace_id] = self._read(workspace_id, now.date())
        return site

    def version(self, version_id: int) -> Version:
        version = self._versions.get(version_id)
        if version is None:
            version = self._versions[version_id] = playbooks.version(self._conn, version_id)
        return version

    def warm(self, now: datetime) -> None:
        """Read everything that a first lead would have to wait for: rule data, workspaces, playbooks."""
        rules.area_codes()
        rules.regions()
        for workspace_id in self._published:
            for version in self.site(workspace_id, now).current.values():
                self._versions[version.id] = version

    def refresh(self) -> set[int]:
        """Forget the workspaces that were published since they were read, and return them."""
        published = workspaces.published(self._conn)
        moved = {
            workspace_id for workspace_id, number in published.items() if self._published.get(workspace_id) != number
        }
        for workspace_id in moved:
            self._sites.pop(workspace_id, None)
        self._published = published
        return moved

    def _read(self, workspace_id: int, day: date) -> Site:
        workspace = workspaces.load(self._conn, workspace_id)
        return Site(
            id=workspace.id,
            key=workspace.key,
            name=workspace.name,
            config=workspace.config,
            config_version=workspace.config_version,
            policy=policy_of(workspace.config, day),
            day=day,
            current={version.key: version for version in playbooks.current(self._conn, workspace_id)},
            asked=numbers.asked_of(self._conn, workspace),
            recordings=Recordings(
                needs_recording(workspace.config), recordings.made(self._conn, workspace_id), workspace.config.people
            ),
        )
