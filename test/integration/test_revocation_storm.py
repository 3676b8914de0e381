# SPDX-License-Identifier: GPL-2.0-or-later
"""A storm of peers, good ones, revoked ones and ones that the responder does not know, in both roles, while the CRL changes,
the responder goes and comes, and the configuration is reloaded."""

import collections
import contextlib
import itertools
import random
import threading
import time

import netns
from ca import Ca
from caller import Call, UdpLeg
from cases import check, equal, limit
from responder import Responder
from run import Failed, wait_until
from tlsclient import refused, try_options
from trunks import Trunks
from webserver import WebServer

SECONDS, SECONDS_FULL = 6, 60
CLIENTS, NEW = 6, 40  # NEW: certificates that nobody has seen before the storm
# What a peer may meet: the CRL is always there, the responder is not, but its word is kept. True: accepted.
MUST = {("crl", "good"): {True}, ("crl", "bad"): {False}, ("crl", "lost"): {True}, ("crl", "new"): {True},
        ("ocsp", "good"): {True}, ("ocsp", "bad"): {False}, ("ocsp", "lost"): {False}, ("ocsp", "new"): {True, False},
        ("both", "good"): {True}, ("both", "bad"): {False}, ("both", "lost"): {True}, ("both", "new"): {True}}


class Made:
    def __init__(self, run, stack):
        with contextlib.suppress(PermissionError):
            stack.enter_context(netns.namespace())
        self.run, self.ca, self.web = run, Ca(run.dir, "ca"), WebServer(run, stack)
        self.responder = Responder(run, self.ca, self.web.host)
        self.trunks = Trunks(run)
        for name, lines in (("crl", '"crl"'), ("ocsp", '"ocsp"'), ("both", '{ "ocsp", "crl" }')):
            self.trunks.tenant(name, self.ca, "revocation-check = " + lines)
        self.certs = {name: [self.issue(name)] for name in ("good", "bad", "lost")}
        self.certs["new"] = [self.issue(f"new-{n}") for n in range(NEW)]
        self.ca.revoke(self.certs["bad"][0])
        self.ca.forget(self.certs["lost"][0])
        self.responder.renew()
        self.web.pages["crl"] = self.ca.crl()
        self.far = {name: self.trunks.far_end(stack, self.certs[name][0]) for name in ("good", "bad")}
        self.numbers = {(tenant, name): self.trunks.target(tenant, (far.host, far.port))
                        for name, far in self.far.items() for tenant in ("crl", "both")}
        self.trunks.start()
        for tenant, (name, (cert, *_)) in itertools.product(("crl", "ocsp"), self.certs.items()):
            if name != "new":
                self.trunks.enter(cert, tenant)
        self.seen, self.faults, self.over = [], [], threading.Event()

    def issue(self, name):
        return self.ca.issue(name, self.web.url("crl"), self.responder.url)


setup = Made


def clients(made, number):
    """One peer after the other, without a pause. made.seen has who was accepted where."""
    chance = random.Random(number)
    while not made.over.is_set():
        tenant, name = chance.choice(list(MUST))
        cert, version = chance.choice(made.certs[name]), chance.choice(("1.2", "1.3"))
        context = made.trunks.context(cert, version)
        what, _ = try_options(context, made.trunks.at["peer"], made.trunks.port(tenant))
        if what != "200" and not refused(what):
            made.faults.append(f"{tenant}, {name}: {what}")
        made.seen.append((tenant, "server", name, what == "200"))


def servers(made):
    """Calls to peers, each on a connection of its own."""
    leg = UdpLeg(made.trunks.at["peer"], (made.trunks.at["cube"], 5060))
    for tenant, name in itertools.cycle(made.numbers):
        if made.over.is_set():
            break
        call = Call(leg, made.numbers[tenant, name])
        status = call.invite()
        if status == 200:
            # An ACK that a worker sends after the connection's end would open one that nobody counts.
            made.far[name].where(call.call_id, "ACK", 10)
            call.bye()
        made.seen.append((tenant, "client", name, status == 200))
        far = made.far[name]
        far.close_all()
        wait_until(lambda t=tenant, at=far.at: at not in made.trunks.connections(t), 10, f"the connection with {far.at} has ended")
    leg.close()


def publish(made):
    """A new CRL, ever longer, all the time."""
    for number in itertools.count(1):
        if made.over.wait(0.4):
            break
        made.web.pages["crl"] = made.ca.long_crl(range(2**100, 2**100 + 50 * number))
        made.trunks.fetch()


def come_and_go(made):
    while not made.over.wait(0.5):
        made.responder.stop()
        made.over.wait(0.5)
        made.responder.start()


def reload(made):
    for number in itertools.count(1):
        if made.over.wait(0.7):
            break
        made.trunks.cube.conf.write_text(made.trunks.text + f'trustpoint "spare{number}" {{ ca = "{made.ca.pem}" }}\n')
        made.trunks.cube.kamcmd("cube_tenant.reload")


@limit(90)
def test_storm(t):
    """Who must be accepted is, who must not is not, nobody's process dies, and the counters add up."""
    made, counted = t.made, t.made.trunks.cube.ends()

    def guarded(function, *args):
        try:
            function(made, *args)
        except Exception as error:  # for the verdict
            made.faults.append(f"{function.__name__}: {error}")

    work = [(clients, n) for n in range(CLIENTS)] + [(servers,), (publish,), (come_and_go,), (reload,)]
    threads = [threading.Thread(target=guarded, args=args, daemon=True) for args in work]
    for thread in threads:
        thread.start()
    time.sleep(t.seconds or (SECONDS_FULL if t.full else SECONDS))
    made.over.set()
    for thread in threads:
        thread.join(20)
    made.faults += [f"{thread} has not ended" for thread in threads if thread.is_alive()]
    check(not made.faults, f"{len(made.faults)} faults: " + "; ".join(made.faults[:4]))
    _judge(t, counted)
    made.trunks.cube.prove_alive()
    equal("CRITICAL lines in the log", made.trunks.cube.logged("CRITICAL")[:3], [])


def _judge(t, before):
    made, sums = t.made, collections.defaultdict(collections.Counter)
    for (tenant, role, name, accepted), count in sorted(collections.Counter(made.seen).items()):
        t.say(f"          {count:6d}  {tenant}, {'client' if role == 'server' else 'server'} {name}: "
              f"{'accepted' if accepted else 'refused'}")
        check(accepted in MUST[tenant, name], f"{tenant}, {name}: {count} times {'accepted' if accepted else 'refused'}")
        sums[made.trunks.tags[tenant], role]["done" if accepted else "refused"] += count
    equal("never tried", set(MUST) - {key[::2] for key in made.seen}, set())
    wanted = {key: (counts["done"], counts["refused"]) for key, counts in sums.items()}
    seen = {}

    def add_up():
        """A peer hears of its refusal a moment before it is counted."""
        for key, counts in made.trunks.cube.ends().items():
            seen[key] = {k: n - before.get(key, {}).get(k, 0) for k, n in counts.items()}
        return all(_sums(seen[key]) == wanted[key] for key in wanted)

    with contextlib.suppress(Failed):
        wait_until(add_up, 5, "the counters add up")
    equal("counters", {key: _sums(seen[key]) for key in wanted}, wanted)
    strange = {k for key in wanted for k, n in seen[key].items() if n} - {"done", "resumed", "revoked", "revocation"}
    equal("other counters", strange, set())


def _sums(counts):
    return counts.get("done", 0), counts.get("revoked", 0) + counts.get("revocation", 0)
