# SPDX-License-Identifier: GPL-2.0-or-later
"""A far end that speaks SIP over UDP: answers requests, and remembers them."""

import socket
import threading
import time

import sipmsg
from run import Failed


class UdpEnd:
    """behave(message): a status, (status, SDP), or None for silence. requests: what came in, in order; retransmissions are
    answered, and not kept twice."""

    def __init__(self, stack, host, port, behave=lambda message: 200):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.at, self.behave, self.requests = f"[{host}]:{port}" if ":" in host else f"{host}:{port}", behave, []
        self._seen, self._tags = set(), {}
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self._socket.settimeout(0.1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        stack.callback(self._close)

    def _close(self):
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _run(self):
        while not self._over.is_set():
            try:
                data, source = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            if data.strip():
                self._take(sipmsg.datagram(data), source)

    def _take(self, message, source):
        if message.status is not None:
            return
        key = message.call_id, message.get("CSeq"), message.get("Via")
        if key not in self._seen:
            self._seen.add(key)
            self.requests.append(message)
        answered = None if message.method == "ACK" else 200 if message.method in ("BYE", "CANCEL") else self.behave(message)
        if answered is None:
            return
        status, body = answered if isinstance(answered, tuple) else (answered, sipmsg.SDP)
        tag = self._tags.setdefault(message.call_id, sipmsg.unique("end"))
        body = body if status == 200 and message.method == "INVITE" else ""
        contact = [("Contact", f"<sip:{message.number}@{self.at}>")]
        self._socket.sendto(bytes(sipmsg.answer(message, status, tag, contact, body)), source)

    def of(self, call_id, method="INVITE"):
        """What came of a call."""
        return [m for m in list(self.requests) if m.call_id == call_id and m.method == method]

    def where(self, call_id, method="INVITE", timeout=5):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if found := self.of(call_id, method):
                return found[0]
            time.sleep(0.005)
        raise Failed(f"{self.at} gets no {method} of call {call_id} within {timeout} s")
