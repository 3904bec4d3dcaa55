from __future__ import annotations

from tests.far_ends.ports import closed_port


def test_no_port_is_handed_out_twice_and_none_that_the_system_hands_out_by_itself() -> None:
    ports = [closed_port() for _ in range(1000)]
    assert len(set(ports)) == 1000
    assert max(ports) < 32_768
