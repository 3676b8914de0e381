# SPDX-License-Identifier: GPL-2.0-or-later
"""A network and mount namespace of the test's own, for what loopback addresses cannot show: a name server, a network in
which packets get lost. The calling thread enters it, and with it all threads and processes that it starts from then on;
leaving it brings the thread back. Needs root."""

import contextlib
import ctypes
import functools
import os
import subprocess

import wire
from cases import Skipped
from kamailio import program
from run import Failed

CLONE_FS, CLONE_NEWNS, CLONE_NEWNET = 0x200, 0x20000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *args):
    if getattr(_libc, name)(*args) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


@contextlib.contextmanager
def namespace():
    """Inside of the block the thread is in namespaces of its own; its only interface is lo. PermissionError where that
    is not allowed."""
    folder = os.getcwd()
    with contextlib.ExitStack() as stack:
        root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, root)
        old = [stack.enter_context(open(f"/proc/thread-self/ns/{n}", "rb")) for n in ("net", "mnt")]
        _call("unshare", CLONE_NEWNET | CLONE_NEWNS)
        stack.callback(_leave, old, root, folder)
        with contextlib.suppress(OSError):  # in a chroot "/" is no mount point; there the host has seen to it
            _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        ip("link", "set", "lo", "up")
        if wire.watching:
            stack.enter_context(wire.watching.place("a network namespace"))
        yield


def setup(make):
    """A module's setup that calls make(run, stack) in a namespace; where that is not allowed nothing is made."""
    def enter(run, stack):
        try:
            stack.enter_context(namespace())
        except PermissionError:
            return None
        return make(run, stack)
    return enter


def inside(case):
    """For a case of such a module; behind it each process of the server must be there still."""
    @functools.wraps(case)
    def run(t):
        if t.made is None:
            raise Skipped("a network namespace takes root")
        case(t)
        t.made.cube.prove_alive()
    return run


def _leave(old, root, folder):
    _call("unshare", CLONE_FS)  # threads that were started inside share it, and may have outlived the block
    for file in old:
        _call("setns", file.fileno(), 0)
    os.fchdir(root)  # a mount namespace is entered at its own root: back into the chroot that this may be
    os.chroot(".")
    os.chdir(folder)


def ip(*argv):
    result = subprocess.run([program("ip"), *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        raise Failed(f"ip {' '.join(argv)}: {result.stdout.strip()}")


def lossy_network(address):
    """An interface with this address (a.b.c.d/n), behind which everything gets lost."""
    ip("link", "add", "lossy", "type", "veth", "peer", "name", "far-end")
    ip("address", "add", address, "dev", "lossy")
    ip("link", "set", "lossy", "arp", "off", "up")  # else the addresses behind it would be known to be unreachable
    ip("link", "set", "far-end", "up")


def replace_file(path, text, folder):
    """In this namespace path has another text; folder is for the file that has it."""
    new = folder / path.strip("/").replace("/", "-")
    new.write_text(text)
    _call("mount", str(new).encode(), os.path.realpath(path).encode(), None, MS_BIND, None)
