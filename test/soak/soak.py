# SPDX-License-Identifier: GPL-2.0-or-later
"""The soak: calls, handshakes, reloads, clears, peers that are killed and a CRL server that goes away, all at once, for
as long as one likes; and what must hold at its end.

A call is lost when its caller gets no final answer, or a 408 or 5xx that no far end gave; a BYE in the same way, unless the
far end that answered was killed meanwhile. Nothing may be lost, whatever is cleared or killed."""

import collections
import random
import threading
import time

from binrpc import Fault
from cases import check
from hostile import Client
from run import Failed, wait_until
from tlsclient import refused, try_options
from world import OPEN, REVOKING, TENANTS, World

CALL_TIMEOUT = 40  # seconds: both far ends are silent, and then some
ENDS = ("done", "limited", "unserved", "conn-failed", "other", "identity", "certificate", "revoked", "revocation",
        "no-certificate", "cipher", "version", "server-name", "refused", "timeout", "closed")
# Each of some twenty processes that do handshakes keeps private keys of twenty tenants, of the last configurations that it
# has seen, with 1 to 2 KB each: how many at the end is chance, and 70 KB more or less were seen. A leaked configuration
# would be 0.3 MB, and there is one every second.
MEMORY = 20 * 20 * 1024
# What each kind of worker must have done at least once.
WORK = {"Caller": ("answered", "busy"), "Visitor": ("done", "refused"), "Reloader": ("reloads",), "Clearer": ("clears",),
        "Killer": ("kills",), "Breaker": ("times",)}


class Worker(threading.Thread):
    """Does step() until it is told to stop. faults: what must not be, in words."""

    def __init__(self, soak, pause=0.0, number=0):
        super().__init__(daemon=True)
        self.soak, self.world, self.pause, self.number = soak, soak.world, pause, number
        self.random, self.counts, self.faults = random.Random(f"{type(self).__name__} {number}"), collections.Counter(), []

    def run(self):
        while not self.soak.ended.wait(self.pause * self.random.uniform(0.5, 1.5)):
            self._guarded(self.step)
        self._guarded(self.last)

    def _guarded(self, act):
        try:
            act()
        except Exception as error:  # for the verdict
            self.faults.append(f"{type(self).__name__}: {error!r}")

    def last(self):
        """Leaves things as they were."""


class Caller(Worker):
    """One call after the other from the far end of a tenant to a number of any other."""

    def step(self):
        n, kind = self.random.randint(1, TENANTS), self.random.choice("00001145")
        peers = self.world.peers_of(n)
        before = peers.incarnation
        number = f"{n:02d}{kind}{self.random.randrange(10000):04d}"
        got = self.world.callers[self.number].call(self.world.target(self.number), number, self.random.choice((0, 0, 0.2)),
                                                   CALL_TIMEOUT)
        up = before == peers.incarnation and before % 2 == 0
        self.counts["tried"] += 1
        self.counts["slow"] += got.seconds > 4 and up
        wanted = 486 if kind == "4" else 200
        if got.status != wanted:
            self.counts["lost"] += 1
            self.faults.append(f"call from {self.number} to {number} at {time.strftime('%T')}: {got}, must be {wanted}")
            return
        self.counts["answered" if wanted == 200 else "busy"] += 1
        if wanted != 200:
            return
        at_second = got.by == self.world.second[n]
        self.counts["at the second far end"] += at_second
        if at_second and up and kind != "5":
            self.counts["at the second for a clear"] += 1
        if got.bye != 200 and (at_second or up):
            self.counts["BYE lost"] += 1
            self.faults.append(f"call from {self.number} to {number} at {time.strftime('%T')}: {got}: BYE")


