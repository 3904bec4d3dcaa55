"""Static files: what came from elsewhere is what it says it is, and browsers may keep it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable

import pytest

from tests.web.conftest import Answer
from warmline.web import static_files
from warmline.web.icons import ICONS

VENDOR = static_files.ROOT / "vendor"
SOURCES = json.loads((VENDOR / "SOURCES.json").read_text())


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_vendored_file_is_byte_for_byte_the_published_one(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == SOURCES[name]["sha256"]


def test_every_vendored_file_has_a_source_and_a_licence() -> None:
    files = {path.name for path in VENDOR.iterdir()}
    licences = {name for name in files if name.endswith("-LICENSE.txt")}
    assert files - licences - {"SOURCES.json"} == set(SOURCES)
    assert licences == {"htmx-LICENSE.txt", "inter-LICENSE.txt"}


def test_the_stylesheet_is_served_to_be_kept(call: Callable[..., Answer]) -> None:
    answer = call("GET", static_files.url("app.css"))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]


def test_everything_the_stylesheet_asks_for_is_there(call: Callable[..., Answer]) -> None:
    css = (static_files.ROOT / "app.css").read_text()
    for name in re.findall(r'url\("([^"]+)"\)', css):
        assert call("GET", static_files.url(name)).status == 200, name
    for variable in set(re.findall(r"var\((--[\w-]+)\)", css)):
        assert f"{variable}:" in css, variable


def test_no_path_leads_out_of_the_folder(call: Callable[..., Answer]) -> None:
    for path in ("/static/app.css", static_files.url("../settings.py"), static_files.url("%2e%2e/settings.py")):
        assert call("GET", path).status == 404, path


def test_icons_are_nothing_but_shapes() -> None:
    for name, drawn in ICONS.items():
        assert re.fullmatch(r"(<(path|circle|rect) [\w=\"\-. ]+/>)+", drawn), name
