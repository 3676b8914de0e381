# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS for a program that has none: what comes by TCP goes on by TLS, or the other way round, byte for byte."""

import select
import socket
import ssl
import threading

import pki
from tlsclient import client_context


def server_context(identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.cert(identity), pki.key(identity))
    context.load_verify_locations(pki.cert("ca"))
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class Bridge:
    """Listens at `at`, and for each connection that comes makes one to `to`, from `source` if that is given (addresses with
    ports). outward: TLS is on the side of `to`; else on that of `at`. identity: the certificate of test/pki that it shows."""

    def __init__(self, stack, at, to, identity, outward, source=None):
        self._to, self._source, self._outward = to, source, outward
        self._context = client_context(identity) if outward else server_context(identity)
        self._listener = socket.create_server(at, backlog=16)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        stack.callback(self._close)

    def _close(self):
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # first out of accept(): see farend.FarEnd.close
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _accept(self):
        while not self._over.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(near,), daemon=True))
            self._threads[-1].start()

    def _serve(self, near):
        with near:
            try:
                with socket.create_connection(self._to, 5, self._source) as far:
                    for sock in (near, far):
                        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if self._outward:
                        self._carry(near, self._context.wrap_socket(far))
                    else:
                        self._carry(far, self._context.wrap_socket(near, server_side=True))
            except OSError:  # ssl.SSLError is one; who waits for a message says what is missing
                pass

    def _carry(self, plain, secure):
        """Until one side ends. One thread for both ways: Python's ssl does not keep a reader and a writer apart."""
        secure.setblocking(False)
        while not self._over.is_set():
            ready, _, _ = select.select([plain, secure], [], [], 0.2)
            if plain in ready:
                if not (data := plain.recv(65536)):
                    return
                secure.sendall(data)  # small: it fits the socket's buffer
            if secure in ready and not self._drain(secure, plain):
                return

    @staticmethod
    def _drain(secure, plain):
        try:
            while data := secure.recv(65536):
                plain.sendall(data)
        except ssl.SSLWantReadError:
            return True
        return False
