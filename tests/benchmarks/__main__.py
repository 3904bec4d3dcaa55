"""`./run bench [touches] [speed] [intake] [core]`: measure, and print ratios side by side. Nothing named: everything."""

from __future__ import annotations

import argparse
import logging

import structlog

from . import arrivals, core, touches
from .report import show
from .server import a_server

PARTS = {
    "core": lambda server: core.measure(),
    "touches": touches.measure,
    "speed": arrivals.measure_speed,
    "intake": arrivals.measure_intake,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"any of {', '.join(PARTS)}")
    chosen = parser.parse_args().parts or list(PARTS)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with a_server() as server:
        show([row for part in chosen for row in PARTS[part](server)])


if __name__ == "__main__":
    main()
