# SPDX-License-Identifier: GPL-2.0-or-later
"""The wire is watched while tests run: no server sends a sips request in clear, and none sends keys in clear of a call that
came to it as sips by TLS. What test clients send in clear is theirs. Each place (the loopback interface, a network namespace)
has a capture.py of its own, which is proved at its end: it must have seen a request and a key of ours."""

import contextlib
import json
import pathlib
import re
import select
import socket
import subprocess
import sys
import time

import sipmsg
import tlsclient
from run import Failed

CAPTURE = pathlib.Path(__file__).with_name("capture.py")
PATIENCE = 60  # seconds for the start of a capture, and for its last packets
SHOWN = 20  # breaches
OWN_HOST = re.compile(r"127\.(?!0\.0\.1$)")  # is one server's with all of its ports

watching = None  # the Watch of this process, if there is one; see netns.py


class Servers:
    """Who was a server, and when: other runs get the same addresses for something else."""

    def __init__(self):
        self._known = {}

    def add(self, addresses, began, ended):
        for host, port in addresses:
            self._known.setdefault(self._key(host, port), []).append((began, ended))

    @staticmethod
    def _key(host, port):
        return (host, None) if OWN_HOST.match(host) else (host, port)

    def sent(self, source, when):
        return any(began <= when <= ended for began, ended in self._known.get(self._key(*source), ()))


class Watch:
    def __init__(self):
        self.servers, self.refused = Servers(), None
        self.places = self.packets = self.messages = self.cpu = 0
        self._findings, self._wrong, self._expected = [], [], []

    def expect(self, text):
        """A breach with this text is a test's own, and must be found."""
        self._expected.append(text)

    def take(self, run):
        """The servers of a run, which ends."""
        self.servers.add(run.servers, run.began, time.time())

    @contextlib.contextmanager
    def place(self, name, *interface):
        """Watches an interface, or all of this thread's network namespace, during the block."""
        process = subprocess.Popen([sys.executable, "-B", CAPTURE, *interface], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   start_new_session=True, text=True)
        try:
            ready = select.select([process.stdout], [], [], PATIENCE)[0] and process.stdout.readline().strip()
            if not ready:
                self._wrong.append(f"the capture of {name} did not begin")
            elif ready != "ready":
                self.refused = ready
            yield
            if ready == "ready":
                self._collect(name, process)
        finally:
            process.kill()
            process.communicate()

    def _collect(self, name, process):
        probe = Probe(self.servers)
        try:
            out, _ = process.communicate(timeout=PATIENCE)
            result = json.loads(out)
        except (subprocess.TimeoutExpired, ValueError):
            self._wrong.append(f"the capture of {name} did not end well")
            return
        self.places += 1
        self.packets += result["packets"]
        self.messages += result["messages"]
        self.cpu += result["cpu"]
        self._wrong += [f"{name}: {result[what]} {text}" for what, text in
                        (("dropped", "packets were lost to the capture"), ("unread", "packets were not understood"),
                         ("clipped", "findings were too many")) if result[what]]
        found = [(when, tuple(source), tuple(target), *rest) for when, source, target, *rest in result["findings"]]
        others = [f for f in found if not probe.is_own(f)]
        own = sorted(f[3] for f in breaches([f for f in found if probe.is_own(f)], self.servers, probe.calls))
        if own != Probe.WANTED:
            self._wrong.append(f"{name}: of what was sent to prove the capture it reports {own}, must be {Probe.WANTED}")
        self._findings += others

    def sentence(self):
        return (f"no sips request and no key of a sips call left a server in clear: {self.packets} packets without TLS in "
                f"{self.places} places, {self.messages} SIP messages in them, {len(tlsclient.sips_calls)} sips calls; "
                f"{self.cpu:.1f} s of CPU")

    def verdict(self):
        """Failed if there was a breach, or the captures cannot tell."""
        found = breaches(self._findings, self.servers, tlsclient.sips_calls)
        wrong = self._wrong + [f"{text} was sent by a server, and was not seen" for text in self._expected
                               if not any(text in f[4] for f in found)]
        lines = [f"{kind} {text} ({call_id or 'no Call-ID'}) from {source[0]}:{source[1]} to {target[0]}:{target[1]}"
                 for _, source, target, kind, text, call_id in found if not any(e in text for e in self._expected)]
        if wrong + lines:
            raise Failed(f"{len(lines)} times a server sent in clear what must not be:\n" + "\n".join((wrong + lines)[:SHOWN]))


def breaches(findings, servers, sips_calls):
    """Those of (when, source, target, kind, text, Call-ID) that are no client's and, if it is keys, of a sips call."""
    return [f for f in findings if servers.sent(f[1], f[0]) and (f[3] == "request" or f[5] in sips_calls)]


class Probe:
    """Sends what must be found, as a server would: by UDP, and by TCP in pieces."""

    WANTED = ["keys", "keys", "request", "request"]

    def __init__(self, servers):
        self._name = sipmsg.unique("wire-probe")
        self.calls = {self._name}
        message = sipmsg.request("INVITE", f"sips:{self._name}@127.0.0.1", "UDP 127.0.0.1", "<sips:a@b>;tag=1", "<sips:c@d>", self._name,
                                 1, (), sipmsg.SDP + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:none\r\n")
        began = time.time()
        addresses = [self._udp(bytes(message)), self._tcp(bytes(message))]
        servers.add(addresses, began, time.time())

    @staticmethod
    def _udp(data):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
            there.bind(("127.0.0.1", 0))
            there.settimeout(5)
            here.bind(("127.0.0.1", 0))
            here.sendto(data, there.getsockname())
            there.recv(65536)
            return here.getsockname()

    @staticmethod
    def _tcp(data):
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname(), 5) as here:
            listener.settimeout(5)
            with listener.accept()[0] as there:
                there.settimeout(5)
                here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for start in range(0, len(data), 7):
                    here.sendall(data[start:start + 7])
                    there.recv(7, socket.MSG_WAITALL)
            return here.getsockname()

    def is_own(self, finding):
        return self._name in finding[4] or self._name == finding[5]
