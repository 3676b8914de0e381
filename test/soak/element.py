# SPDX-License-Identifier: GPL-2.0-or-later
"""A SIP server at the far end of a trunk that calls and is called, over connections of its own, as RFC 3261 has it when
these end at any moment: an answer goes to where the request's Via says when its connection is no more (18.2.2), a 200 is
sent again until its ACK comes (13.3.1.4), a request whose connection ends before its final answer is sent again on a new
one; and so is an answer that was sent just before its connection ended, since nobody may have read it."""

import collections
import queue
import re
import threading
import time

import sipmsg
from farend import Connection, FarEnd
from tlsclient import TlsClient

AGAIN = 1.0  # seconds: what was sent on a connection so shortly before its end is sent again
ACK_WAIT = 16.0  # seconds for which a 200 is sent again
BUSY, FAILS, HANGS_UP = "4", "5", "1"  # the third digit of a number

Outcome = collections.namedtuple("Outcome", "status by bye seconds")
Unacked = collections.namedtuple("Unacked", "due pause until connection request answer")


def place_of(uri):
    """(address, port) of a SIP URI, or of the value of a Via."""
    host, port = re.search(r"^([\d.]+)(?::(\d+))?", re.split("@|sip:|TLS ", uri)[-1]).groups()
    return host, int(port or 5061)


def branch_of(message):
    return re.search(r"branch=([^;\s]+)", message.get("Via")).group(1)


class Transaction:
    """A request that waits for answers. None among them: the connection has ended."""

    def __init__(self):
        self.answers, self.connection = queue.Queue(), None


