# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers that are wrong in every way, one by one, in both roles: each is refused inside the handshake, with a TLS
alert, one line in the log with the reason, and one event of the right kind; no SIP byte passes; the next good peer is
served."""

import collections
import itertools
import re

import cube
import pki
from caller import Call, UdpLeg, knock
from cases import check, equal, limit, together
from farend import FarEnd
from kamailio import RpcError
from oddcerts import Cert, OddCerts
from openssl_cli import SClient, SServer, identity, offer
from run import wait_until
from suites import BY_IOS
from tlsclient import client_context, try_options

# Counters that say nothing of how a handshake ended.
TRAFFIC = ("begun", "remote-closed", "send-failed", "sent", "sent-bytes", "received", "received-bytes")
HOST = "peer.example"
REFUSAL_CPU = 0.5  # seconds; how long it takes depends on what else runs on the machine
CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
    connection-establish-tls = 5
}}
tls-cipher 1 {{ cipher = {{ "ECDHE_ECDSA_AES256_GCM_SHA384" }} }}
tls-profile 1 {{ trustpoint = "tenant100" }}
tls-profile 2 {{
    trustpoint      = "tenant100"
    cn-san-validate = "bidirectional"
    cn-san          = {{ "other.example", "*.peer.example", "ogw.example", "tgw.example" }}
}}
tls-profile 3 {{ trustpoint = "tenant100"  tls-version = "1.3"  curves = {{ "P-384" }} }}
tls-profile 4 {{ trustpoint = "tenant100"  tls-version = "1.2"  cipher = 1 }}
tls-profile 5 {{ trustpoint = "tenant100"  verify-trustpoint = {{ "tenant100", "listed" }} }}
"""
TENANT = """tenant {tag} {{
    tls-profile       = {tag}
    listen-secure     = "{at}:{port}"
    session-transport = "tcp tls"
}}
"""
EVENT = """event_route[cube:handshake-failed] {
	xlog("L_NOTICE", "event: tenant $cube(tenant) failure $cube(failure) of $si:$sp\\n");
}
"""
# cert: what the peer shows, None for nothing. tenant: by number. options: what it offers. reason: a pattern for the
# line in the log, role by role where they differ; None: in this role it cannot happen. failure: its class.
Wrong = collections.namedtuple("Wrong", "what cert tenant reason failure options", defaults=((),))


def known(name):
    return Cert(pki.cert(name), pki.key(name))


def verify(words):
    """The line of a certificate that is refused."""
    return rf"Reason: certificate verify failed, .*\({words}"


