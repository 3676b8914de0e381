# SPDX-License-Identifier: GPL-2.0-or-later
"""An OCSP responder: `openssl ocsp` as a server. It serves one request after the other, and listens on all addresses,
which it has no option against; so better in a network namespace (netns.py)."""

import http.client
import socket

from kamailio import program
from run import Failed, wait_until

MINUTES = 60  # from thisUpdate to nextUpdate


class Responder:
    """Speaks for ca. signer: the Cert of who signs; without one the CA itself does."""

    def __init__(self, run, ca, host, signer=None):
        self.run, self.ca, self.host = run, ca, host
        with socket.create_server(("", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://{host}:{self.port}/"
        self._argv = [program("openssl"), "ocsp", "-port", str(self.port), "-nmin", str(MINUTES), "-timeout", "5",
                      *map(str, ca.responder(signer))]
        self._question = ca.dir / f"question-{self.port}"
        ca.openssl("ocsp", "-issuer", ca.pem, "-serial", "1", "-reqout", self._question)
        self._process, self._starts = None, 0
        self.start()

    def start(self):
        self._starts += 1
        self._process = self.run.spawn(f"responder-{self.port}", self._argv)
        wait_until(self._ready, 10, f"openssl ocsp listens at port {self.port}", 0.01)

    def _ready(self):
        if self._process.status() is not None:
            raise Failed("openssl ocsp: " + " ".join(self._process.tail(3)))
        return self._process.log.read_text().count("waiting for OCSP client connections") == self._starts

    def stop(self):
        self._process.stop()

    def renew(self):
        """Makes it read its index again, which it does behind the request that follows a change."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        connection.request("POST", "/", self._question.read_bytes(), {"Content-Type": "application/ocsp-request"})
        connection.getresponse().read()
        connection.close()
