"""`python -m tests.e2e.soak`: the long run. docs/faults.md tells what it does and how to read its account."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from .run import Options, soak


def main() -> int:
    given = read_arguments()
    result = soak(Options(given.seed, given.minutes, given.kills, given.leads_a_second), say)
    say("\n" + result.table())
    if given.json:
        given.json.write_text(result.as_json() + "\n")
    for breach in result.breaches:
        say(f"BREACH  {breach}")
    if result.breaches:
        say(f"{len(result.breaches)} breaches. Logs: {result.folder}. The same again: --seed {given.seed}")
    return 1 if result.breaches else 0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run soak",
        description="Load, kills and faults; then an account of every lead that was answered 202. Exit code 1 when a "
        "promise was broken. docs/faults.md tells more.",
    )
    parser.add_argument("--minutes", type=float, default=22, help="how long the faults go on (default: 22)")
    parser.add_argument("--kills", type=int, default=300, help="kill -9 in that time (default: 300)")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(10_000), help="the order of things (default: any)"
    )
    parser.add_argument("--leads-a-second", type=float, default=4, help="(default: 4)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the account there too")
    return parser.parse_args()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
