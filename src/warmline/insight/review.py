"""Which step of a playbook works: one reading for `warmline review` and the playbook's page."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import psycopg

from warmline.core.review import KINDS, Remark, Review, remarks, weigh
from warmline.store import reviews
from warmline.store.playbooks import Version

#: More runs would hardly tell more: of so many, a share is known to one in a hundred.
MOST = 5_000


class Reviewed(msgspec.Struct):
    """`began`: how many runs there were since `since`; `review` is of the newest MOST of them."""

    playbook: str
    name: str
    since: datetime
    at: datetime
    began: int
    review: Review
    remarks: list[Remark]


def reviewed(conn: psycopg.Connection, workspace_id: int, version: Version, now: datetime, over: timedelta) -> Reviewed:
    """What came of the runs that began in the time `over` before `now`, in whatever version of the playbook."""
    since = now - over
    began = reviews.count(conn, workspace_id, version.key, since)
    runs = reviews.runs(conn, workspace_id, version.key, since, KINDS, MOST)
    review = weigh(runs, [step.name for step in version.playbook.steps])
    return Reviewed(version.key, version.playbook.name, since, now, began, review, remarks(review))
