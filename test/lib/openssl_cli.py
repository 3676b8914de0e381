# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSSL's own client and server, `openssl s_client` and `openssl s_server`, one connection each. They tell what was
negotiated, or OpenSSL's reason why nothing was."""

import contextlib
import re
import signal
import subprocess
import threading

import pki
from kamailio import program
from run import Failed, _die_with_parent, wait_until

FLAGS = {"1.0": "-tls1", "1.1": "-tls1_1", "1.2": "-tls1_2", "1.3": "-tls1_3"}


def offer(version=None, suites=None, groups=None):
    """Options for what is offered. version: that one only. suites: suites.Suite in order of preference; None: all."""
    argv = [FLAGS[version]] if version else []
    old = [s.openssl for s in suites or () if "1.3" not in s.versions]
    new = [s.openssl for s in suites or () if "1.3" in s.versions]
    argv += ["-cipher", ":".join((old or ["ALL"]) + ["@SECLEVEL=0"])]
    if new:
        argv += ["-ciphersuites", ":".join(new)]
    if groups:
        argv += ["-groups", ":".join(groups)]
    return argv


def identity(cert, key=None, rest=None):
    """Options for a certificate of test/pki, or for paths: a certificate, its key, what follows it in the chain."""
    argv = ["-cert", cert, "-key", key] if key else ["-cert", pki.cert(cert), "-key", pki.key(cert)]
    return argv + (["-cert_chain", rest] if rest else [])


def has_hybrid():
    """Whether this OpenSSL has the post-quantum group X25519MLKEM768 (3.5 and later)."""
    result = subprocess.run([program("openssl"), "list", "-tls1_3", "-tls-groups"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return "X25519MLKEM768" in result.stdout


class _Peer:
    """The process. text: what it had said at finish()."""

    def __init__(self, command, argv, ca):
        argv = [program("openssl"), command, *map(str, argv), "-CAfile", str(ca or pki.cert("ca")), "-brief"]
        self._popen = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True, errors="replace", preexec_fn=_die_with_parent)
        self.command, self.pid, self.text = command, self._popen.pid, ""

    def ended(self):
        return self._popen.poll() is not None

    def finish(self, timeout=10):
        """Waits until it has told what was negotiated, and ends the connection; or until it has ended by itself, as it
        does when it is refused. Returns its text."""
        return self._hear(timeout, end=True)

    def refused(self, what, timeout=10):
        """Waits until it has ended by itself. A TLS 1.3 client is refused after it has told what was negotiated."""
        try:
            return self._hear(timeout, end=False)
        except Failed as error:
            raise Failed(f"{what}: it is not refused: {error}") from None

    def _hear(self, timeout, end):
        late = threading.Timer(timeout, self._popen.kill)
        late.start()
        try:
            for line in self._popen.stdout:
                self.text += line
                if end and line.startswith("Ciphersuite:"):
                    self._popen.stdin.close()  # read only after it has told the rest
            self._popen.wait()
        finally:
            late.cancel()
        if self._popen.returncode == -signal.SIGKILL:
            raise Failed(f"openssl {self.command} did not end within {timeout} s: {self.text.strip()}")
        return self.text

    def close(self):
        if self._popen.poll() is None:
            self._popen.terminate()
        self._popen.wait()
        self._popen.stdin.close()
        self._popen.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def said(self, what):
        """The value of a line `what: value` in its text; "" without one."""
        found = re.search(rf"^{what}: (.*)$", self.text, re.M)
        return found.group(1).strip() if found else ""

    def negotiated(self):
        """(version, cipher), both as OpenSSL writes them."""
        return self.said("Protocol version"), self.said("Ciphersuite")

    def group(self):
        """The group of the key exchange; its line has another name in each OpenSSL."""
        found = self.said("Negotiated TLS1.3 group") or self.said("(?:Server|Peer) Temp Key")
        return next((name for name in found.split(", ") if name != "ECDH"), "")

    def errors(self):
        """The last words of OpenSSL's error lines."""
        return re.findall(r":error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):", self.text)


class SClient(_Peer):
    """Connects at once, from (address, port): so its connection is known to the server by self.local."""

    def __init__(self, source, target, options=(), ca=None):
        self.local = "%s:%d" % source
        super().__init__("s_client", ["-bind", self.local, "-connect", "%s:%d" % target, *options], ca)


class SServer(_Peer):
    """Listens at (address, port) for one connection, and demands a certificate."""

    def __init__(self, at, options=(), ca=None):
        super().__init__("s_server", ["-accept", "%s:%d" % at, "-naccept", "1", "-Verify", "10",
                                      "-verify_return_error", "-no_ticket", *options], ca)
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            wait_until(lambda: self.ended() or listens(*at), 10, f"openssl s_server listens at {at}", 0.005)
            if self.ended():
                raise Failed(f"openssl s_server: {self.finish().strip()}")
            stack.pop_all()


def listens(host, port):
    """Whether a TCP socket listens at exactly this address and port (IPv4)."""
    wanted = "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(fields[1] == wanted and fields[3] == "0A" for fields in map(str.split, table))
