# SPDX-License-Identifier: GPL-2.0-or-later
"""A storm of good and bad TLS clients on the port of a tenant.

On Debian 12 the stock tls module dies of a few bad handshakes, because its main process leaves OpenSSL's thread-locals
behind for every child. To see that this test finds it: take the lines ERR_clear_error() and OPENSSL_thread_stop() out
of cube_tls's child_init(), `make`, and run `test/integration/run --only storm`; it must fail within seconds."""

import collections
import os
import random
import socket
import struct
import threading
import time

import cube
from cases import check, equal, limit
from tlsclient import TlsClient, client_context, client_hello, connect, options, reason, try_options

CLIENTS = 12
SECONDS, SECONDS_FULL = 20, 60
WARM_UP = 3  # seconds: until each process has what it keeps
# What OpenSSL keeps for each process changes by a few words with the text of its last errors (16 of them, in buffers
# that it keeps); a single leaked SSL would be some 4 KB, and there would be thousands.
TOLERANCE = 4096

CONF = """sip-ua {{
    trusted-list = {{ "{block}.0/24" }}
}}
tls-profile 100 {{ trustpoint = "tenant100"  tls-version = "1.2+" }}
tls-profile 200 {{ trustpoint = "tenant200"  tls-version = "1.2+" }}
tenant 100 {{
    tls-profile   = 100
    listen-secure = "{cube}:5100"
}}
tenant 200 {{
    tls-profile   = 200
    listen-secure = "{cube}:5200"
}}
"""


class Client(threading.Thread):
    """One of the clients of a storm: kinds of connections in random order, without a pause."""

    def __init__(self, number, source, targets, until):
        super().__init__(daemon=True)
        self.random = random.Random(number)
        self.source, self.targets, self.until = source, targets, until
        self.done, self.faults = collections.Counter(), []
        good = {"good TLS 1.2": client_context("ogw", highest="1.2"), "good TLS 1.3": client_context("ec384", "1.3"),
                "good, several requests": client_context("ogw")}
        bad = {"no certificate, TLS 1.2": client_context(highest="1.2"),
               "no certificate, TLS 1.3": client_context(lowest="1.3"), "unknown CA": client_context("other"),
               "self-signed": client_context("selfsigned"), "expired": client_context("expired"),
               "TLS 1.0": client_context("ogw", "1.0", "1.0"), "TLS 1.1": client_context("ogw", "1.1", "1.1")}
        self._kinds = [(k, self._good, c) for k, c in good.items() for _ in range(2)]
        self._kinds += [(k, self._bad, c) for k, c in bad.items()]
        self._hello = client_hello()
        self._kinds += [("random bytes", self._bytes, lambda: os.urandom(self.random.randrange(1, 600))),
                        ("record of random bytes", self._bytes, lambda: b"\x16\x03\x01\x01\x00" + os.urandom(300)),
                        ("half a ClientHello", self._half, False), ("half a ClientHello, reset", self._half, True),
                        ("connect and close", self._connect, False), ("connect and reset", self._connect, True)]

    def run(self):
        while time.monotonic() < self.until:
            self.random.shuffle(self._kinds)
            for kind, act, what in self._kinds:
                if time.monotonic() >= self.until or len(self.faults) > 5:
                    break
                try:
                    act(self.random.choice(self.targets), what)
                except (OSError, EOFError, Wrong) as error:
                    self.faults.append(f"{kind}: {error if isinstance(error, Wrong) else reason(error)}")
                self.done[kind] += 1

    def _good(self, target, context):
        with TlsClient(context, self.source, target) as client:
            for _ in range(self.random.choice((1, 1, 3))):
                client.send(options(client, target))
                answer = client.receive(10)
                if answer is None or answer.status != 200:
                    raise Wrong(f"OPTIONS was answered with {answer.status if answer else 'nothing'}")

    def _bad(self, target, context):
        seen, _ = try_options(context, self.source, target)
        if not seen.startswith(("refused", "closed")) or "timed out" in seen:
            raise Wrong(f"was answered: {seen}, must be refused")

    def _bytes(self, target, make):
        with connect(self.source, target) as sock:
            sock.sendall(make())
            sock.shutdown(socket.SHUT_WR)
            try:
                while sock.recv(4096):
                    pass
            except ConnectionResetError:
                pass

    def _half(self, target, reset):
        with connect(self.source, target) as sock:
            sock.sendall(self._hello[:self.random.randrange(1, len(self._hello))])
            if self.random.random() < 0.5:
                time.sleep(0.01)  # so that it is read before the end is
            _end(sock, reset)

    def _connect(self, target, reset):
        with connect(self.source, target) as sock:
            _end(sock, reset)


class Wrong(Exception):
    """The server did what it must not."""


def _end(sock, reset):
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Made:
    def __init__(self, run, _stack):
        at = run.addresses.host()
        self.sources = [run.addresses.host() for _ in range(CLIENTS)]
        self.targets = [(at, 5100), (at, 5200)]
        conf = CONF.format(cube=at, block=run.addresses.block)
        self.cube = cube.Cube(run, conf + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")).start()

    def storm(self, seconds):
        """Returns (how often each kind was done, faults, seconds)."""
        began = time.monotonic()
        clients = [Client(i, s, self.targets, began + seconds) for i, s in enumerate(self.sources)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(seconds + 30)
        done = sum((c.done for c in clients), collections.Counter())
        faults = [f for c in clients for f in c.faults]
        faults += ["a client did not end" for c in clients if c.is_alive()]
        return done, faults, time.monotonic() - began


setup = Made


@limit(150)
def test_storm(t):
    """Every good client among bad ones gets its SIP answers, no process dies, and shared memory is as before."""
    seconds = t.seconds or (SECONDS_FULL if t.full else SECONDS)
    done, faults, _ = t.made.storm(WARM_UP)
    _judge(t, faults)
    t.made.cube.wait_no_connection()
    before = t.made.cube.memory()
    done, faults, took = t.made.storm(seconds)
    total = sum(done.values())
    for kind, count in sorted(done.items()):
        t.say(f"          {count:6d}  {kind}")
    t.say(f"          {total:6d}  in {took:.1f} s: {total / took:.0f} connections per second")
    _judge(t, faults)
    check(all(done.values()) and total > 20 * seconds, f"only {total} connections: {dict(done)}")
    t.made.cube.wait_no_connection()
    after = t.made.cube.memory()
    t.say(f"          shared memory in use: {before} before, {after} after")
    check(abs(after - before) <= TOLERANCE, f"shared memory in use was {before}, is {after} ({after - before:+.0f})")
    lines = t.made.cube.logged("CRITICAL")
    equal("CRITICAL lines in the log", lines[:3], [])


def _judge(t, faults):
    t.made.cube.prove_alive()
    check(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))
