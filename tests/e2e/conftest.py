"""One house for all stories, open from the first that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import TUESDAY, starter_files

from .house import House, Person, a_house

GUIDE = "playbooks/content-download.yaml"
MAIL = "templates/guide-link.txt"


@pytest.fixture(scope="package")
def house(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Tuesday, half past ten in the morning. The guide's mail has two links, and whoever clicks wants to be called."""
    guide = starter_files()[GUIDE].replace("on: [reply,", "on: [reply, click,")
    mail = starter_files()[MAIL] + "\nWhat a roof costs: https://acme.test/prices\n"
    with a_house(server, tmp_path_factory.mktemp("day"), TUESDAY, {GUIDE: guide, MAIL: mail}) as house:
        yield house


@pytest.fixture
def ann() -> Person:
    return Person()
