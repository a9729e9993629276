"""HTTP connections to hosts that others name: never into the own network.

Each connection resolves the name itself, looks at every address it stands for, and connects to one that it has looked
at, so that a name cannot mean another address a moment later (DNS rebinding). Redirects go through the same pools.
"""

import socket
from collections.abc import Callable
from ipaddress import ip_address

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from leye_storage.errors import AddressRefused


def public_address(host: str, port: int) -> str:
    """An address of the host, all of whose addresses are public.

    Raises AddressRefused, OSError where the name means nothing.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)]
    for address in found:
        parsed = ip_address(address.split("%")[0])
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        if not parsed.is_global or parsed.is_multicast:
            raise AddressRefused(host)
    return found[0]


class _GuardedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self, super()._new_conn)


class _GuardedTlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self, super()._new_conn)


def _connected(connection: HTTPConnection, connect: Callable[[], socket.socket]) -> socket.socket:
    """Connect to an address in the place of the name, which stays what TLS and the Host header speak of."""
    name = connection._dns_host
    connection._dns_host = public_address(name, connection.port)
    try:
        return connect()
    finally:
        connection._dns_host = name


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


def guard(pools: PoolManager) -> PoolManager:
    """The same pools, whose new connections are guarded."""
    pools.pool_classes_by_scheme = {"http": _GuardedPool, "https": _GuardedTlsPool}
    return pools
