"""One house for all stories, open from the first that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import TUESDAY, starter_files

from .house import House, Person, a_house

GUIDE = "playbooks/content-download.yaml"


@pytest.fixture(scope="package")
def house(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Tuesday, half past ten in the morning. Whoever clicks in the guide's mail wants to be called here."""
    guide = starter_files()[GUIDE].replace("on: [reply,", "on: [reply, click,")
    with a_house(server, tmp_path_factory.mktemp("day"), TUESDAY, {GUIDE: guide}) as house:
        yield house


@pytest.fixture
def ann() -> Person:
    return Person()
