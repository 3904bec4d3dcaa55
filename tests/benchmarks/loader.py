"""Posts leads to the web from a process of its own, as fast as answers come.

Arguments: port, leads a request, connections, seconds. Bodies are made before the clock runs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from .wire import connect_to, post

#: Leads a second for which requests are made beforehand, one a request and many: several times the bars.
ENOUGH = {1: 8_000, 100: 60_000}


def lead(number: int) -> dict[str, str]:
    return {
        "first_name": "Ann", "last_name": "Lee", "email": f"lead{number}@example.com",
        "phone_number": f"+1{201 + number // 8_000_000:03d}{2_000_000 + number % 8_000_000:07d}", "agree": "yes",
        "budget": "10000",
    }  # fmt: skip


def request(first: int, size: int) -> bytes:
    leads = [lead(number) for number in range(first, first + size)]
    return post("/in/pricing", json.dumps(leads if size > 1 else leads[0]).encode())


async def pour(port: int, size: int, clients: int, seconds: float) -> dict[str, float]:
    """Leads accepted and the seconds that took. Raises RuntimeError when a request is not accepted."""
    most = int(ENOUGH.get(size, 60_000) * seconds) // size
    requests = iter([request(number * size, size) for number in range(most)])
    connections = [await connect_to(port) for _ in range(clients)]
    for number, connection in enumerate(connections):  # warm up: plans, caches, connections
        await connection.ask(request(3_900_000 + number * size, size))
    count, late = 0, []

    async def client(number: int) -> None:
        nonlocal count
        while (asked := time.perf_counter()) < until:
            ready = next(requests, None)
            if ready is None:
                raise RuntimeError("The web is faster than the loader has requests for: raise ENOUGH.")
            status, body = await connections[number].ask(ready)
            if status != 202:
                raise RuntimeError(f"{status}: {body.decode()}")
            late.append(time.perf_counter() - asked)
            count += size

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    began = time.perf_counter()
    until = began + seconds
    await asyncio.gather(*(client(number) for number in range(clients)))
    took = time.perf_counter() - began
    late.sort()
    return {"count": count, "seconds": took, "p50": late[len(late) // 2], "p99": late[int(len(late) * 0.99)]}


if __name__ == "__main__":
    port, size, clients, seconds = (float(one) for one in sys.argv[1:])
    found = asyncio.run(pour(int(port), int(size), int(clients), seconds))
    sys.stdout.write(json.dumps(found) + "\n")
