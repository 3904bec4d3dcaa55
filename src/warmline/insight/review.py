"""Which step of a playbook works: one reading for `warmline review` and the playbook's page."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import psycopg

from warmline.core.review import KINDS, Remark, Review, remarks, weigh
from warmline.store import reviews
from warmline.store.playbooks import Version

#: More runs would hardly tell more: of so many, a share is known to two in a hundred.
MOST = 2_000


class Reviewed(msgspec.Struct):
    """`review` is of the runs that began since `since`; `cut`: of the newest MOST of them."""

    playbook: str
    name: str
    since: datetime
    at: datetime
    cut: bool
    review: Review
    remarks: list[Remark]


def reviewed(conn: psycopg.Connection, workspace_id: int, version: Version, now: datetime, over: timedelta) -> Reviewed:
    """What came of the runs that began in the time `over` before `now`, in whatever version of the playbook."""
    since = now - over
    runs = reviews.runs(conn, workspace_id, version.key, since, KINDS, MOST)
    review = weigh(runs, [step.name for step in version.playbook.steps])
    return Reviewed(version.key, version.playbook.name, since, now, len(runs) == MOST, review, remarks(review))
