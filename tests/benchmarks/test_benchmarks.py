"""The bench can't rot: every part runs at a tiny size, the peers' statement fits the tables, and figures say what they mean."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from uuid import UUID
from xml.etree import ElementTree

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled
from warmline.store.ids import lane_of

from . import write_docs
from .charts import Bar as Column
from .charts import bars, line
from .lists import write_list
from .report import Bar, Row, against_bar, amount, as_json, of_rounds, spread
from .wire import Messages, post

HERE = Path(__file__).parent

#: Everything but `peers`, which makes an environment from the network.
WITHOUT_WEB = ("core", "touches", "growth", "dispatch", "lists", "steady")
WITH_WEB = ("speed", "intake", "pages")


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [WITHOUT_WEB, WITH_WEB], ids=["without the web", "with the web"])
def test_every_part_runs_at_a_tiny_size_and_leaves_figures(tmp_path: Path, chosen: tuple[str, ...]) -> None:
    kept = tmp_path / "run.json"
    command = [sys.executable, "-m", "tests.benchmarks", *chosen, "--quick", "--json", str(kept)]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    parts = json.loads(kept.read_text())["parts"]
    assert list(parts) == list(chosen)
    for name, part in parts.items():
        assert part["rows"], name
        assert all(row["value"] > 0 for row in part["rows"]), name
    assert write_docs.document([json.loads(kept.read_text())]).count("\n## ") == len(chosen) + 2


def test_a_part_that_does_not_exist_is_named_and_the_others_are_listed() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "toches"]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "there is no part toches" in done.stderr
    assert all(name in done.stderr for name in WITHOUT_WEB + WITH_WEB)


def test_the_peers_job_writes_one_touch_and_moves_one_due_time(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _side_effect(monkeypatch)
    workspace = a_workspace(conn)
    lead = a_lead(conn, workspace)
    enrollment = enrolled(conn, workspace, "pricing", lead)
    version = conn.execute("select version_id from enrollments").fetchone()
    assert version is not None
    told = {
        "lane": lane_of(lead), "enrollment": str(enrollment), "lead": str(lead), "workspace": workspace.id,
        "version": version[0],
    }  # fmt: skip
    conn.execute(job.FOR_PSYCOPG, job.arguments(told))
    assert conn.execute("select lead_id, status from touches").fetchall() == [(UUID(str(lead)), "queued")]
    assert conn.execute("select due_at > %s from enrollments", (TUESDAY,)).fetchone() == (True,)


def test_a_figure_is_met_or_missed_by_the_way_its_bar_points() -> None:
    slow = as_json(Row("speed.p50", "", 30.0, "ms", bar=Bar(25, "at most")))
    fast = as_json(Row("touches", "", 12_000.0, "/s", bar=Bar(10_000)))
    assert against_bar(slow) == "at most 25.0 ms: MISSED"
    assert against_bar(fast) == "at least 10,000 /s: met"


def test_rounds_become_their_median_with_the_lowest_and_the_highest() -> None:
    row = of_rounds("x", "", "/s", [30_000.0, 10_000.0, 20_000.0])
    assert (amount(row.value, row.unit), spread(as_json(row))) == ("20,000 /s", "10,000 /s to 30,000 /s")


def test_requests_that_arrive_in_pieces_are_put_together_and_apart() -> None:
    whole = post("/in/pricing", b'{"a": 1}') + post("/in/pricing", b"{}")
    messages = Messages()
    found = [one for at in range(0, len(whole), 7) for one in messages.feed(whole[at : at + 7])]
    assert [body for _, body in found] == [b'{"a": 1}', b"{}"]


def test_the_list_of_the_import_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write_list(tmp_path / name, 500)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 501


def test_pictures_are_well_formed_and_their_longest_bar_fits() -> None:
    drawn = ElementTree.fromstring(bars("A <title>", [Column("a & b", 1, "1"), Column("c", 3, "3")], (2, "bar")))
    widths = [float(one.attrib["width"]) for one in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[1] == pytest.approx(widths[0] * 3, rel=0.01)
    svg = line("Over time", [(0, 1.0), (1, 2.0)], "minutes", "pages")
    assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_the_figures_of_the_documents_are_those_of_the_recorded_runs() -> None:
    runs = write_docs.recorded()
    assert (write_docs.DOCS / "benchmarks.md").read_text(encoding="utf-8") == write_docs.document(runs)
    for name, picture in write_docs.pictures(write_docs.parts_of(runs)).items():
        assert (write_docs.KEPT / f"{name}.svg").read_text(encoding="utf-8") == picture


def _side_effect(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The peers' module, which has an environment of its own, taken in here."""
    monkeypatch.setenv("BENCH_DSN", "")
    spec = importlib.util.spec_from_file_location("side_effect", HERE / "peers/apps/side_effect.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
