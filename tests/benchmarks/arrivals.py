"""Leads coming in over HTTP: how many, and how long until the provider is asked to send the first text."""

from __future__ import annotations

import asyncio
import json
import time
from statistics import quantiles

import aiohttp

from tests.far_ends.ports import closed_port

from .house import Provider, a_house
from .report import Row
from .server import a_database

PATIENCE = 30.0


def measure_speed(server: str, rate: int = 200, seconds: int = 15) -> list[Row]:
    """Speed to lead: POST accepted -> request at the SMS provider, `rate` leads a second held for `seconds`."""
    with a_database(server) as dsn:
        provider = Provider(closed_port())
        with a_house(dsn, provider.port) as url:
            late, refused = asyncio.run(_hold(url, provider, rate, seconds))
    late.sort()
    hundredths = quantiles(late, n=100)
    return [
        Row(
            f"speed to lead at {rate} leads/s for {seconds} s: accepted -> at the provider",
            f"p50 {hundredths[49] * 1e3:.1f} ms, p99 {hundredths[98] * 1e3:.1f} ms",
            "bar: p50 25 ms, p99 250 ms",
            f"{len(late)} leads, slowest {late[-1] * 1e3:.0f} ms, {refused} not accepted",
        )
    ]


def measure_intake(server: str, seconds: int = 8) -> list[Row]:
    """Leads a second that are accepted, one a request and a hundred a request, with every rule on."""
    rows = []
    for size, bar, clients in ((1, "1,000 requests/s", 32), (100, "20,000 leads/s", 4)):
        with a_database(server) as dsn, a_house(dsn, closed_port(), engines=0) as url:
            count, took = asyncio.run(_pour(url, size, clients, seconds))
        rows.append(
            Row(
                f"intake, {size} a request",
                f"{count / took:,.0f} leads/s",
                f"bar: {bar}",
                f"{clients} connections, {took:.0f} s",
            )
        )
    return rows


def lead(number: int) -> dict[str, str]:
    return {
        "first_name": "Ann", "last_name": "Lee", "email": f"lead{number}@example.com",
        "phone_number": f"+1212{2000000 + number:07d}", "agree": "yes", "budget": "10000",
    }  # fmt: skip


async def _hold(url: str, provider: Provider, rate: int, seconds: int) -> tuple[list[float], int]:
    runner = await provider.start()
    accepted: dict[str, float] = {}
    refused = 0

    async def post(session: aiohttp.ClientSession, number: int) -> None:
        nonlocal refused
        body = lead(number)
        async with session.post(f"{url}/in/pricing", data=body) as answer:
            await answer.read()
            if answer.status == 202:
                accepted[body["phone_number"]] = time.perf_counter()
            else:
                refused += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=400)) as session:
        for number in range(50):  # warm up: connections, caches, plans
            await post(session, 900_000 + number)
        while accepted.keys() - provider.arrived.keys():  # the engine, too, has to be up and warm
            await asyncio.sleep(0.05)
        accepted.clear()
        began = time.perf_counter()
        posts = []
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            posts.append(asyncio.create_task(post(session, number)))
        await asyncio.gather(*posts)
        until = time.monotonic() + PATIENCE
        while accepted.keys() - provider.arrived.keys() and time.monotonic() < until:
            await asyncio.sleep(0.05)
    await runner.cleanup()
    missing = accepted.keys() - provider.arrived.keys()
    if missing:
        raise RuntimeError(f"{len(missing)} accepted leads got no text within {PATIENCE:.0f} s.")
    return [provider.arrived[number] - at for number, at in accepted.items()], refused


async def _pour(url: str, size: int, clients: int, seconds: int) -> tuple[int, float]:
    numbers = iter(range(0, 10**7, size))
    count = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=clients)) as session:

        async def client() -> None:
            nonlocal count
            while time.perf_counter() < until:
                first = next(numbers)
                leads = [lead(number) for number in range(first, first + size)]
                body = json.dumps(leads if size > 1 else leads[0])
                async with session.post(
                    f"{url}/in/pricing", data=body, headers={"content-type": "application/json"}
                ) as answer:
                    await answer.read()
                    if answer.status != 202:
                        raise RuntimeError(f"{answer.status}: {await answer.text()}")
                count += size

        began = time.perf_counter()
        until = began + seconds
        await asyncio.gather(*(client() for _ in range(clients)))
        return count, time.perf_counter() - began