class Visitor(Worker):
    """Clients with certificates of the CA that revokes, the good one and the revoked."""

    def __init__(self, soak, pause):
        super().__init__(soak, pause)
        self._good, self._revoked = self.world.of_ca("site"), self.world.of_ca("revoked")

    def step(self):
        n = self.random.choice(list(REVOKING))
        good, target = self.random.random() < 0.5, self.world.target(n)
        self.counts["tried"] += 1
        seen, _ = try_options(self._good if good else self._revoked, self.world.strangers[-1], target)
        if good and seen == "200":
            self.counts["done"] += 1
        elif not good and refused(seen):
            self.counts["refused"] += 1
        else:
            self.faults.append(f"a {'good' if good else 'revoked'} client of tenant {n} at {time.strftime('%T')}: {seen}")


class Reloader(Worker):
    """A new cube.conf each second."""

    def __init__(self, soak):
        super().__init__(soak, 1.0)
        self._rpc = self.world.cube.binrpc()

    def step(self):
        began = time.monotonic()
        self.world.cube.conf.write_text(self.world.config.write())
        answer = self._rpc.call("cube_tenant.reload")
        if answer["reload"] != "ok" or "wait for a restart" in answer:
            raise Failed(f"cube_tenant.reload: {answer}")
        self.counts["reloads"] += 1
        self.pause = max(0, 1 - (time.monotonic() - began))

    def last(self):
        self._rpc.close()


class Clearer(Worker):
    """Ends connections of callers and far ends, whatever happens on them at that moment."""

    def __init__(self, soak):
        super().__init__(soak, 0.1)
        self._rpc = self.world.cube.binrpc()

    def step(self):
        rows = [r for r in self._rpc.values("cube_tls.connections")
                if r["tenant"] not in OPEN and r["remote"].rpartition(":")[0] not in self.world.strangers]
        if not rows:
            return
        row = self.random.choice(rows)
        revoking = row["tenant"] in REVOKING  # a visitor's connection would go with the tenant's
        by = self.random.choice(("id", "target") if revoking else ("id", "id", "target", "tenant"))
        value = {"id": row["id"], "target": f"ipv4:{row['remote']}", "tenant": row["tenant"]}[by]
        try:
            self.counts["connections"] += self._rpc.call("cube_tls.clear", by, value)["cleared"]
            self.counts["clears"] += 1
        except Fault as fault:
            if fault.code not in (404, 409):  # it has gone meanwhile, or is only being made
                raise

    def last(self):
        self._rpc.close()


class Killer(Worker):
    """Kills the first far ends of some tenants, and starts them again."""

    def step(self):
        peers = self.random.choice(self.world.peers)
        peers.kill()
        self.counts["kills"] += 1
        self.soak.ended.wait(self.random.uniform(0.1, 3))
        peers.start()


class Breaker(Worker):
    """Has the CRL server go away and come back, and CRLs be fetched meanwhile."""

    def step(self):
        with self.world.cube.binrpc() as rpc:
            self.world.crl.stop()
            rpc.call("cube_tls.crl_request")
            self.soak.ended.wait(3)
            self.world.crl.start()
            rpc.call("cube_tls.crl_request")
        self.counts["times"] += 1


