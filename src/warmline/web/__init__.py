"""The web: pages and doors. Everything that answers HTTP; no rules live here."""

from __future__ import annotations

import os


def migrate(dsn: str | None = None) -> None:
    """Make or update Django's own tables: users, sessions, content types. The tables of leads are not Django's."""
    _prepare(dsn)
    import django
    from django.core.management import call_command
    from django.db import connections

    from . import environment

    django.setup()
    # A connection of its own: this process may have been set up for another database before.
    there = environment.for_django(dsn or environment.read().dsn)
    connections.settings["migrating"] = connections.configure_settings({"default": there})["default"]
    try:
        call_command("migrate", database="migrating", verbosity=0, interactive=False)
    finally:
        connections["migrating"].close()
        connections["migrating"].close_pool()
        del connections["migrating"]
        del connections.settings["migrating"]


def serve(dsn: str | None = None, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Answer HTTP on `host:port` until told to stop (SIGTERM, SIGINT). One process; start more for more."""
    _prepare(dsn)
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "warmline.web.asgi:app", address=host, port=port, interface=Interfaces.ASGI, workers=1, websockets=False
    ).serve()


def _prepare(dsn: str | None) -> None:
    if dsn is not None:
        os.environ["WARMLINE_DSN"] = dsn
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "warmline.web.settings")
