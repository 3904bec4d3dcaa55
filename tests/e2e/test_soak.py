"""The short soak of every run of the suite; `./run soak` is the long one. docs/faults.md tells what is done and counted."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.soak.plan import DISK, FAULTS, KILLS, plan
from tests.e2e.soak.run import Options, soak

SHORT = Options(seed=20, minutes=1, kills=24, a_second=3, ask_for=20)


def test_a_plan_has_every_kind_of_kill_and_fault_and_is_the_same_for_the_same_seed() -> None:
    steps = plan(SHORT.seed, 40)
    assert set(steps) == {*KILLS, *FAULTS, DISK}
    assert sum(step in KILLS for step in steps) == 40
    assert steps.count(DISK) == 1
    assert plan(SHORT.seed, 40) == steps != plan(SHORT.seed + 1, 40)


@pytest.mark.slow
def test_kills_and_faults_lose_no_lead_and_double_no_message() -> None:
    result = soak(SHORT, lambda line: print(line, file=sys.stderr))  # noqa: T201 - what it did is to be read
    print(f"\n{result.table()}")  # noqa: T201 - and so is the account
    assert result.breaches == [], f"the logs are in {result.folder}"
    assert result.kills >= 20
    assert set(result.done) >= set(KILLS)
