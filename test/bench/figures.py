# SPDX-License-Identifier: GPL-2.0-or-later
"""Rates and memory, measured side by side: in each round every server has its turn."""

import json
import subprocess
import time

from kamailio import program
from run import Failed
from servers import LOAD_CORE, PORT_CHECKED, PORTS, kind

CONNECTIONS, PIPES, IN_FLIGHT = 8, 32, 16


class Sample:
    """What one run of the load generator came to: operations a second, and the servers' CPU seconds for one."""

    def __init__(self, result):
        self.done, self.resumed = result["done"], result["resumed"]
        self.rate = result["done"] / result["seconds"]
        self.cpu = result["server_cpu"] / max(1, result["done"])
        self.load_cpu = result["cpu"] / result["seconds"]  # 1.0: the generator itself was the limit


class Load:
    """The load generator, with the client's certificates in folder."""

    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    def argv(self, what, at, port, key, tls, **options):
        who = kind(self.folder, key, "client")
        named = {"ca": who.ca, "cert": who.cert, "key": who.key, "tls": tls, **options}
        return [program("taskset"), "-c", str(LOAD_CORE), str(self.path), what, at, str(port),
                *(f"{name}={value}" for name, value in named.items())]

    def run(self, *args, pids=(), seconds=1.0, **options):
        argv = self.argv(*args, pids=",".join(map(str, pids)), seconds=seconds, **options)
        result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                timeout=seconds + 60, check=False)
        if result.returncode:
            raise Failed(f"{' '.join(argv)}: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def hold(self, *args, **options):
        """Connections that are there and idle until the block ends."""
        return Held(self.argv(*args, **options))


class Held:
    def __init__(self, argv):
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        if self._process.stdout.readline().strip() != "idle":
            raise Failed("the load generator did not get its connections")
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def handshakes(load, server, key, tls, seconds):
    return _closed(load, "handshakes", server, key, tls, seconds)


def reconnects(load, server, key, tls, seconds):
    return _closed(load, "reconnects", server, key, tls, seconds)


def _closed(load, what, server, key, tls, seconds):
    """A connection that the server refuses is no failure of reconnects: a server may refuse the session that is offered."""
    result = load.run(what, server.at, PORTS[key], key, tls, connections=CONNECTIONS, seconds=seconds, pids=server.pids())
    if what == "handshakes" and result["failed"]:
        raise Failed(f"{result['failed']} of {result['done']} handshakes failed: {result['failure']}")
    return Sample(result)


def requests(load, server, pids, seconds, port=PORTS["ec"]):
    result = load.run("requests", server.at, port, "ec", "1.3", connections=PIPES, inflight=IN_FLIGHT, seconds=seconds, pids=pids)
    if result["failed"]:
        raise Failed(f"{result['failed']} connections failed: {result['failure']}")
    return Sample(result)


def settled(server):
    """The memory in use once it does not change any more."""
    last, since = server.memory(), time.monotonic()
    until = since + 20
    while time.monotonic() < until and time.monotonic() - since < 1:
        time.sleep(0.1)
        used = server.memory()
        if used != last:
            last, since = used, time.monotonic()
    return last


def idle(load, server, connections, tls, port=PORTS["ec"]):
    """Bytes for one connection with its handshake and one OPTIONS done, as server.memory() has them."""
    before = settled(server)
    with load.hold("hold", server.at, port, "ec", tls, connections=connections):
        return [(now - then) / connections for now, then in zip(settled(server), before)]


def idle_haproxy(load, server, connections, tls):
    return idle(load, server, connections, tls, PORT_CHECKED)
