"""`python -m warmline.channels.sandbox --port N [--behaviour FILE.toml]`: the far end as a process of its own."""

from __future__ import annotations

import argparse
import logging
import sys
import tomllib
from pathlib import Path

from aiohttp import web

from warmline.channels.sandbox.behaviour import Behaviour, read_behaviour
from warmline.channels.sandbox.provider import DEFAULT_KEY, make_app


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m warmline.channels.sandbox", description="A provider that behaves as told."
    )
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--behaviour", type=Path, help="TOML file; without one everything is accepted and delivered")
    parser.add_argument("--auth-token", default=DEFAULT_KEY, help="key that signs the callbacks")
    parser.add_argument(
        "--inbound-url", default="", help="where texts from leads go; default: beside the status callback"
    )
    given = parser.parse_args()
    try:
        table = tomllib.loads(given.behaviour.read_text()) if given.behaviour else {}
        behaviour = read_behaviour(table) if table else Behaviour()
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"{given.behaviour}: {wrong}\n")
        return 1
    logging.basicConfig(level=logging.WARNING)
    app = make_app(behaviour, signing_key=given.auth_token, inbound_url=given.inbound_url)
    web.run_app(
        app, host="127.0.0.1", port=given.port, print=None, access_log=None, backlog=1024, handler_cancellation=True
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
