# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets that are watched, where much is dead at once: a name server that says nothing beside targets that are addresses,
and some hundred targets that say nothing. Whoever is due is asked in time."""

import collections
import contextlib
import functools
import selectors
import socket
import threading
import time

import cube
import netns
from cases import Skipped, check, equal, limit
from kamailio import structures
from run import wait_until
from udpend import UdpEnd

INTERVAL, ROUND = 5, 2  # seconds: up-interval and down-interval; what a question may be late: a round, and a busy machine
SILENCE = 5  # tm's fr_timer in cfg/kamailio.cfg
UDP, TCP = 300, 200  # targets that say nothing
WATCHED = """sip-ua {{ listen-non-secure = {{ "{cube}:5060" }} }}
options-keepalive 1 {{ up-interval = 5  down-interval = 5  retry = 1 }}
"""
PEER = ('dial-peer {0} {{ destination-pattern = "{0}$"  session-target = "{1}"  session-transport = "{2}"  '
        'options-keepalive-profile = 1 }}\n')


def gaps(times):
    return [b - a for a, b in zip(times, times[1:])]


class Asked(UdpEnd):
    """Remembers when it was asked."""

    def __init__(self, stack, host, port, answers=True):
        self.times = []
        super().__init__(stack, host, port, lambda m: self._note(answers))

    def _note(self, answers):
        self.times.append(time.monotonic())
        return 200 if answers else None


def states(server):
    return {row["target"]: row["state"] for row in structures(server.rpc("cube_dialpeer.keepalive"))}


def namespace(case):
    """It needs one."""
    @functools.wraps(case)
    def run(t):
        try:
            with netns.namespace():
                case(t)
        except PermissionError:
            raise Skipped("a network namespace takes root") from None
    return run


@namespace
@limit(120)
def test_dead_name_server(t):
    """The name server is silent: three targets that are names hold up nobody whose target is an address. One such target that
    dies meanwhile is down in time."""
    at = {name: t.run.addresses.host() for name in ("cube", "far")}
    netns.replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\n", t.run.dir)
    conf = WATCHED.format(**at)
    for n in range(3):
        conf += PEER.format(10 + n, f"dns:name{n}.example", "udp")
    for n in range(2):
        conf += PEER.format(20 + n, f"ipv4:{at['far']}:{7000 + n}", "udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 53))
        with contextlib.ExitStack() as stack:
            steady, dies = (Asked(stack, at["far"], 7000 + n) for n in range(2))
            server = cube.Cube(t.run, conf, name="dead-names").start()
            began = time.monotonic()
            wait_until(lambda: len(dies.times) >= 2, 20, "it is asked")
            dies.behave = lambda m: None
            died = time.monotonic()
            wait_until(lambda: states(server)[dies.at] == "down", INTERVAL + SILENCE + 2 * ROUND, "it is down in time")
            t.say(f"          down after {time.monotonic() - died:.1f} s")
            time.sleep(max(0, began + 35 - time.monotonic()))
            t.say("          asked after " + " ".join(f"{gap:.1f}" for gap in gaps(steady.times)) + " s")
            check(len(steady.times) >= 5 and max(gaps(steady.times)) < INTERVAL + ROUND, f"intervals {gaps(steady.times)}")
            wait_until(lambda: all(states(server)[f"name{n}.example"] == "down" for n in range(3)), 10, "the names are down")
            server.prove_alive()
            server.stop()


class Silent:
    """Many that are there, and say nothing; when each was asked."""

    def __init__(self, stack, host):
        self.times = collections.defaultdict(list)
        self._seen, self._over, self._selector = set(), threading.Event(), selectors.DefaultSelector()
        for n in range(UDP):
            self._add(stack, host, socket.SOCK_DGRAM, 10000 + n)
        for n in range(TCP):
            self._add(stack, host, socket.SOCK_STREAM, 11000 + n).listen(4)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        stack.callback(self._close)

    def _add(self, stack, host, kind, port):
        sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((host, port))
        self._selector.register(sock, selectors.EVENT_READ, port)
        return sock

    def _close(self):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.is_set():
            for key, _ in self._selector.select(0.1):
                if key.fileobj.type == socket.SOCK_STREAM and key.data < 20000 and key.fileobj.getsockopt(
                        socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    accepted, _ = key.fileobj.accept()
                    accepted.setblocking(False)
                    self._selector.register(accepted, selectors.EVENT_READ, key.data)
                    continue
                data = key.fileobj.recv(65536)
                if not data:
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()
                for part in data.split(b"OPTIONS sip:")[1:]:
                    call = part.split(b"Call-ID: ")[1].split(b"\r\n")[0]
                    if call not in self._seen:
                        self._seen.add(call)
                        self.times[key.data].append(time.monotonic())


@limit(120)
def test_many_dead(t):
    """500 targets that say nothing, 300 by UDP and 200 by TCP: each is asked again as soon as it was found silent, and one that is
    there in its interval."""
    at = {name: t.run.addresses.host() for name in ("cube", "far", "dead")}
    conf = WATCHED.format(**at) + PEER.format(1, f"ipv4:{at['far']}:7000", "udp")
    for n in range(UDP):
        conf += PEER.format(1000 + n, f"ipv4:{at['dead']}:{10000 + n}", "udp")
    for n in range(TCP):
        conf += PEER.format(2000 + n, f"ipv4:{at['dead']}:{11000 + n}", "tcp")
    with contextlib.ExitStack() as stack:
        steady, silent = Asked(stack, at["far"], 7000), Silent(stack, at["dead"])
        server = cube.Cube(t.run, conf, name="many-dead").start()
        equal("targets", len(states(server)), UDP + TCP + 1)
        wait_until(lambda: list(states(server).values()).count("down") == UDP + TCP, 60, "all are down")
        time.sleep(25)
        server.prove_alive()
        server.stop()
    for kind, ports in (("UDP", range(10000, 11000)), ("TCP", range(11000, 12000))):
        found = [gap for port in ports for gap in gaps(silent.times[port])]
        t.say(f"          {kind}: {len(found)} intervals, {min(found):.1f} to {max(found):.1f} s")
        check(max(found) < SILENCE + 1 + ROUND, f"{kind}: an interval of {max(found):.1f} s")
    check(max(gaps(steady.times)) < INTERVAL + ROUND, f"intervals {gaps(steady.times)}")
