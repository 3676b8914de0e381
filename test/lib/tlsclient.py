# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS clients of the tests: Python's ssl, that is OpenSSL, with any certificate and any version. A client says in one
word what became of its connection, since being refused is what many of them are for."""

import socket
import ssl
import warnings

import pki
import sipmsg
from run import Failed

IP_BIND_ADDRESS_NO_PORT = 24  # take the port when connecting: the same one may serve several destinations

sips_calls = set()  # Call-IDs of all requests to sips URIs that clients of this process sent by TLS

VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
            "1.3": ssl.TLSVersion.TLSv1_3}


def set_versions(context, lowest, highest):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = VERSIONS[lowest], VERSIONS[highest]
    if lowest < "1.2":
        context.set_ciphers("ALL:@SECLEVEL=0")


def client_context(identity=None, lowest="1.2", highest="1.3", ciphers=None, ca="ca"):
    """identity: the name of a certificate of test/pki, or None for a client that shows none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(pki.cert(ca))
    set_versions(context, lowest, highest)
    if ciphers:
        context.set_ciphers(ciphers)
    if identity:
        context.load_cert_chain(pki.cert(identity), pki.key(identity))
    return context


def client_hello():
    """The bytes with which a TLS client begins."""
    out = ssl.MemoryBIO()
    hello = client_context().wrap_bio(ssl.MemoryBIO(), out)
    try:
        hello.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def connect(source, target, timeout=10):
    """A TCP connection from an address to (address, port)."""
    sock = socket.socket()
    sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(timeout)
    try:
        sock.bind((source, 0))
        sock.connect(target)
    except OSError:
        sock.close()
        raise
    return sock


def common_name(ssl_socket):
    """The CN in the peer's certificate, "" without one."""
    certificate = ssl_socket.getpeercert() or {}
    return next((v for rdn in certificate.get("subject", ()) for k, v in rdn if k == "commonName"), "")


class TlsClient:
    """One connection; messages are sent with send() and come from receive(). sock: of connect(), if it is there already."""

    def __init__(self, context, source, target, timeout=10, name=None, session=None, sock=None):
        sock = sock or connect(source, target, timeout)
        try:
            self.ssl = context.wrap_socket(sock, server_hostname=name, session=session)
        except BaseException:
            sock.close()
            raise
        self.local = "%s:%d" % self.ssl.getsockname()
        self.via = f"TLS {self.local}"
        self.peer, self.version, self.cipher = common_name(self.ssl), self.ssl.version(), self.ssl.cipher()[0]
        self._splitter, self._waiting = sipmsg.Splitter(), []

    def send(self, message):
        if isinstance(message, sipmsg.Message) and message.scheme == "sips":
            sips_calls.add(message.call_id)
        self.ssl.sendall(bytes(message))

    def receive(self, timeout=5):
        """The next message; None if there is none in time, EOFError when the far end closed."""
        self.ssl.settimeout(timeout)
        while not self._waiting:
            try:
                data = self.ssl.recv(65536)
            except TimeoutError:
                return None
            if not data:
                raise EOFError("the far end closed the connection")
            self._waiting = self._splitter.feed(data)
        return self._waiting.pop(0)

    def close(self):
        self.ssl.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def options(client, target, number="ping"):
    """An OPTIONS request for (address, port) on a client's way."""
    return sipmsg.request("OPTIONS", f"sip:{number}@{target[0]}:{target[1]}", client.via,
                          f"<sip:test@{client.local}>;tag=t", f"<sip:{number}@{target[0]}>",
                          sipmsg.unique("options"), 1)


def served(context, source, target, **more):
    """A TlsClient whose OPTIONS was answered with 200, for the caller to close; Failed with any other answer. more: what
    TlsClient takes."""
    client = TlsClient(context, source, target, **more)
    try:
        client.send(options(client, target))
        answer = client.receive()
        if answer is None or answer.status != 200:
            raise Failed(f"OPTIONS: {answer and answer.status}, must be 200")
    except BaseException:
        client.close()
        raise
    return client


def try_options(context, source, target, timeout=10, silence=None):
    """Connects and asks. Returns (what became of it, the client or None): a status as text, "silence", or why there
    was none: "refused: <OpenSSL's or the system's reason>", "closed". silence: seconds after which no answer is one."""
    try:
        client = TlsClient(context, source, target, timeout)
    except (OSError, EOFError) as error:
        return reason(error), None
    try:
        client.send(options(client, target))
        answer = client.receive(silence or timeout)
        return (str(answer.status) if answer else "silence"), client
    except (OSError, EOFError) as error:
        return reason(error), client
    finally:
        client.close()


def refused(what):
    """Whether this word of try_options() is that of a client that was refused, not of one that waited in vain."""
    return what.startswith(("refused", "closed")) and "timed out" not in what


def reason(error):
    """One line for what ended a connection."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"refused: {error.reason}"
    if isinstance(error, (EOFError, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)):
        return "closed"
    return f"refused: {error}"