def wrong_peers(certs):
    """Each with a certificate that would do but for one thing."""
    leaf, ca = certs.leaf, certs.authority
    by_nobody, its = verify(".* comes from a CA that is not in the ca of"), verify("the peer's certificate ")
    of_ca = verify("a CA certificate of the peer's chain ")
    middle = ca("middle")
    below = leaf("below", middle)
    yield Wrong("its name is another one", leaf("name", san="DNS:wrong.example, DNS:a.b.peer.example"), 2,
                r"Peer certificate identity check failed - .*\(no name of the peer's certificate is .*wrong\.example",
                "identity")
    yield Wrong("its CA is another one", known("other"), 1, by_nobody, "certificate")
    yield Wrong("its chain has a root that is another one",
                certs.chain("root", known("other"), [known("other-ca")]), 1,
                of_ca + "is a root that is not in the ca of", "certificate")
    yield Wrong("it has expired", known("expired"), 1, its + "has expired", "certificate")
    yield Wrong("it is not valid yet", known("future"), 1, its + "is not valid before", "certificate")
    yield Wrong("it is for servers only", known("serveronly"), 1, (its + "lacks clientAuth", None), "certificate")
    yield Wrong("it is for clients only", known("clientonly"), 1, (None, its + "lacks serverAuth"), "certificate")
    yield Wrong("its key usage is another one",
                certs.issue("usage", f"keyUsage = critical, cRLSign\nsubjectAltName = DNS:{HOST}\n"), 1,
                its + "may not be used for TLS by its key usage", "certificate")
    yield Wrong("its intermediate CA is missing", below, 1, by_nobody, "certificate")
    # both have one key, else OpenSSL's tools would not send it
    yield Wrong("its chain begins with the CA", certs.chain("reversed", middle, [below]), 1,
                its + "may not be used for TLS by its key usage", "certificate")
    yield Wrong("it is self-signed", known("selfsigned"), 1, its + "is self-signed and not in the ca of", "certificate")
    for length in (11, 20):
        yield Wrong(f"its chain is {length} deep", certs.deep(f"deep{length}", length), 1,
                    verify(".* is at the end of a chain that is too long"), "certificate")
    yield Wrong("its chain is longer than its CA permits",
                certs.chain("short", leaf("short-leaf", ca("short-2", ca("short-1", pathlen=0))),
                            [Cert(certs.dir / f"short-{n}.pem", None) for n in (2, 1)]), 1,
                of_ca + ".*path length", "certificate")
    yield Wrong("it was issued by one that is no CA", certs.chain("no-ca", leaf("no-ca-leaf", leaf("no-ca-issuer")),
                                                                  [Cert(certs.dir / "no-ca-issuer.pem", None)]), 1,
                of_ca + "(is no CA certificate|may not issue)", "certificate")
    limited = ca("limited", more="nameConstraints = critical, permitted;DNS:elsewhere.example\n")
    yield Wrong("its CA may not issue its name", certs.chain("limits", leaf("limits-leaf", limited), [limited]), 1,
                its + "has a name that its CA is not permitted to issue", "certificate")
    yield Wrong("its signature is wrong", certs.falsified("falsified"), 1, its + "has a signature that is wrong",
                "certificate")
    yield Wrong("its signature is made with SHA-1", leaf("sha1", digest="sha1"), 1,
                its + "is signed with a digest that is too weak", "certificate")
    yield Wrong("its key is too small", leaf("small", kind="rsa1024"), 1, its + "has a key that is too small",
                "certificate")
    yield Wrong("it has a critical extension that nobody knows",
                leaf("critical", more="1.2.3.4 = critical, DER:0500\n"), 1, its + "has a critical extension that is not understood", "certificate")
    yield Wrong("its chain has 1 MB", certs.chain("huge", leaf("huge-leaf"), [certs.ca] * 2000), 1,
                "Reason: excessive message size,", "other")
    yield Wrong("it has 10,000 names", certs.many_names("names", 10000, "host{0}.elsewhere.example"), 2,
                "Reason: excessive message size,", "other")
    yield Wrong("it has 10,000 short names", certs.many_names("short-names", 10000, "{0}.c"), 2,
                r"Peer certificate identity check failed - .*\(no name of the peer's certificate is ", "identity")
    yield Wrong("it has none", None, 1, ("Reason: peer did not return a certificate,", None), "no-certificate")
    good, alert = leaf("good"), "Reason: (sslv3|ssl/tls) alert handshake failure,"
    yield Wrong("its version is another one", good, 3,
                ("TLS handshake failure, Reason: unsupported protocol,",
                 "TLS handshake failure, Reason: (tlsv1 alert protocol version|unsupported protocol),"), "version",
                offer("1.2"))
    yield Wrong("its cipher is another one", good, 4,
                ("Reason: no shared cipher,", alert), ("cipher", "refused"),
                offer("1.2", [BY_IOS["ECDHE_ECDSA_AES128_GCM_SHA256"]]))
    yield Wrong("its curve is another one", good, 3,
                ("Reason: (no suitable key share|no shared groups?),", alert), ("cipher", "refused"), offer("1.3", None, ["P-256"]))


def right_peers(certs):
    """What is unusual, and right: (what, certificate, tenant)."""
    leaf, ca = certs.leaf, certs.authority
    upper = ca("upper")
    lower = ca("lower", upper)
    yield "its chain has as many CAs as there may be", certs.deep("ten", 10), 1
    yield "its chain is in another order", certs.chain("order", leaf("order-leaf", lower), [upper, lower]), 1
    yield ("its chain has its root, and a stranger",
           certs.chain("more", leaf("more-leaf"), [known("other"), certs.ca]), 1)
    yield "it may be used for anything", certs.issue("any", f"subjectAltName = DNS:{HOST}\n"), 1
    yield "its CA may issue its name", certs.chain(
        "permitted", leaf("permitted-leaf", ca("permits", more=f"nameConstraints = critical, permitted;DNS:{HOST}\n")),
        [Cert(certs.dir / "permits.pem", None)]), 1
    yield "it has many names, one of them the right one", certs.many_names("among", 5000, "{0}.peer.example"), 2
    yield "it is self-signed, and listed", known("selfsigned"), 5


