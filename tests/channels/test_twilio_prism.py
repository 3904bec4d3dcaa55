"""Every request of the Twilio channel, judged by Twilio's own OpenAPI (Prism)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest

from tests.channels.conformance import KEY, NOW, PUBLIC, UNICODE, message, secrets
from tests.far_ends.prism import Prism
from warmline.channels import build
from warmline.channels.contract import Accepted, Refused
from warmline.channels.http import Answer
from warmline.channels.sms.twilio import TwilioChannel

pytestmark = pytest.mark.slow

ACCOUNT = "AC" + "0" * 32
SERVICE = "MG" + "0" * 32


def on(prism: Prism, steps: Callable[[TwilioChannel], Awaitable[Any]], **settings: object) -> Any:
    """`steps` with a channel whose far end is Prism."""
    table = {"provider": "twilio", "account_sid": ACCOUNT, "auth_token": "env:SECRET", "base_url": prism.base_url}

    async def run() -> Any:
        channel = build("sms", table | settings, secrets, PUBLIC, KEY, {"twilio": {}})
        assert isinstance(channel, TwilioChannel)
        try:
            return await steps(channel)
        finally:
            await channel.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "settings",
    [
        {"from": "+15005550006"},
        {"messaging_service_sid": SERVICE},
        {"messaging_service_sid": SERVICE, "from": "+15005550006"},
        {"from": "+15005550006", "validity_seconds": 600},
    ],
    ids=["number", "service", "number of a service", "validity"],
)
@pytest.mark.parametrize("text", ["Hi Zoe, when can we call?", UNICODE, "100% &=+?;<>\"'\\ {~}|[€] \u00a0\u200b"])
def test_every_hand_over_is_of_the_form_that_twilio_publishes(
    prism: Prism, settings: Mapping[str, object], text: str
) -> None:
    receipt = on(prism, lambda channel: channel.send(message("sms", text=text)), **settings)
    assert isinstance(receipt, Accepted), receipt
    assert receipt.provider_id.startswith("SM")


def test_the_question_after_a_crash_is_of_the_form_that_twilio_publishes(prism: Prism) -> None:
    """Prism's list is an example: what counts is that it gave one, and that a message not in it is not made up."""
    asked: list[Answer] = []

    async def steps(channel: TwilioChannel) -> object:
        ask = channel._http.request

        async def heard(*given: Any, **more: Any) -> Any:
            asked.append(await ask(*given, **more))
            return asked[-1]

        channel._http.request = heard  # type: ignore[method-assign] # only listened to
        return await channel.find(message("sms"), NOW)

    found = on(prism, steps, **{"from": "+15005550006"})
    assert found in ("absent", "cannot_say")
    assert [answer.status for answer in asked] == [200]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"To": None}, 422),
        ({"ValidityPeriod": "soon"}, 422),
        ({"MessagingServiceSid": "MG1"}, 422),
        ({"StatusCallback": "not an address"}, 422),
        ({}, 201),
    ],
)
def test_prism_refuses_what_twilios_form_does_not_allow(
    prism: Prism, change: dict[str, str | None], status: int
) -> None:
    """The judge judges: without this the tests above would prove nothing."""

    async def steps(channel: TwilioChannel) -> int:
        form = {name: value for name, value in (channel._form(message("sms")) | change).items() if value is not None}
        async with (
            aiohttp.ClientSession() as session,
            session.post(channel._messages_url, data=form, headers=channel._headers()) as answer,
        ):
            return answer.status

    assert on(prism, steps, **{"from": "+15005550006"}) == status


def test_another_account_in_the_path_is_refused(prism: Prism) -> None:
    receipt = on(prism, lambda channel: channel.send(message("sms")), **{"from": "+15005550006", "account_sid": "AC1"})
    assert isinstance(receipt, Refused)
    assert receipt.code == "http_422"
