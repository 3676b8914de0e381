# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS targets that cannot be reached, in every way that there is, and floods of handshakes that nobody finishes: they
end in time, and calls on other trunks do not wait for them."""

import collections
import re
import select
import socket
import statistics
import threading
import time

import cube
import netns
from caller import Call, TlsLeg, UdpLeg, knock
from cases import check, equal, limit, together
from farend import FarEnd
from run import Failed, wait_until
from tlsclient import TlsClient, client_context, client_hello, connect, try_options

TARGETS = 25
DEADLINE = 5  # connection-establish-tls
HALF_OPEN = 500
LOST = "192.0.2.{0}"  # RFC 5737; only in a namespace of our own

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
    connection-establish-tls = 5
}}
tls-profile 1 {{ trustpoint = "tenant100" }}
tls-profile 2 {{ trustpoint = "tenant200" }}
tenant 100 {{ tls-profile = 1  listen-secure = "{cube}:5100"  session-transport = "tcp tls" }}
tenant 200 {{ tls-profile = 2  listen-secure = "{cube}:5200"  session-transport = "tcp tls" }}
"""
TENANT_LOST = 'tenant 300 {{ tls-profile = 1  listen-secure = "{0}:5100"  session-transport = "tcp tls" }}\n'


class Deaf:
    """A listener whose queue is full: who connects gets no answer."""

    def __init__(self, at):
        self._listener = socket.create_server(at, backlog=0)
        self._fill = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(at)
            self._fill.append(sock)

    def close(self):
        for sock in (*self._fill, self._listener):
            sock.close()


class Mute:
    """A listener that accepts and then says nothing."""

    def __init__(self, at):
        self._listener = socket.create_server(at, backlog=64)

    def close(self):
        self._listener.close()  # the kernel accepted for us


class Made:
    def __init__(self, run, stack):
        try:
            stack.enter_context(netns.namespace())
            netns.lossy_network(LOST.format("1/24"))
            self.why_not = ""
        except (PermissionError, Failed) as error:
            self.why_not = str(error)
        self.lost = not self.why_not
        self.at = {name: run.addresses.host() for name in ("cube", "friend", "bad", "far")}
        self.udp, self.a, self.b = ((self.at["cube"], port) for port in (5060, 5100, 5200))
        self.far = FarEnd(self.at["far"], 5061)
        stack.callback(self.far.close)
        text = CONF.format(block=run.addresses.block, **self.at) + cube.trustpoint("tenant100")
        text += cube.trustpoint("tenant200") + (TENANT_LOST.format(LOST.format(1)) if self.lost else "")
        text += "".join(cube.dial_peer(t, t, f"{t // 100}...", f"ipv4:{self.at['far']}:5061") for t in (100, 200))
        for n in range(TARGETS):
            tenant, at = self.target(n)
            text += cube.dial_peer(9000 + n, tenant, 9000 + n, "ipv4:%s:%d" % at)
            kind = self.kind(n)
            if kind in (Deaf, Mute):
                stack.callback(kind(at).close)
        self.cube = cube.Cube(run, text).start()

    def kind(self, n):
        """Deaf, Mute, None (nobody listens), or "lost"."""
        kinds = [Deaf, Mute, None, "lost" if self.lost else Deaf]
        return kinds[n % len(kinds)]

    def target(self, n):
        """(tenant, (address, port)); the first tenant has a good target, too."""
        if self.kind(n) == "lost":
            return 300, (LOST.format(100 + n), 5061)
        return 100, (self.at["bad"], 6000 + n)


setup = Made


def set_up_times(made, seconds):
    """Calls by UDP and by TLS, to both tenants' good targets, one after the other. Returns how long each took."""
    times, until = [], time.monotonic() + seconds

    def calls(way):
        if way == "tls":
            client = TlsClient(client_context("ogw"), made.at["friend"], made.b)
            leg = TlsLeg(client, made.b)
        else:
            leg = UdpLeg(made.at["friend"], made.udp)
        while time.monotonic() < until:
            call = Call(leg, {"udp 1": "1000", "udp 2": "2000", "tls": "2001"}[way])
            began = time.monotonic()
            equal(f"call by {way}", call.invite(15), 200)
            times.append(time.monotonic() - began)
            equal(f"BYE by {way}", call.bye(15), 200)
            time.sleep(0.02)
        leg.close()

    together(calls, ["udp 1", "udp 2", "tls"])
    return times


def sentence(times):
    return (f"{len(times)} calls, set up in {1000 * statistics.median(times):.0f} ms, the slowest in "
            f"{1000 * max(times):.0f} ms")


def compare(t, before, during):
    t.say(f"          before: {sentence(before)}")
    t.say(f"          during: {sentence(during)}")
    check(len(during) >= 20, f"only {len(during)} calls meanwhile")
    slow = 3 * statistics.median(before) + 0.05
    check(statistics.median(during) < slow, f"meanwhile calls take longer than {1000 * slow:.0f} ms")
    check(max(during) < 1.5, f"meanwhile a call took {max(during):.1f} s")