class Element(FarEnd):
    """fails: whether numbers with FAILS get a 503 here. Other numbers are answered, or are busy."""

    def __init__(self, host, port, identity, ca="ca", fails=False):
        self._waiting, self._ways, self._acks, self._invites = {}, {}, {}, {}
        self._unacked, self._recent, self.byes = {}, collections.deque(maxlen=200), set()
        self._way_lock, self._stop = threading.Lock(), threading.Event()
        super().__init__(host, port, identity, ca, lambda message: self._status(message, fails))
        self._repeater = threading.Thread(target=self._repeat, daemon=True)
        self._repeater.start()

    def _status(self, message, fails):
        kind = message.number[2:3] if message.method == "INVITE" else ""
        return 486 if kind == BUSY else 503 if kind == FAILS and fails else 200

    # ---- connections

    def _serve(self, sock, remote):
        super()._serve(sock, remote)
        with self._lock:
            ended = [c for c in self.connections if c.remote == "%s:%d" % remote]
            self.connections = [c for c in self.connections if c not in ended]
            del self.failures[:-10]
        for connection in ended:
            self._after(connection)

    def _way(self, target):
        """The connection from here to target; a new one if there is none."""
        with self._way_lock:
            connection = self._ways.get(target)
            if connection is None or connection.closed:
                client = TlsClient(self._client, self.host, target)
                connection = self._ways[target] = Connection(client.ssl, "%s:%d" % target)
                threading.Thread(target=self._follow, args=(connection,), daemon=True).start()
            return connection

    def _follow(self, connection):
        connection.read(self._take)
        self._after(connection)

    def _after(self, connection):
        """What is done when a connection has ended."""
        for transaction in list(self._waiting.values()):
            if transaction.connection is connection:
                transaction.answers.put(None)
        now = time.monotonic()
        for sent, on, request, answer in list(self._recent):
            if on is connection and now - sent < AGAIN and not self._stop.is_set():
                self._answer_anew(request, answer)

    @staticmethod
    def _try(connection, message):
        try:
            if not connection.closed:
                connection.send(message)
                return True
        except (OSError, ValueError):
            pass
        return False

    def hang_up_all(self):
        """Ends all connections, in both directions."""
        self.close_all()
        for connection in list(self._ways.values()):
            connection.close()

    def close(self):
        self._stop.set()
        super().close()
        self.hang_up_all()
        self._repeater.join(5)

    # ---- answers

    def _answer(self, connection, request, answer):
        self._recent.append((time.monotonic(), connection, request, answer))
        if not self._try(connection, answer):
            self._answer_anew(request, answer)

    def _answer_anew(self, request, answer):
        try:
            connection = self._way(place_of(request.get("Via")))
            self._recent.append((time.monotonic(), connection, request, answer))
            self._try(connection, answer)
        except OSError:
            pass  # the 200 is sent again, anything else is asked for again

    def _repeat(self):
        while not self._stop.wait(0.1):
            now = time.monotonic()
            for call_id, u in list(self._unacked.items()):
                if now >= u.until:
                    self._unacked.pop(call_id, None)
                elif now >= u.due:
                    self._answer(u.connection, u.request, u.answer)
                    if call_id in self._unacked:
                        self._unacked[call_id] = u._replace(due=now + u.pause, pause=min(2 * u.pause, 4))

    # ---- what comes in

    def _take(self, connection, message):
        if message.status is not None:
            self._take_answer(message)
        elif message.method == "ACK":
            self._unacked.pop(message.call_id, None)
            invite = self._invites.pop(message.call_id, None)
            if invite is not None:
                threading.Thread(target=self._bye, args=(invite,), daemon=True).start()
        else:
            self._take_request(connection, message)

    def _take_answer(self, message):
        transaction = self._waiting.get(branch_of(message))
        if transaction:
            transaction.answers.put(message)
        elif message.method == "INVITE" and 200 <= message.status < 300 and message.call_id in self._acks:
            self._send_ack(*self._acks[message.call_id])

    def _take_request(self, connection, message):
        status = self.behave(message)
        tag, contact = f"far-{self.at}", [("Contact", f"<sip:{message.number}@{self.at};transport=tls>")]
        answered = message.method == "INVITE" and status == 200
        answer = sipmsg.answer(message, status, tag, contact, sipmsg.SDP if answered else "")
        if message.method == "BYE" and message.number == "caller":
            self.byes.add(message.call_id)
        if answered:
            now = time.monotonic()
            self._unacked[message.call_id] = Unacked(now + 0.5, 1.0, now + ACK_WAIT, connection, message, answer)
            if message.number[2:3] == HANGS_UP:
                self._invites[message.call_id] = message
        self._answer(connection, message, answer)

    # ---- requests

    def _request(self, method, uri, caller, called, call_id, cseq, headers=(), body=""):
        message = sipmsg.request(method, uri, f"TLS {self.at}", caller, called, call_id, cseq, headers, body)
        message.headers[0] = ("Via", message.get("Via").removesuffix(";rport"))
        return message

    def transact(self, target, message, timeout):
        """The final answer; None: there was none in time."""
        transaction, end = Transaction(), time.monotonic() + timeout
        self._waiting[branch_of(message)] = transaction
        try:
            while (left := end - time.monotonic()) > 0:
                try:
                    transaction.connection = self._way(target)
                except OSError:
                    time.sleep(0.1)
                    continue
                if not self._try(transaction.connection, message):
                    time.sleep(0.01)
                    continue
                answer = self._wait(transaction, end)
                if answer is not None or left <= 0:
                    return answer
            return None
        finally:
            del self._waiting[branch_of(message)]

    @staticmethod
    def _wait(transaction, end):
        """The final answer; None when the time is over or the connection has ended."""
        try:
            while True:
                answer = transaction.answers.get(timeout=max(0, end - time.monotonic()))
                if answer is None or answer.status >= 200:
                    return answer
        except queue.Empty:
            return None

    def _send_ack(self, target, ack):
        try:
            self._try(self._way(target), ack)
        except OSError:
            pass  # the 200 comes again

    def _bye(self, invite):
        """The called side ends the call."""
        routes = invite.list("Record-Route")
        called = invite.get("To") + f";tag=far-{self.at}"
        bye = self._request("BYE", sipmsg.uri_of(invite.get("Contact")), called, invite.get("From"), invite.call_id, 1,
                            [("Route", r) for r in routes])
        answer = self.transact(place_of(routes[0]), bye, 15)
        if answer is None or answer.status != 200:
            print(f"BYE of {invite.call_id}: {answer and answer.status} at {time.strftime('%T')}", flush=True)

    def call(self, target, number, hold, timeout):
        """INVITE, ACK, and BYE from one side or the other after hold seconds. Returns an Outcome; by: the address that
        answered; bye: its status; None without an answer, 0 if the BYE of the far end did not come."""
        began, call_id = time.monotonic(), sipmsg.unique(f"soak-{number}")
        caller, called = f"<sip:caller@{self.at}>;tag={sipmsg.unique('c')}", f"<sip:{number}@{target[0]}>"
        contact = ("Contact", f"<sip:caller@{self.at};transport=tls>")
        invite = self._request("INVITE", f"sip:{number}@{target[0]}:{target[1]};transport=tls", caller, called, call_id, 1,
                               [contact], sipmsg.SDP)
        answer = self.transact(target, invite, timeout)
        took = time.monotonic() - began
        if answer is None or answer.status != 200:
            if answer is not None:
                ack = self._request("ACK", invite.first.split()[1], caller, answer.get("To"), call_id, 1)
                ack.headers[0] = invite.headers[0]  # the same transaction
                self._send_ack(target, ack)
            return Outcome(answer and answer.status, None, None, took)
        uri, called = sipmsg.uri_of(answer.get("Contact")), answer.get("To")
        routes = [("Route", r) for r in answer.list("Record-Route")[::-1]]
        self._acks[call_id] = target, self._request("ACK", uri, caller, called, call_id, 1, routes)
        self._send_ack(*self._acks[call_id])
        try:
            time.sleep(hold)
            bye = self._await_bye(call_id) if number[2:3] == HANGS_UP else self._own_bye(
                target, self._request("BYE", uri, caller, called, call_id, 2, routes))
        finally:
            del self._acks[call_id]
        return Outcome(200, place_of(uri)[0], bye, took)

    def _own_bye(self, target, bye):
        answer = self.transact(target, bye, 15)
        return answer and answer.status

    def _await_bye(self, call_id):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if call_id in self.byes:
                self.byes.discard(call_id)
                return 200
            time.sleep(0.02)
        return 0
