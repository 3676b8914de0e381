# SPDX-License-Identifier: GPL-2.0-or-later
"""A network of this process alone, in which every address is its own, and a way from any of them to a server on
127.0.0.1. So a peer can be at 192.0.2.1 and nothing leaves the machine. Knows nothing of what passes."""

import ctypes
import os
import socket
import subprocess
import threading

_CLONE_NEWNET = 0x40000000
_EVERY_ADDRESS = (["link", "set", "lo", "up"], ["route", "add", "local", "0.0.0.0/0", "dev", "lo"],
                  ["-6", "route", "add", "local", "::/0", "dev", "lo"])


def enter_own_network():
    """From here on this process, and what it starts, has a network namespace of its own. "", or why it has not; to be
    called before there are threads."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        return f"no network of its own: {os.strerror(ctypes.get_errno())}"
    for command in _EVERY_ADDRESS:
        subprocess.run(["ip", *command], check=True)
    return ""


class Detour:
    """What comes to .port, on any address of the family, goes on to peer (address, port), one connection at a time."""

    def __init__(self, family, peer):
        self._peer = peer
        self._listener = socket.create_server(("", 0), family=family)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with near, socket.create_connection(self._peer) as far:
                back = threading.Thread(target=_pass, args=(far, near), daemon=True)
                back.start()
                _pass(near, far)
                back.join()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._listener.close()


def _pass(source, sink):
    """Until source has ended, or either is broken."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for broken in (source, sink):
            try:
                broken.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
