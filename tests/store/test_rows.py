"""Rows as one JSON document: what comes back is what went in, from any number of threads."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from uuid import UUID

import msgspec

from tests.builders import TUESDAY
from warmline.store.ids import new_id
from warmline.store.rows import decode, encode


class Row(msgspec.Struct):
    id: UUID
    at: datetime
    text: str


def test_ids_times_and_any_text_come_back_as_they_went_in() -> None:
    rows = [Row(new_id(), TUESDAY, text) for text in ("", 'a "quoted" \\ word', "é ☃ 😀", "two\nlines")]
    assert decode(encode(rows), Row) == rows


def test_a_query_that_found_nothing_is_an_empty_list() -> None:
    assert decode(None, Row) == []


MANY_THREADS = """
import sys, threading
import msgspec
from warmline.store.rows import decode

sys.setswitchinterval(1e-6)
for number in range(300):
    inner = msgspec.defstruct(f"Inner{number}", [(f"f{i}", "list[dict[str, int]] | None", None) for i in range(8)])
    outer = msgspec.defstruct(f"Outer{number}", [(f"g{i}", list[inner], []) for i in range(6)])
    document = '[{"g0": [{"f0": [{"a": 1}]}], "g5": [{"f7": null}]}]'
    start = threading.Barrier(4)

    def work():
        start.wait()
        decode(document, outer)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("done")
"""


def test_threads_that_meet_at_a_new_kind_of_row_do_not_take_the_process_down() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_THREADS], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
