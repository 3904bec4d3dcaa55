"""A connection whose pipelines may be nested while much waits to be sent.

Entering a nested pipeline, psycopg waits for the answers to everything before it. It then only reads (3.3.9: `_sync_gen`
fetches without a flush), also where the socket took no more than a part of what is to be sent: the server waits for the rest,
and both wait for ever. A batch of a thousand leads is enough for that. Leaving a pipeline had the same fault until 3.1.18
(github.com/psycopg/psycopg/issues/685); here entering is mended in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen


class Pipeline(psycopg.Pipeline):
    def _sync_gen(self) -> PQGen[None]:
        self._enqueue_sync()
        yield from self._communicate_gen()
        yield from self._fetch_gen(flush=True)  # sends the rest, and reads meanwhile


class Connection(psycopg.Connection[Any]):
    @contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        outermost = self._pipeline is None
        if outermost:
            self._pipeline = Pipeline(self)
        try:
            with super().pipeline() as pipeline:
                yield pipeline
        finally:
            if outermost:
                self._pipeline = None  # also where the connection turned out to be closed
