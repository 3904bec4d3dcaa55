"""Leads accepted over HTTP, one a request and a hundred a request, with every rule on and every 202 durable."""

from __future__ import annotations

from statistics import median

from warmline.store.connect import connect

from .house import a_house, publish
from .machine import Watched, watch
from .processes import a_hand
from .report import Bar, Found, Row, of_rounds
from .server import a_database

#: Leads a request, and connections.
SHAPES = ((1, 64), (100, 4))


def measure(server: str, *, seconds: float = 6, rounds: int = 3, shapes: tuple[tuple[int, int], ...] = SHAPES) -> Found:
    """One web process; no engine runs, so that only the way in is measured."""
    return Found([_pour(server, size, clients, seconds, rounds) for size, clients in shapes])


def _pour(server: str, size: int, clients: int, seconds: float, rounds: int) -> Row:
    rates: list[float] = []
    answers: list[dict[str, float]] = []
    seen: list[Watched] = []
    for _ in range(rounds):
        with a_database(server) as dsn:
            with connect(dsn) as conn:
                publish(conn, 9)
            with a_house(dsn, engines=0) as house, a_hand("loader", house.port, size, clients, seconds) as loader:
                with watch({**house.heads, "loader": [loader.pid]}) as watched:
                    loader.tell()
                    found = loader.hear()
                rates.append(found["count"] / found["seconds"])
                answers.append(found)
                seen.append(watched)
    beside = {"answered in p50": f"{median(one['p50'] for one in answers) * 1e3:.1f} ms"}
    beside["p99"] = f"{median(one['p99'] for one in answers) * 1e3:.1f} ms"
    beside |= shares(seen[-1], ("web", "PostgreSQL", "loader"))
    per, bar = ("one a request", Bar(1_000)) if size == 1 else (f"{size} a request", Bar(20_000))
    return of_rounds(f"intake.{size}", f"leads accepted, {per}, {clients} connections", "/s", rates, bar, beside)


def shares(watched: Watched, names: tuple[str, ...]) -> dict[str, str]:
    return {name: watched.share(name) for name in names}
