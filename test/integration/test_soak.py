# SPDX-License-Identifier: GPL-2.0-or-later
"""Half a minute of what `make soak` does for ten."""

import soak
from cases import limit

SECONDS, SECONDS_FULL = 25, 120


class Made:
    def __init__(self, run, stack):
        self.run, self.stack = run, stack


setup = Made


@limit(180)
def test_soak(t):
    """Calls, handshakes, reloads, clears, far ends that are killed and a CRL server that goes away, all at once: no call is
    lost, no process dies, shared memory is as before, and the counters add up."""
    soak.Soak(t.made.run, t.made.stack, SECONDS_FULL if t.full else SECONDS, t.say).run()
