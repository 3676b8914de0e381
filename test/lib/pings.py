# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a server takes to answer, measured all the time while something else happens to it: OPTIONS over connections
that are up, over new ones, and by UDP."""

import socket
import statistics
import threading
import time

import sipmsg
from run import Failed

PAUSE = 0.01  # seconds between an answer and the next question
TIMEOUT = 10


def udp_options(sock, target):
    """Asks by UDP. False: no answer."""
    local = "%s:%d" % sock.getsockname()
    sock.sendto(bytes(sipmsg.request("OPTIONS", f"sip:ping@{target[0]}", f"UDP {local}", f"<sip:test@{local}>;tag=t",
                                     f"<sip:ping@{target[0]}>", sipmsg.unique("options"), 1)), target)
    return bool(sock.recv(4096))


class Pings:
    """with Pings(trunks, cert, tenant) as pings: ...   times: {"up 3": [seconds, ...], "new 0": ..., "udp 0": ...}."""

    def __init__(self, trunks, cert, tenant, up=8, others=2):
        self._trunks, self._cert, self._tenant = trunks, cert, tenant
        self.times, self._errors, self._over = {}, [], threading.Event()
        self._clients = [trunks.connect(cert, tenant) for _ in range(up)]
        ways = [(f"up {n}", lambda c=client: trunks.ask(c, tenant) == 200) for n, client in enumerate(self._clients)]
        ways += [(f"new {n}", lambda: trunks.enter(cert, tenant).what == "good") for n in range(others)]
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(others)]
        for number, sock in enumerate(self._sockets):
            sock.bind((trunks.at["peer"], 0))
            sock.settimeout(TIMEOUT)
            ways.append((f"udp {number}", lambda s=sock: udp_options(s, (trunks.at["cube"], 5060))))
        self._threads = [threading.Thread(target=self._run, args=way, daemon=True) for way in ways]

    def _run(self, name, ask):
        times = self.times[name] = []
        while not times or not self._over.is_set():
            began = time.monotonic()
            try:
                answered = ask()
            except Exception as error:  # for the verdict
                answered = False
                self._errors.append(f"{name}: {error!r}")
            if not answered:
                self._errors.append(f"{name}: no 200")
                return
            times.append(time.monotonic() - began)
            self._over.wait(PAUSE)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        time.sleep(0.2)  # each connection belongs to a reader by then
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(TIMEOUT)
        for client in (*self._clients, *self._sockets):
            client.close()

    def slowest(self, kind):
        """For each connection of a kind (up, new, udp); Failed if one was not answered."""
        if self._errors:
            raise Failed("; ".join(self._errors[:3]))
        return sorted(max(times) for name, times in self.times.items() if name.startswith(kind))

    def late(self, seconds):
        """How often it took longer, for each connection that is up."""
        return [sum(took > seconds for took in times) for name, times in self.times.items() if name.startswith("up")]

    def sentence(self):
        texts = []
        for kind in ("up", "new", "udp"):
            all_of = [took for name, times in self.times.items() if name.startswith(kind) for took in times]
            texts.append(f"{kind} {len(all_of)}, {1000 * statistics.median(all_of):.1f} ms, slowest "
                         f"{1000 * max(all_of):.0f} ms")
        return "; ".join(texts)
