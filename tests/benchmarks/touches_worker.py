"""A worker process of the bench: works off every lane with the tick or with the bare loop, each time it is told to.

Arguments: DSN, `bare` or `tick`, and which of the workers it is: each begins at another lane, so that they meet seldom.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable

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
    dsn, kind, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    work = _work(connect(dsn, f"warmline bench {kind}"), kind)
    calm_the_collector()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(json.dumps({"count": _round(work, number * 5)}) + "\n")
        sys.stdout.flush()


def _work(conn: psycopg.Connection, kind: str) -> Work:
    if kind == "bare":
        return lambda lane: bare_tick(conn, lane, TUESDAY)
    catalog = Catalog(conn)
    catalog.warm(TUESDAY)
    return lambda lane: tick(conn, lane, TUESDAY, catalog).looked_at


def _round(work: Work, first: int) -> int:
    """Walk all lanes; what another worker has locked is skipped."""
    count = 0
    for step in range(LANES):
        while done := work((first + step) % LANES):
            count += done
    return count


if __name__ == "__main__":
    main()
