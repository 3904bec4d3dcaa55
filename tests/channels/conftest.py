"""Far ends that several channels share, started by the first test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.far_ends.prism import Prism, a_prism


@pytest.fixture(scope="session")
def prism() -> Iterator[Prism]:
    with a_prism() as prism:
        yield prism