@limit(60)
def test_targets(t):
    """25 targets that do not listen, do not answer, or accept and say nothing, with calls towards all of them twice a
    second, do not delay calls to other targets."""
    made = t.made
    if not made.lost:
        t.say(f"          without a network that loses packets: {made.why_not}")
    set_up_times(made, 0.5)  # the connections are made
    before = set_up_times(made, 2)
    ended = threading.Event()

    def call_all():
        while not ended.is_set():
            for n in range(TARGETS):
                knock(made.at["friend"], made.udp, str(9000 + n))
            ended.wait(0.5)

    calling = threading.Thread(target=call_all, daemon=True)
    calling.start()
    time.sleep(1)
    try:
        during = set_up_times(made, 40 if t.full else 8)
    finally:
        ended.set()
        calling.join()
    compare(t, before, during)
    made.cube.prove_alive()
    _ended_in_time(t)
    made.far.close_all()
    made.cube.wait_no_connection(2 * DEADLINE + 10)


def _ended_in_time(t):
    """Those who accepted and said nothing are each named in the log, once per attempt."""
    for n in range(TARGETS):
        if t.made.kind(n) is Mute:
            words = "remote address : %s:%d," % t.made.target(n)[1]
            lines = [x for x in t.made.cube.logged("%SIP-2-TLS_HANDSHAKE_FAILED") if words in x]
            check(lines and all("handshake timed out" in x for x in lines), f"{words} must have timed out: {lines}")


class Flood:
    """Handshakes that are begun, by turns not at all, by half and as far as the ServerHello, and left at that."""

    def __init__(self, source, target, count):
        hello = client_hello()
        self._began, self.reset = {}, 0
        self.ended = {}  # remote address and port as the server sees it -> seconds
        self._poll = select.poll()
        for n in range(count):
            sock = connect(source, target)
            sock.sendall((b"", hello[:len(hello) // 2], hello)[n % 3])
            sock.setblocking(False)
            self._began[sock.fileno()] = (sock, "%s:%d" % sock.getsockname(), time.monotonic())
            self._poll.register(sock, select.POLLIN)

    def watch(self, seconds):
        """Notes the end of each, until all of them have ended or the time is over."""
        until = time.monotonic() + seconds
        while self._began and time.monotonic() < until:
            for fd, _ in self._poll.poll(100):
                sock, name, began = self._began[fd]
                try:
                    if sock.recv(65536):
                        continue
                except ConnectionResetError:
                    self.reset += 1
                self.ended[name] = time.monotonic() - began
                self._poll.unregister(fd)
                sock.close()
                del self._began[fd]

    def close(self):
        for sock, _, _ in self._began.values():
            sock.close()


@limit(60)
def test_half_open(t):
    """500 handshakes that are begun and not finished delay no call, on their own tenant's port or another's, and are
    ended within connection-establish-tls, with one line each."""
    made = t.made
    set_up_times(made, 0.5)
    before = set_up_times(made, 2)
    counted = timeouts(made)
    flood = Flood(made.at["friend"], made.a, HALF_OPEN)
    try:
        watching = threading.Thread(target=flood.watch, args=(2 * DEADLINE + 5,), daemon=True)
        watching.start()
        during = set_up_times(made, DEADLINE + 2)
        watching.join()
    finally:
        flood.close()
    compare(t, before, during)
    equal("handshakes that were ended", len(flood.ended), HALF_OPEN)
    times = sorted(flood.ended.values())
    t.say(f"          ended after {times[0]:.1f} to {times[-1]:.1f} s")
    check(DEADLINE - 1.1 <= times[0] and times[-1] <= DEADLINE + 3, f"must be after about {DEADLINE} s")
    _lines_of_all(t, flood)
    equal("counted as timeouts", timeouts(made) - counted, HALF_OPEN)
    made.cube.prove_alive()
    made.far.close_all()
    made.cube.wait_no_connection()


def timeouts(made):
    return made.cube.counters("100")[100, "server"].get("timeout", 0)


def _lines_of_all(t, flood):
    def lines():
        found = collections.Counter()
        for line in t.made.cube.logged("Reason: handshake timed out,"):
            if "tenant=100, role=server" in line:
                found[re.search(r"remote address : (\S+),", line).group(1)] += 1
        return found if set(found) >= set(flood.ended) else None
    counts = wait_until(lines, 5, "each of them has its line in the log")
    equal("most lines of one", max(counts[name] for name in flood.ended), 1)
    torn = [x for x in t.made.cube.log() if len(re.findall(r"\d+\(\d+\) [A-Z]+: ", x)) > 1]
    equal("lines of two processes in one", torn[:3], [])


@limit(60)
def test_same_port_meanwhile(t):
    """During such a flood good clients get through on the port that is flooded."""
    made = t.made
    flood = Flood(made.at["friend"], made.a, HALF_OPEN)
    try:
        for version in ("1.2", "1.3") * 10:
            began = time.monotonic()
            answer, _ = try_options(client_context("ogw", version, version), made.at["friend"], made.a)
            equal("OPTIONS", answer, "200")
            check(time.monotonic() - began < 1, f"OPTIONS took {time.monotonic() - began:.1f} s")
    finally:
        flood.close()
    made.cube.prove_alive()
    made.cube.wait_no_connection()
