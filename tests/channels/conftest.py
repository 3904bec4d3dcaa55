"""What tests of several channels share, made by the first that asks for it: far ends, and mail providers that sign."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.channels.conformance import NOW
from tests.channels.signing import Signer
from tests.far_ends.prism import Prism, a_prism
from warmline.channels.contract import Signal


@pytest.fixture(scope="session")
def prism() -> Iterator[Prism]:
    with a_prism() as prism:
        yield prism


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="session")
def read(signer: Signer) -> Callable[..., list[Signal]]:
    """`read("mailgun", body)`: the body signed as that provider does, through the whole channel."""

    def one(name: str, content: object, tail: str = "", **changes: Any) -> list[Signal]:
        return signer.channel(name).read(signer.callback(name, content, tail, **changes), NOW)

    return one
