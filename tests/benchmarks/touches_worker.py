"""A worker process of the bench: works off every lane with the tick or with the bare loop, each time it is told to.

Arguments: DSN, `bare` or `tick`, number of threads, which lane to begin with.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
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
    dsn, kind, threads, first = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    works = [_work(connect(dsn, f"warmline bench {kind}"), kind) for _ in range(threads)]
    calm_the_collector()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(json.dumps({"count": _round(works, first)}) + "\n")
        sys.stdout.flush()


def _work(conn: psycopg.Connection, kind: str) -> Work:
    if kind == "bare":
        return lambda lane: bare_tick(conn, lane, TUESDAY)
    catalog = Catalog(conn)
    catalog.warm(TUESDAY)
    return lambda lane: tick(conn, lane, TUESDAY, catalog).looked_at


def _round(works: list[Work], first: int) -> int:
    """Every thread walks all lanes, each beginning elsewhere, so that they meet seldom; what is locked is skipped."""
    counts = [0] * len(works)

    def walk(number: int) -> None:
        begin = first * 5 + number * LANES // len(works)
        for step in range(LANES):
            while done := works[number]((begin + step) % LANES):
                counts[number] += done

    running = [threading.Thread(target=walk, args=(number,)) for number in range(len(works))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts)


if __name__ == "__main__":
    main()
