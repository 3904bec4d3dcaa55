"""The same work on the queues that people use for it: pgqueuer, Celery with Redis, and Procrastinate.

compare.py       the rounds, taking turns with the tick
contenders.py    how each peer is prepared and started, and with which settings
environment.py   their own Python environment, and Redis
apps/            a program for each peer, run in that environment; they import nothing of Warmline
"""

from .compare import measure

__all__ = ["measure"]
