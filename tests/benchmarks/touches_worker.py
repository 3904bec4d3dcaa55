"""A worker process of the bench: works off its lanes with the tick or with the bare loop, each time it is told to.

Arguments: DSN, `bare` or `tick`, which of the workers it is, and of how many. Each has lanes of its own, as an engine gives
them to its processes (engine/decider.py).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable

import psycopg
import structlog

from tests.builders import TUESDAY
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.garbage import calm_the_collector
from warmline.store.connect import connect
from warmline.store.ids import LANES

from .bare import bare_tick

Work = Callable[[int], int]


def main() -> None:
    dsn, kind, number, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    work = _work(connect(dsn, f"warmline bench {kind}"), kind)
    calm_the_collector()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(json.dumps({"count": _round(work, range(number, LANES, size))}) + "\n")
        sys.stdout.flush()


def _work(conn: psycopg.Connection, kind: str) -> Work:
    if kind == "bare":
        return lambda lane: bare_tick(conn, lane, TUESDAY)
    catalog = Catalog(conn)
    catalog.warm(TUESDAY)
    return lambda lane: tick(conn, lane, TUESDAY, catalog).looked_at


def _round(work: Work, lanes: Iterable[int]) -> int:
    count = 0
    for lane in lanes:
        while done := work(lane):
            count += done
    return count


if __name__ == "__main__":
    main()
