# SPDX-License-Identifier: GPL-2.0-or-later
"""A storm of good and bad TLS clients on the port of a tenant.

On Debian 12 the stock tls module dies of a few bad handshakes, because its main process leaves OpenSSL's thread-locals
behind for every child. To see that this test finds it: take the lines ERR_clear_error() and OPENSSL_thread_stop() out
of cube_tls's child_init(), `make`, and run `test/integration/run --only storm`; it must fail within seconds."""

import collections
import time

import cube
from cases import check, equal, limit
from hostile import Client

CLIENTS = 12
SECONDS, SECONDS_FULL = 20, 60
WARM_UP = 3  # seconds: until each process has what it keeps
# What OpenSSL keeps for each process changes by a few words with the text of its last errors (16 of them, in buffers
# that it keeps); a single leaked SSL would be some 4 KB, and there would be thousands.
TOLERANCE = 4096

CONF = """sip-ua {{
    trusted-list = {{ "{block}.0/24" }}
}}
tls-profile 100 {{ trustpoint = "tenant100"  tls-version = "1.2+" }}
tls-profile 200 {{ trustpoint = "tenant200"  tls-version = "1.2+" }}
tenant 100 {{
    tls-profile   = 100
    listen-secure = "{cube}:5100"
}}
tenant 200 {{
    tls-profile   = 200
    listen-secure = "{cube}:5200"
}}
"""


class Made:
    def __init__(self, run, _stack):
        at = run.addresses.host()
        self.sources = [run.addresses.host() for _ in range(CLIENTS)]
        self.targets = [(at, 5100), (at, 5200)]
        conf = CONF.format(cube=at, block=run.addresses.block)
        self.cube = cube.Cube(run, conf + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")).start()

    def storm(self, seconds):
        """Returns (how often each kind was done, faults, seconds)."""
        began = time.monotonic()
        clients = [Client(i, s, self.targets, began + seconds) for i, s in enumerate(self.sources)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(seconds + 30)
        done = sum((c.done for c in clients), collections.Counter())
        faults = [f for c in clients for f in c.faults]
        faults += ["a client did not end" for c in clients if c.is_alive()]
        return done, faults, time.monotonic() - began


setup = Made


@limit(150)
def test_storm(t):
    """Every good client among bad ones gets its SIP answers, no process dies, and shared memory is as before."""
    seconds = t.seconds or (SECONDS_FULL if t.full else SECONDS)
    done, faults, _ = t.made.storm(WARM_UP)
    _judge(t, faults)
    t.made.cube.wait_no_connection()
    before = t.made.cube.memory()
    done, faults, took = t.made.storm(seconds)
    total = sum(done.values())
    for kind, count in sorted(done.items()):
        t.say(f"          {count:6d}  {kind}")
    t.say(f"          {total:6d}  in {took:.1f} s: {total / took:.0f} connections per second")
    _judge(t, faults)
    check(all(done.values()) and total > 20 * seconds, f"only {total} connections: {dict(done)}")
    t.made.cube.wait_no_connection()
    after = t.made.cube.memory()
    t.say(f"          shared memory in use: {before} before, {after} after")
    check(abs(after - before) <= TOLERANCE, f"shared memory in use was {before}, is {after} ({after - before:+.0f})")
    lines = t.made.cube.logged("CRITICAL")
    equal("CRITICAL lines in the log", lines[:3], [])


def _judge(t, faults):
    t.made.cube.prove_alive()
    check(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))
