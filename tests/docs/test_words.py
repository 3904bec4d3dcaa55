"""README.md and docs/: what they tell people to type exists, links lead somewhere, and examples can be published."""

import re
from pathlib import Path

import pytest
import typer.main

from warmline.cli import app
from warmline.core.parse import parse

HOUSE = Path(__file__).parents[2]
README = (HOUSE / "README.md").read_text(encoding="utf-8")
PAGES = [HOUSE / "README.md", *sorted((HOUSE / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_links_to_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+\.(?:md|svg))(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_of_the_readme_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined] # a group has commands
    named = set(re.findall(r"\./run warmline ([a-z-]+)", README))
    assert named
    assert named <= set(commands)


def test_every_verb_of_the_readme_exists() -> None:
    run = (HOUSE / "run").read_text(encoding="utf-8")
    named = set(re.findall(r"\./run ([a-z]+)", README))
    assert named >= {"up", "test"}
    assert [verb for verb in named if not re.search(rf"^    {verb}\)", run, re.MULTILINE)] == []


def test_the_playbook_of_the_readme_reads_without_a_warning() -> None:
    source = README.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert parse(source, "playbooks/quick-quote.yaml").problems == []


def test_the_decisions_are_listed_and_keep_their_form() -> None:
    folder = HOUSE / "docs" / "decisions"
    listed = re.findall(r"^\| \[\d+\]\(([^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == sorted(path.name for path in folder.glob("0*.md"))
    for name in listed:
        text = (folder / name).read_text(encoding="utf-8")
        headings = re.findall(
            r"^\*\*(Context|Decision|Consequences|Alternatives|Enforced by)\.\*\*", text, re.MULTILINE
        )
        assert headings == ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"], name


def test_architecture_names_files_that_exist() -> None:
    text = (HOUSE / "docs" / "architecture.md").read_text(encoding="utf-8")
    source = HOUSE / "src" / "warmline"
    named = set(
        re.findall(r"\b((?:core|rules|store|channels|intake|insight|engine|machine|web|cli)/[a-z_/]*(?:\.py)?)", text)
    )
    assert len(named) > 30
    assert [name for name in sorted(named) if not (source / name).exists()] == []
