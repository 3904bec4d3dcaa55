"""docs/settings.md has every setting that the code reads, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import warmline
from tests.builders import starter_files
from warmline.channels.sandbox.behaviour import Behaviour
from warmline.core.settings import CHANNELS, KNOWN, parse_settings

SOURCE = Path(warmline.__file__).parent
PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))

#: Methods that read one key of a table: core/toml_table.py and channels/settings.py.
READERS = {
    "text",
    "whole",
    "number",
    "flag",
    "choice",
    "secret",
    "secret_list",
    "url",
    "table",
    "within",
    "texts",
    "parsed",
}


def keys_of(path: Path) -> Iterator[str]:
    """The names that are written where a setting is read or allowed."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_table(node.func.value):
            first = node.args[:1] if node.func.attr in READERS else node.args if node.func.attr == "allow" else []
            yield from (one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _is_table(what: ast.expr) -> bool:
    return isinstance(what, ast.Name) and what.id in ("settings", "table", "row", "root", "own")


def test_every_setting_is_on_the_page() -> None:
    files = [SOURCE / "core" / "settings.py", *sorted((SOURCE / "channels").rglob("*.py"))]
    read = {key for path in files for key in keys_of(path) if re.fullmatch(r"[a-z_]+", key)}
    assert len(read) > 60
    assert sorted(read - NAMED - set(KNOWN)) == []


def test_every_table_has_a_chapter() -> None:
    chapters = " ".join(re.findall(r"^## (.*)$", PAGE, re.MULTILINE))
    assert [name for name in KNOWN if f"[{name}" not in chapters] == []
    assert [name for name in CHANNELS if f"**{name}, " not in PAGE] == []


def test_what_a_sandbox_can_be_told_is_on_the_page() -> None:
    chapter = PAGE.split("**The sandbox**", 1)[1]
    assert [name for name in Behaviour.__dataclass_fields__ if f"`{name}`" not in chapter] == []


def test_what_is_so_unless_set_is_what_the_code_makes_of_it() -> None:
    table = re.search(r"\[workspace\]\n(?:(?!\[).*\n)*", starter_files()["warmline.toml"])
    assert table is not None
    config = parse_settings(table.group()).config
    assert config is not None
    said = dict(re.findall(r"^\| `(\w+)`.*\| `?\"?(.*?)\"?`? \|$", PAGE, re.MULTILINE))
    assert (said["profile"], said["opt_out"]) == (config.profile, config.opt_out)
    assert said["at_night"] == str(config.acknowledge_at_night).lower()
    assert (config.caps.automated_per_day, config.caps.automated_per_week) == (3, 7)
    assert said["automated_per_day"].startswith("3, and 7")
