"""Speed to lead: from the answer 202 to the request at the SMS provider, while leads come in at a fixed rate."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from statistics import quantiles

from tests.far_ends.ports import closed_port
from warmline.store.connect import connect

from .house import House, a_house, publish
from .intake import shares
from .loader import lead, request
from .machine import Watched, watch
from .provider import Provider
from .report import Bar, Found, of_rounds
from .server import a_database
from .wire import Connection, connect_to

PATIENCE = 30.0
CONNECTIONS = 64


@dataclass(slots=True)
class Held:
    """`late`: seconds from accepted to arrived, of each lead; `whole`: from the request sent, so that none is hidden in it."""

    late: list[float]
    whole: list[float]
    watched: Watched


def measure(server: str, *, rate: int = 200, seconds: int = 12, rounds: int = 3) -> Found:
    """Leads come in at their times, whatever the answers take. The loader and the provider share one process."""
    held = []
    for _ in range(rounds):
        with a_database(server) as dsn:
            provider = Provider(closed_port())
            with connect(dsn) as conn:
                publish(conn, provider.port)
            with a_house(dsn) as house:
                held.append(asyncio.run(_hold(house, provider, rate, seconds)))
    hundredths = [quantiles(one.late, n=100) for one in held]
    whole = [quantiles(one.whole, n=100) for one in held]
    what = f"accepted to arrived at the provider, {rate} leads/s held for {seconds} s"
    beside = shares(held[-1].watched, ("web", "engine", "PostgreSQL", "loader and provider"))
    beside["slowest"] = f"{max(max(one.late) for one in held) * 1e3:.0f} ms"
    beside["leads"] = f"{sum(len(one.late) for one in held):,}"
    return Found(
        [
            of_rounds("speed.p50", f"{what}: p50", "ms", [one[49] * 1e3 for one in hundredths], Bar(25, "at most"), beside),
            of_rounds("speed.p99", f"{what}: p99", "ms", [one[98] * 1e3 for one in hundredths], Bar(250, "at most")),
            of_rounds("speed.whole.p50", "the same, from the request sent: p50", "ms", [one[49] * 1e3 for one in whole]),
            of_rounds("speed.whole.p99", "the same, from the request sent: p99", "ms", [one[98] * 1e3 for one in whole]),
        ]
    )  # fmt: skip


async def _hold(house: House, provider: Provider, rate: int, seconds: int) -> Held:
    server = await provider.start()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await connect_to(house.port))
    accepted: dict[str, float] = {}
    posted: dict[str, float] = {}

    async def post(number: int) -> None:
        connection = await free.get()
        posted[lead(number)["phone_number"]] = time.monotonic()
        status, body = await connection.ask(request(number, 1))
        if status != 202:
            raise RuntimeError(f"{status}: {body.decode()}")
        accepted[lead(number)["phone_number"]] = time.monotonic()
        free.put_nowait(connection)

    await asyncio.gather(*(post(900_000 + number) for number in range(CONNECTIONS * 2)))  # warm up
    await _all_arrived(accepted, provider)
    accepted.clear()
    with watch({**house.heads, "loader and provider": [os.getpid()]}) as watched:
        began = time.monotonic()
        posts = []
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            posts.append(asyncio.create_task(post(number)))
        await asyncio.gather(*posts)
    await _all_arrived(accepted, provider)
    server.close()
    late, whole = ([provider.arrived[one] - since[one] for one in accepted] for since in (accepted, posted))
    return Held(late, whole, watched)


async def _all_arrived(accepted: dict[str, float], provider: Provider) -> None:
    until = time.monotonic() + PATIENCE
    while missing := accepted.keys() - provider.arrived.keys():
        if time.monotonic() > until:
            raise RuntimeError(f"{len(missing)} accepted leads got no text within {PATIENCE:.0f} s.")
        await asyncio.sleep(0.05)
