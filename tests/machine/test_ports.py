from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from tests.far_ends.ports import closed_port

from warmline.machine import MachineError, ports
from warmline.machine.ports import free_port, is_free


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", closed_port()))
        server.listen()
        yield server.getsockname()[1]


def test_a_free_port_is_taken_as_wanted() -> None:
    port = closed_port()
    assert free_port(port) == port


def test_a_busy_port_gives_a_later_one_that_is_free(busy: int) -> None:
    port = free_port(busy)
    assert port > busy
    assert is_free(port)


def test_a_server_on_all_interfaces_makes_the_port_busy() -> None:
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))  # noqa: S104 - what we are to notice
        server.listen()
        assert not is_free(server.getsockname()[1])


def test_a_port_whose_server_has_just_ended_is_free() -> None:
    with socket.socket() as server:
        port = closed_port()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        visitor = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the port in TIME_WAIT
        visitor.close()
    assert free_port(port) == port


def test_when_all_are_busy_it_says_so(busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_TRIES", 1)
    with pytest.raises(MachineError, match=rf"ports from {busy} to {busy} are all in use.*--port"):
        free_port(busy)


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.9"], ids=["no host", "another machine"])
def test_an_address_that_is_not_of_this_machine_is_named(host: str) -> None:
    with pytest.raises(MachineError, match=rf"{host} is no address of this machine.*--host"):
        is_free(8000, host)


def test_a_host_may_be_one_of_version_6(busy: int) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    with socket.socket(socket.AF_INET6) as server:
        try:
            server.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on this machine")
        server.listen()
        assert not is_free(server.getsockname()[1], "::1")
