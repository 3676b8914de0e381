# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls from a script: INVITE, ACK, BYE over UDP or over a TLS connection, one at a time in each caller."""

import socket
import time

import sipmsg
from run import Failed

RETRANSMIT = 0.5  # seconds; UDP only


class UdpLeg:
    """A UDP socket of host, towards target (address, port)."""

    def __init__(self, host, target):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self.target = target
        self.local = "%s:%d" % self._socket.getsockname()
        self.via = f"UDP {self.local}"
        self.contact = f"<sip:caller@{self.local}>"

    def send(self, message):
        self._socket.sendto(bytes(message), self.target)

    def receive(self, timeout):
        self._socket.settimeout(max(timeout, 0.001))
        try:
            return sipmsg.datagram(self._socket.recv(65536))
        except TimeoutError:
            return None

    def close(self):
        self._socket.close()


class TlsLeg:
    """A connection of tlsclient.TlsClient."""

    def __init__(self, client, target):
        self._client, self.target = client, target
        self.local, self.via, self.close = client.local, client.via, client.close
        self.send, self.receive = client.send, client.receive
        self.contact = f"<sip:caller@{self.local};transport=tls>"


class Call:
    """One call. status: of the final answer; None while there is none."""

    def __init__(self, leg, number, call_id=None):
        self.leg, self.number, self.status, self.answer = leg, number, None, None
        self.call_id = call_id or sipmsg.unique(f"call-{number}")
        self._caller = f"<sip:caller@{leg.local}>;tag={sipmsg.unique('c')}"
        self._called = f"<sip:{number}@{leg.target[0]}>"
        self._uri, self._routes, self._cseq = f"sip:{number}@{leg.target[0]}:{leg.target[1]}", [], 0

    def _request(self, method, body=""):
        if method != "ACK":
            self._cseq += 1
        return sipmsg.request(method, self._uri, self.leg.via, self._caller, self._called, self.call_id, self._cseq,
                              [("Route", r) for r in self._routes] + [("Contact", self.leg.contact)], body)

    def invite(self, timeout=15, body=sipmsg.SDP):
        """Sends INVITE, waits for the final answer, acknowledges it. Returns its status; None: there was none."""
        request = self._request("INVITE", body)
        self.answer = self._transact(request, timeout)
        if self.answer is None:
            return None
        self.status = self.answer.status
        self._called = self.answer.get("To")
        if self.status >= 300:
            ack = self._request("ACK")
            ack.headers[0] = request.headers[0]  # the same transaction
            self.leg.send(ack)
            return self.status
        self._routes = self.answer.list("Record-Route")[::-1]
        self._uri = sipmsg.uri_of(self.answer.get("Contact"))
        self.leg.send(self._request("ACK"))
        return self.status

    def bye(self, timeout=10):
        """Ends the call. Returns the answer's status, None without one."""
        answer = self._transact(self._request("BYE"), timeout)
        return answer.status if answer else None

    def _transact(self, request, timeout):
        end = time.monotonic() + timeout
        udp, heard = isinstance(self.leg, UdpLeg), False
        self.leg.send(request)
        while (left := end - time.monotonic()) > 0:
            message = self.leg.receive(min(left, RETRANSMIT))
            if message is None:
                if udp and not heard:
                    self.leg.send(request)
            elif message.status is not None and message.get("CSeq") == request.get("CSeq") \
                    and message.call_id == self.call_id:
                heard = True
                if message.status >= 200:
                    return message
        return None

    def wait_request(self, method, timeout=5):
        """The next request of the far end in this call, which is answered with 200."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            message = self.leg.receive(min(left, 0.5))
            if message is not None and message.status is None and message.method == method \
                    and message.call_id == self.call_id:
                self.leg.send(sipmsg.answer(message, 200))
                return message
        raise Failed(f"call {self.call_id}: no {method} from the far end within {timeout} s")


def place(leg, number, timeout=15):
    """A whole call: answered and ended, or Failed. Returns it."""
    call = Call(leg, number)
    if call.invite(timeout) != 200:
        raise Failed(f"call {call.call_id} to {number}: {call.status or 'no answer'}, must be 200")
    status = call.bye()
    if status != 200:
        raise Failed(f"call {call.call_id} to {number}: BYE was answered with {status or 'nothing'}, must be 200")
    return call


def knock(host, target, number):
    """Sends the INVITE of a call by UDP and leaves it at that: for far ends that speak no SIP."""
    leg = UdpLeg(host, target)
    leg.send(Call(leg, number)._request("INVITE", sipmsg.SDP))
    leg.close()