def by_role(value, role):
    return value[role == "client"] if isinstance(value, tuple) else value


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "peer", "friend", "far", "good")}
        odd = OddCerts(run.dir / "odd", HOST)
        self.wrong, self.right = list(wrong_peers(odd)), list(right_peers(odd))
        self.ports, self.told_so_far = itertools.count(20000), collections.Counter()
        self.good = FarEnd(self.at["good"], 5061)
        stack.callback(self.good.close)
        text = CONF.format(block=run.addresses.block, **self.at) + cube.trustpoint("tenant100")
        text += "".join(TENANT.format(tag=n, at=self.at["cube"], port=5100 + n) for n in range(1, 6))
        text += f'trustpoint "listed" {{ ca = "{pki.cert("selfsigned")}" }}\n'
        for number, (_, _, tenant) in enumerate(self.right, len(self.wrong)):
            text += cube.dial_peer(100 + 2 * number, tenant, 1000 + number, "ipv4:%s:%d" % self.far(number))
        for number, wrong in enumerate(self.wrong):
            for preference, at in enumerate((self.far(number), (self.at["good"], 5061))):
                text += cube.dial_peer(100 + 2 * number + preference, wrong.tenant, 1000 + number, "ipv4:%s:%d" % at,
                                       preference)
        script = cube.script(run)
        script.write_text(script.read_text() + EVENT)
        self.cube = cube.Cube(run, text, config=script).start()

    def far(self, number):
        return self.at["far"], 6000 + number

    def tenant(self, number):
        return self.at["cube"], 5100 + number

    def each(self, role):
        """The number and the peer of each that can be in the other role."""
        return [(n, w) for n, w in enumerate(self.wrong) if by_role(w.reason, role) is not None]

    def serve_good(self, tenant):
        answer, _ = try_options(client_context("ogw"), self.at["friend"], self.tenant(tenant))
        return answer

    def lines(self, remote, words):
        address, port = remote.split(":")
        forms = (f"remote address : {remote},", f"remote_addr={address}, remote_port={port},", f"of {remote} ")
        return [x for x in self.cube.logged(words) if any(f in x + " " for f in forms)]

    def told(self, wrong, role, remote):
        """One line, one event, both right."""
        lines = wait_until(lambda: self.lines(remote, "%SIP-2-TLS_HANDSHAKE_FAILED"), 10,
                           f"{wrong.what}: the server logs the failed handshake with {remote}")
        wait_until(lambda: self.lines(remote, "event: "), 5, f"{wrong.what}: the event of the failed handshake")
        events = self.lines(remote, "event: ")
        equal(f"{wrong.what}: lines and events", (len(lines), len(events)), (1, 1))
        check(re.search(by_role(wrong.reason, role), lines[0]),
              f"{wrong.what}: the line must say '{by_role(wrong.reason, role)}', is {lines[0]}")
        check(f"tenant={wrong.tenant}," in lines[0], f"{wrong.what}: tenant {wrong.tenant} is not in {lines[0]}")
        failure = events[0].split(" failure ")[1].split()[0]
        equal(f"{wrong.what}: class of the failure", failure, by_role(wrong.failure, role))
        self.told_so_far[wrong.tenant, role, failure] += 1

    def established(self, what, remote):
        """Waits for the connection with remote."""
        def is_there():
            return any(r["remote"] == remote and r["state"] == "established" for r in self.cube.connections())
        wait_until(is_there, 5, f"{what}: the connection with {remote} is established")

    def no_other_errors(self):
        """Nothing else went wrong, and nothing else was said of this."""
        self.cube.prove_alive()
        errors = [x for x in self.cube.log() if " ERROR: " in x or " CRITICAL: " in x]
        others = [x for x in errors if "%SIP-2-TLS_HANDSHAKE_FAILED" not in x]
        equal("other lines with ERROR in the log", others[:3], [])
        equal("lines with ERROR in the log", len(errors), sum(self.told_so_far.values()))
        counted = {(*key, what): n for key, counts in self.cube.counters().items() for what, n in counts.items()}
        failures = {key: n for key, n in counted.items() if key[2] not in ("done", *TRAFFIC)}
        equal("failures counted", failures, dict(self.told_so_far))


setup = Made


def shown(wrong):
    return [*(identity(wrong.cert.pem, wrong.cert.key, wrong.cert.rest) if wrong.cert else ()),
            *(wrong.options or offer())]


