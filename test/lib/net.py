# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses and ports for one test run: a block of 256 loopback addresses that no other run has, and ports in it
that nobody listens on. Knows nothing of what is started there."""

import os
import random
import socket

BLOCK = os.environ.get("CUBE_TEST_NET", "127.41")  # the first two numbers of every address


class Addresses:
    """A block 127.a.b.0/24, held by a name of a socket until close() or the end of the process."""

    def __init__(self):
        self._given = set()
        self._next_host = 0
        for number in random.sample(range(256), 256):
            if self._lock(f"{BLOCK}.{number}"):
                return
        raise RuntimeError(f"all 256 address blocks of {BLOCK}.0.0/16 are in use by other test runs")

    def _lock(self, block):
        """A name of the network's own: runs that share its addresses see it, whatever their /tmp is."""
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0kamailio-cube-{block}")
        except OSError:
            lock.close()
            return False
        self._held, self.block = lock, block
        return True

    def keep(self):
        """The block is held beyond this process, by the processes that are started with this descriptor. Returns it."""
        self._held.set_inheritable(True)
        return self._held.fileno()

    def host(self):
        """The next unused address of the block."""
        self._next_host += 1
        if self._next_host > 254:
            raise RuntimeError("no address left in this run's block")
        return f"{self.block}.{self._next_host}"

    def port(self, host, wanted=5060):
        """A port of host that is free for UDP and TCP and was not given before: wanted, or the next one up."""
        for port in range(wanted, wanted + 1000):
            if (host, port) not in self._given and _is_free(host, port):
                self._given.add((host, port))
                return port
        raise RuntimeError(f"no free port at {host} from {wanted} on")

    def close(self):
        self._held.close()


def listens_udp(host, port):
    """Whether a socket is bound to exactly this address and port (IPv4)."""
    wanted = "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{port:04X}"
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1] == wanted for line in table)


def _is_free(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True
