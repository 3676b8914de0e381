# SPDX-License-Identifier: GPL-2.0-or-later
"""What many tenants cost: shared memory, start, reload. Each has a key, a chain of two and a CA of its own, in both roles; for
stock a server and a client domain."""

import contextlib
import resource
import socket
import ssl
import subprocess
import time

import servers
from binrpc import BinRpc
from run import Failed, wait_until

FIRST_PORT = 10000
PATIENCE = 300  # seconds, for stock to start
OPTIONS = (b"OPTIONS sip:bench@server.example SIP/2.0\r\nVia: SIP/2.0/TLS client.example:5061;branch=z9hG4bK1\r\n"
           b"Max-Forwards: 70\r\nFrom: <sip:load@client.example>;tag=1\r\nTo: <sip:bench@server.example>\r\n"
           b"Call-ID: 1@client.example\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")


def make(certs, folder, n):
    """The certificates, made once."""
    done = folder / "made"
    have = int(done.read_text()) if done.exists() else 0
    if have < n:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([certs, folder, "tenants", str(n)], check=True)
        done.write_text(str(n))
    return folder


def parties(folder, n):
    return [(FIRST_PORT + number, servers.tenant(folder, number)) for number in range(1, n + 1)]


class Many:
    """A server with n tenants; start and reload are in seconds, memory in bytes."""

    def __init__(self, run, name, make_server, folder, n, shm_mb, preload=None):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < n + 1000:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, n + 1000), hard))
        self.at, self.n = run.addresses.host(), n
        self._last = servers.tenant(folder, n)
        # the core has each listener in private memory
        self._server = make_server(run, name, self.at, parties(folder, n), shm_mb=shm_mb, preload=preload,
                                   options=("-M", 8 + n // 100))

    def __enter__(self):
        began = time.monotonic()
        self._server.launch()
        wait_until(self._serves, PATIENCE, f"{self._server.name} serves its last tenant")
        self.start = time.monotonic() - began
        self.memory = self._server.memory()
        return self

    def __exit__(self, *_):
        self._server.stop()

    def _serves(self):
        """A handshake with the last tenant, by its own certificate."""
        if not self._server.alive():
            raise Failed(f"{self._server.name} ended at start: " + " / ".join(self._server.process.tail(3)))
        context = ssl.create_default_context(cafile=self._last.ca)
        context.load_cert_chain(self._last.cert, self._last.key)
        try:
            with socket.create_connection((self.at, FIRST_PORT + self.n), PATIENCE) as sock:
                with context.wrap_socket(sock, server_hostname=f"tenant{self.n}.example") as tls:
                    tls.sendall(OPTIONS)
                    answer = tls.recv(4096)
                    with contextlib.suppress(OSError):
                        tls.unwrap()
                    return answer.startswith(b"SIP/2.0 200 ")
        except ConnectionRefusedError:
            return False

    def reload(self, command):
        """The seconds of one reload; the memory behind it, and at most, are reload_memory and peak."""
        with BinRpc(self._server.ctl, timeout=PATIENCE) as rpc:
            began = time.monotonic()
            rpc.values(command)
            seconds = time.monotonic() - began
            self.peak = rpc.call("core.shmmem")["max_used"]
        if not self._serves():
            raise Failed(f"{self._server.name} does not serve its last tenant behind a reload")
        return seconds


def measure(run, name, make_server, command, folder, n, shm_mb, preload=None):
    """A dictionary: start and reload in seconds; bytes of memory for one tenant, without and with
    what the allocator keeps beside each block, and of all at most while reloading."""
    with Many(run, f"{name}-1", make_server, folder, 1, 64, preload) as one:
        base = one.memory
    with Many(run, f"{name}-{n}", make_server, folder, n, shm_mb, preload) as many:
        reload = many.reload(command)
        used, real = [(now - then) / (n - 1) for now, then in zip(many.memory, base)]
        return {"start": many.start, "reload": reload, "tenant": used, "real": real, "peak": many.peak}
