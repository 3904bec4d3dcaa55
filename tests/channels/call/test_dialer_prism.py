"""Every request of the Twilio dialer, judged by Twilio's own OpenAPI (Prism)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.far_ends.prism import Prism, a_prism
from warmline.channels import build_dialer
from warmline.channels.call.contract import CannotSay, Detected, Dialer, LegMoved, Placing
from warmline.channels.contract import Accepted, Receipt, Refused

pytestmark = pytest.mark.slow

ACCOUNT = "AC" + "0" * 32
REF = "7-" + "0" * 32
SID = "CA" + "0" * 32
T = TypeVar("T")


@pytest.fixture(scope="module")
def twilio() -> Iterator[Prism]:
    with a_prism() as prism:
        yield prism


Told = Sequence[LegMoved | Detected] | CannotSay


def run(prism: Prism, work: Callable[[Dialer], Awaitable[T]], **more: object) -> T:
    table = {
        "provider": "twilio", "account_sid": ACCOUNT, "auth_token": "secret", "from": "+15005550006",
        "base_url": prism.base_url, **more,
    }  # fmt: skip

    async def once() -> T:
        dialer = build_dialer(table, str, "https://leads.acme.test", {})
        try:
            return await work(dialer)
        finally:
            await dialer.close()

    return asyncio.run(once())


def place(prism: Prism, call: Placing, **more: object) -> Receipt:
    return run(prism, lambda dialer: dialer.place(call), **more)


def ask(prism: Prism, **more: object) -> Told:
    return run(prism, lambda dialer: dialer.ask(REF, SID), **more)


@pytest.mark.parametrize("more", [{}, {"machine_detection": False}, {"rep_ring_seconds": 45, "ring_seconds": 60}])
@pytest.mark.parametrize("said", ["Lead: Ann Lee. Press 1.", "Lead: Zoë & <Søn> 100% +=?\"'. Press 1.", "é" * 2000])
def test_every_call_is_of_the_form_that_twilio_publishes(twilio: Prism, said: str, more: dict[str, object]) -> None:
    receipt = place(twilio, Placing(REF, "+15550104477", said), **more)
    assert isinstance(receipt, Accepted), receipt
    assert receipt.provider_id.startswith("CA")


def test_every_question_about_a_call_is_of_the_form_that_twilio_publishes(twilio: Prism) -> None:
    told = ask(twilio)
    assert isinstance(told, list), told
    assert [one.which for one in told if isinstance(one, LegMoved)] == ["rep"], "it invents calls, and none is ours"
    refused = ask(twilio, account_sid="nonsense")
    assert refused == CannotSay("Twilio answered 422 when it was asked"), "so the judge looks"


def test_a_call_of_another_form_is_refused(twilio: Prism) -> None:
    """So the judge looks: an account that is none, and a field that is no number."""
    assert isinstance(place(twilio, Placing(REF, "+15550104477", "Lead"), account_sid="nonsense"), Refused)

    async def broken() -> int:
        url = f"{twilio.base_url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
        form = {"To": "+15550104477", "From": "+15005550006", "Twiml": "<Response/>", "Timeout": "soon"}
        headers = {
            "Authorization": aiohttp.encode_basic_auth(ACCOUNT, "secret"),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=urlencode(form), headers=headers) as answer,
        ):
            return answer.status

    assert asyncio.run(broken()) == 422
