# SPDX-License-Identifier: GPL-2.0-or-later
"""Which addresses processes have, as the kernel says."""

import contextlib
import pathlib
import socket


def sockets(pids):
    """(host, port) of what processes listen on or are bound to for UDP, in their network namespace."""
    found, inodes = set(), set()
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    inodes.add(str(fd.readlink()))
    for table in ("udp", "udp6", "tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pids[0]}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if f"socket:[{fields[9]}]" in inodes and fields[3] in ("07", "0A"):  # unconnected UDP, listening TCP
                    found.add(_address(fields[1]))
    return found


def _address(text):
    host, port = text.split(":")
    raw = b"".join(bytes.fromhex(host[i:i + 8])[::-1] for i in range(0, len(host), 8))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw), int(port, 16)
