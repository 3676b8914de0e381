# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of all kinds on TLS ports: those that must be served, and those that must be refused or come to nothing."""

import collections
import os
import random
import socket
import struct
import threading
import time

from tlsclient import TlsClient, client_context, client_hello, connect, options, reason, refused, try_options


class Client(threading.Thread):
    """One of the clients of a storm: kinds of connections in random order, with a pause of so many seconds between
    them."""

    def __init__(self, number, source, targets, until, pause=0):
        super().__init__(daemon=True)
        self.random = random.Random(number)
        self.source, self.targets, self.until, self.pause = source, targets, until, pause
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
                except (OSError, EOFError) as error:
                    self.faults.append(f"{kind}: {reason(error)}")
                except Exception as error:  # for the verdict
                    self.faults.append(f"{kind}: {error!r}")
                self.done[kind] += 1
                time.sleep(self.pause)

    def _good(self, target, context):
        with TlsClient(context, self.source, target) as client:
            for _ in range(self.random.choice((1, 1, 3))):
                client.send(options(client, target))
                answer = client.receive(10)
                if answer is None or answer.status != 200:
                    raise Wrong(f"OPTIONS was answered with {answer.status if answer else 'nothing'}")

    def _bad(self, target, context):
        seen, _ = try_options(context, self.source, target)
        if not refused(seen):
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