class Soak:
    def __init__(self, run, stack, seconds, say):
        self.seconds, self.say, self.ended = seconds, say, threading.Event()
        self.world = World(run, stack, seconds)

    def _load(self, seconds):
        """All of it for so long. Returns {kind of worker: counts} and all faults."""
        self.ended.clear()
        until = time.monotonic() + seconds
        workers = [Caller(self, 0.4, n) for n in range(1, TENANTS + 1)]
        workers += [Visitor(self, 0.1), Reloader(self), Clearer(self), Killer(self, 4.0), Breaker(self, 2.0)]
        targets = [self.world.target(n) for n in OPEN]
        storm = [Client(i, s, targets, until, 0.1) for i, s in enumerate(self.world.strangers[:-1])]
        for thread in workers + storm:
            thread.start()
        while time.monotonic() < until:
            time.sleep(min(60, max(0, until - time.monotonic())))
            calls = sum(w.counts["tried"] for w in workers if isinstance(w, Caller))
            faults = sum(len(w.faults) for w in workers + storm)
            self.say(f"          {max(0, until - time.monotonic()):.0f} s left, {calls} calls, {faults} faults")
        self.ended.set()
        for thread in workers + storm:
            thread.join(CALL_TIMEOUT + 60)
        counts = collections.defaultdict(collections.Counter)
        for worker in workers:
            counts[type(worker).__name__] += worker.counts
        for client in storm:
            counts["Client"] += client.done
        faults = [f for w in workers + storm for f in w.faults]
        return counts, faults + [f"{w} did not end" for w in workers + storm if w.is_alive()]

    def _quiet(self):
        """Ends all connections, until nobody makes new ones. Returns the shared memory in use without any."""
        with self.world.cube.binrpc() as rpc:
            wait_until(lambda: rpc.call("tm.stats")["current"] == 0, 60, "tm has freed all transactions", 0.5)
            wait_until(lambda: self._clear_all(rpc), 60, "nobody makes new connections", 1)
        self.world.cube.wait_no_connection(30)
        return self.world.cube.memory()

    @staticmethod
    def _clear_all(rpc):
        """Whether there was none."""
        for n in range(1, TENANTS + 1):
            try:
                rpc.call("cube_tls.clear", "tenant", n)
            except Fault:
                pass  # it has none
        return rpc.call("core.tcp_info")["opened_connections"] == 0

    def _sums(self):
        """Whether begun is what became of all connections. Returns (begun, the others' sum, faults)."""
        begun = ends = 0
        faults = []
        for key, counts in self.world.cube.counters().items():
            sum_of = sum(n for what, n in counts.items() if what in ENDS)
            begun, ends = begun + counts["begun"], ends + sum_of
            if sum_of != counts["begun"]:
                faults.append(f"counters of {key}: {counts['begun']} begun, {sum_of} accounted for: {counts}")
        return begun, ends, faults

    def warm_up(self):
        _, faults = self._load(min(30, max(5, self.seconds // 5)))
        check(not faults, f"{len(faults)} faults in the warm-up: " + "; ".join(faults[:3]))
        return self._quiet()

    def run(self):
        """Raises Failed unless all holds."""
        before = self.warm_up()
        counts, faults = self._load(self.seconds)
        after = self._quiet()
        begun, ends, wrong = self._sums()
        died = 0
        try:
            self.world.cube.prove_alive()
        except Failed as error:
            died, faults = 1, faults + [str(error)]
        if abs(after - before) > MEMORY:
            faults.append(f"shared memory in use was {before}, is {after} ({after - before:+.0f}, {MEMORY} are allowed)")
        faults += wrong + self.world.cube.logged("CRITICAL")[:3]
        faults += [f"{kind}: {what}: none" for kind, work in WORK.items() for what in work if not counts[kind][what]]
        self._table(counts, died, before, after, begun, ends)
        check(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))

    def _table(self, counts, died, before, after, begun, ends):
        calls, storm, visits = counts["Caller"], counts["Client"], counts["Visitor"]
        good = sum(n for kind, n in storm.items() if kind.startswith("good"))
        bad = sum(storm.values()) - good
        rows = [("calls tried", calls["tried"]), ("  answered", calls["answered"]), ("  busy, as they should", calls["busy"]),
                ("  lost", calls["lost"]), ("  their BYE lost", calls["BYE lost"]),
                ("  answered by the second far end", calls["at the second far end"]),
                ("    though the first was up", calls["at the second for a clear"]),
                ("  longer than 4 s, though the first was up", calls["slow"]),
                ("handshakes tried by clients of all kinds", good + bad + visits["tried"]),
                ("  done", good + visits["done"]), ("  refused or given up, as they should", bad + visits["refused"]),
                ("reloads", counts["Reloader"]["reloads"]), ("clears", counts["Clearer"]["clears"]),
                ("  connections cleared", counts["Clearer"]["connections"]), ("far ends killed", counts["Killer"]["kills"]),
                ("CRL server away", counts["Breaker"]["times"]), ("processes died", died),
                ("connections begun, by the counters", begun), ("  done, failed or refused, by the counters", ends),
                ("shared memory in use before", before), ("  after", after), ("  difference allowed", MEMORY)]
        for what, number in rows:
            self.say(f"          {what:<45} {number:>10}")
