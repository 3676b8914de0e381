# SPDX-License-Identifier: GPL-2.0-or-later
"""The far end of TLS trunks: a server of Python's ssl that demands a client certificate, answers SIP, and remembers
who sent what on which connection. It can close, or reset, what it accepted, and send requests of its own."""

import select
import socket
import ssl
import struct
import threading
import time

import pki
import sipmsg
from run import Failed, wait_until
from tlsclient import TlsClient, client_context, common_name, set_versions


class Connection:
    """One accepted connection, read by a thread of its own, which is also the one that closes it: a descriptor that
    another thread closes may belong to somebody else at the next moment. requests and answers: what came in on it."""

    def __init__(self, ssl_socket, remote):
        self._ssl, self.remote = ssl_socket, remote
        self.peer, self.version, self.cipher = common_name(ssl_socket), ssl_socket.version(), ssl_socket.cipher()[0]
        self.resumed = ssl_socket.session_reused
        self.requests, self.answers = [], []
        self._lock = threading.Lock()  # Python's ssl does not keep a reader and a writer apart
        self._ended = threading.Event()
        self._closing = None
        ssl_socket.setblocking(False)

    @property
    def closed(self):
        return self._closing is not None or self._ended.is_set()

    def send(self, message):
        with self._lock:
            self._ssl.send(bytes(message))  # small: it fits the socket's buffer

    def close(self, reset=False, wait=True):
        """reset: with RST instead of an orderly end."""
        with self._lock:
            if not self.closed:
                self._closing = "reset" if reset else "end"
                self._quietly(socket.socket.shutdown, self._ssl, socket.SHUT_RD)  # wakes the reader; sends nothing
        if wait:
            self._ended.wait(5)

    def read(self, take):
        """Until the end of the connection. take(message) for each."""
        splitter = sipmsg.Splitter()
        try:
            while not self._closing:
                select.select([self._ssl], [], [])
                data, ended = self._receive()
                for message in splitter.feed(data):
                    take(self, message)
                if ended:
                    break
        except (OSError, ValueError):
            pass
        with self._lock:
            self._end()

    def _receive(self):
        """What there is, and whether that was all."""
        data = b""
        with self._lock:
            while not self._closing:
                try:
                    part = self._ssl.recv(65536)
                except ssl.SSLWantReadError:
                    return data, False
                except OSError:  # reset, behind what came before
                    part = b""
                if not part:
                    return data, True
                data += part
        return data, True

    def _end(self):
        if self._closing == "reset":
            self._quietly(self._ssl.setsockopt, socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self._quietly(self._ssl.unwrap)
        self._quietly(self._ssl.close)
        self._ended.set()

    @staticmethod
    def _quietly(function, *args):
        try:
            function(*args)
        except (OSError, ValueError):
            pass


def answer_by_number(message):
    """What a called party of this number does: x5xx fails with 503, x9xx never answers, all others answer 200."""
    if message.method == "INVITE" and message.number[1:2] == "9":
        return None
    return 503 if message.method == "INVITE" and message.number[1:2] == "5" else 200


class FarEnd:
    """identity: the certificate of test/pki that it shows. behave(message): a status, or None for silence. tickets: that a
    TLS 1.3 client gets."""

    def __init__(self, host, port, identity="tgw", ca="ca", behave=answer_by_number, highest="1.3", tickets=0):
        self.at, self.host, self.port, self.behave = f"[{host}]:{port}" if ":" in host else f"{host}:{port}", host, port, behave
        self.connections, self.failures, self._tags = [], [], {}
        self._lock = threading.Lock()
        self._identity, self._ca, self._tickets = identity, ca, tickets
        self.begin_anew("1.2", highest)
        self._client = client_context(identity)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def begin_anew(self, lowest, highest):
        """Serves these versions from now on, and no session from before."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.cert(self._identity), pki.key(self._identity))
        context.load_verify_locations(pki.cert(self._ca))
        context.verify_mode = ssl.CERT_REQUIRED
        context.num_tickets = self._tickets
        set_versions(context, lowest, highest)
        self._context = context

    def _accept(self):
        while True:
            try:
                sock, remote = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock, remote), daemon=True).start()

    def _serve(self, sock, remote):
        sock.settimeout(10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection = Connection(self._context.wrap_socket(sock, server_side=True), "%s:%d" % remote[:2])
        except (OSError, ValueError) as error:
            with self._lock:
                self.failures.append(str(error))
            sock.close()
            return
        with self._lock:
            self.connections.append(connection)
        connection.read(self._take)

    def _take(self, connection, message):
        if message.status is not None:
            connection.answers.append(message)
            return
        connection.requests.append(message)
        status = None if message.method == "ACK" else self.behave(message)
        if status is None:
            return
        contact = [("Contact", f"<sip:{message.number}@{self.at};transport=tls>")]
        tag = self._tags.setdefault(message.call_id, sipmsg.unique("far"))
        answered = status == 200 and message.method == "INVITE"
        if answered:
            connection.send(sipmsg.answer(message, 180, tag, contact))
        connection.send(sipmsg.answer(message, status, tag, contact, sipmsg.SDP if answered else ""))

    def open(self):
        """The connections that are up."""
        return [c for c in list(self.connections) if not c.closed]

    def requests(self):
        """All requests so far, as (connection, message)."""
        return [(c, m) for c in list(self.connections) for m in list(c.requests)]

    def where(self, call_id, method="INVITE", timeout=5):
        """The connection on which a request came, and the request."""
        def find():
            return next(((c, m) for c, m in self.requests() if m.call_id == call_id and m.method == method), None)
        return wait_until(find, timeout, f"the far end gets {method} of call {call_id}", 0.005)

    def request_in(self, invite, method, cseq):
        """A request of this side in a dialog that it answered; invite as it came in."""
        routes = [("Route", r) for r in invite.list("Record-Route")]
        return sipmsg.request(method, sipmsg.uri_of(invite.get("Contact")), f"TLS {self.at}",
                              f"{invite.get('To')};tag={self._tags[invite.call_id]}", invite.get("From"),
                              invite.call_id, cseq, routes)

    def dial(self, target, source=None):
        """A new connection from this side, with this side's certificate."""
        return TlsClient(self._client, source or self.host, target)

    def _acknowledged(self):
        """Has each call that has ended on a connection which is open its ACK? It comes by another process than the BYE, perhaps
        behind it."""
        methods = {}
        for connection, message in self.requests():
            if not connection.closed:
                methods.setdefault(message.call_id, set()).add(message.method)
        return all("ACK" in found for found in methods.values() if {"INVITE", "BYE"} <= found)

    def close_all(self, reset=False):
        """Closes all that is open. An ACK that came behind that would make a connection anew."""
        end = time.monotonic() + 1
        while not self._acknowledged() and time.monotonic() < end:
            time.sleep(0.005)
        connections = self.open()
        for connection in connections:
            connection.close(reset, wait=False)
        for connection in connections:
            connection.close()

    def close(self):
        # First out of accept(), then close: the number of a closed descriptor is given to the next listener, whose
        # connections this thread would take.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._acceptor.join(5)
        self._listener.close()
        self.close_all()


def wait_answer(connection, call_id, method, timeout=5):
    """The final answer to a request that this side sent."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        for message in list(connection.answers):
            if message.call_id == call_id and message.method == method and message.status >= 200:
                return message
        time.sleep(0.005)
    raise Failed(f"no answer to the far end's {method} of call {call_id} within {timeout} s")
