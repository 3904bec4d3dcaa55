"""A free TCP port on this machine."""

from __future__ import annotations

import errno
import socket

from warmline.machine import MachineError

_TRIES = 100


def free_port(wanted: int, host: str = "127.0.0.1") -> int:
    """`wanted` when nothing listens there, else the next port that is free. The caller says that it is another one.

    Raises MachineError when this account may not use the port, or when a hundred ports in a row are taken.
    """
    for port in range(wanted, min(wanted + _TRIES, 65536)):
        if is_free(port, host):
            return port
    raise MachineError(f"The ports from {wanted} to {port} are all in use on {host}. Choose another with --port.")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now. Raises MachineError when it never could, on that host or by this account.

    Bound with SO_REUSEADDR, as servers do: connections of a server that has just ended, still winding down, are no
    hindrance. On macOS that also binds beside a server on all interfaces, so one attempt to connect comes after it.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as problem:
        raise MachineError(f"{host} is no address of this machine ({problem.strerror}). {_SUCH_AS}") from problem
    with socket.socket(family, kind) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(address)
            server.listen(1)
        except PermissionError:
            raise MachineError(
                f"This account may not listen on port {port}. Choose one above 1023 with --port."
            ) from None
        except OSError as problem:
            if problem.errno == errno.EADDRNOTAVAIL:
                raise MachineError(f"{host} is no address of this machine. {_SUCH_AS}") from problem
            return False
    with socket.socket(family, kind) as visitor:
        visitor.settimeout(0.5)
        return visitor.connect_ex(address) != 0


_SUCH_AS = "Choose one with --host, such as 127.0.0.1, or 0.0.0.0 for every one of them."