def heard_alert(peer, wrong):
    """Or may not have: who is still sending when the connection ends does not get to read what came before."""
    long = len(wrong.cert.pem.read_bytes()) > 10000 or wrong.cert.rest is not None if wrong.cert else False
    return long or any("alert" in words for words in peer.errors())


@limit(90)
def test_clients(t):
    """Wrong clients, by TLS 1.2 and 1.3, each followed by a good one."""
    for (_, wrong), version in itertools.product(t.made.each("server"), ("1.2", "1.3")):
        if wrong.options and version == "1.3":
            continue
        used = t.made.cube.cpu()
        with SClient((t.made.at["peer"], next(t.made.ports)), t.made.tenant(wrong.tenant),
                     shown(wrong) + ([] if wrong.options else offer(version)[:1])) as peer:
            text = peer.refused(f"{wrong.what}, TLS {version}")
        check(heard_alert(peer, wrong), f"{wrong.what}, TLS {version}: it must get an alert, says {text.strip()}")
        t.made.told(wrong, "server", peer.local)
        used = t.made.cube.cpu() - used
        check(used < REFUSAL_CPU, f"{wrong.what}: it took {used:.2f} s of CPU to refuse it")
        equal(f"{wrong.what}: OPTIONS of the next peer", t.made.serve_good(1), "200")
    t.made.no_other_errors()


@limit(90)
def test_far_ends(t):
    """Wrong far ends: the call goes on to the next dial-peer, whose far end is good."""
    def call(number, wrong):
        leg = UdpLeg(t.made.at["friend"], (t.made.at["cube"], 5060))
        with SServer(t.made.far(number), shown(wrong)) as peer:
            call = Call(leg, str(1000 + number))
            equal(f"{wrong.what}: INVITE", call.invite(25), 200)
            equal(f"{wrong.what}: BYE", call.bye(), 200)
            text = peer.finish()
        leg.close()
        check("INVITE sip:" not in text, f"{wrong.what}: the far end was sent SIP: {text.strip()}")
        t.made.good.where(call.call_id)
        # what it cannot negotiate the far end sees itself
        check(heard_alert(peer, wrong) or wrong.options and peer.errors(),
              f"{wrong.what}: the far end must get an alert, says {text.strip()}")
        t.made.told(wrong, "client", "%s:%d" % t.made.far(number))

    together(lambda a: call(*a), [(n, w) for n, w in t.made.each("client")])
    t.made.no_other_errors()


def test_right_peers(t):
    """Peers that are unusual, but right, are served in both roles."""
    for number, (what, cert, tenant) in enumerate(t.made.right, len(t.made.wrong)):
        known_by = [*identity(cert.pem, cert.key, cert.rest), *offer("1.2")]
        with SClient((t.made.at["peer"], next(t.made.ports)), t.made.tenant(tenant), known_by) as peer:
            t.made.established(what, peer.local)
        with SServer(t.made.far(number), known_by) as peer:
            knock(t.made.at["friend"], (t.made.at["cube"], 5060), str(1000 + number))
            t.made.established(what, "%s:%d" % t.made.far(number))
    t.made.no_other_errors()


def test_counted(t):
    """What several processes count at the same time adds up, handshake by handshake; a tenant that is not there is
    named."""
    before = t.made.cube.counters("4").get((4, "server"), {})
    good, nobody = client_context("ogw", "1.2", "1.2"), client_context(None, "1.2", "1.2")

    def some(context):
        for _ in range(60):
            try_options(context, t.made.at["friend"], t.made.tenant(1))

    start = t.made.cube.counters("1")[1, "server"]
    together(some, [good, nobody] * 4)
    now = t.made.cube.counters("1")[1, "server"]
    more = {what: n - start.get(what, 0) for what, n in now.items() if n != start.get(what, 0) and what not in TRAFFIC}
    equal("counted", more, {"done": 240, "no-certificate": 240})
    equal("begun", now["begun"] - start["begun"], 480)
    equal("counted for another tenant", t.made.cube.counters("4").get((4, "server"), {}), before)
    try:
        t.made.cube.kamcmd("cube_tls.counters", 77)
    except RpcError as error:
        check("cube.conf has no tenant 77" in str(error), f"the fault must name it, says {error}")
    else:
        check(False, "cube_tls.counters of a tenant that is not there must be a fault")
    t.made.told_so_far[1, "server", "no-certificate"] += 240
    t.made.no_other_errors()
