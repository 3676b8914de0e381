# SPDX-License-Identifier: GPL-2.0-or-later
"""Version x cipher x key type x role, by real handshakes with OpenSSL's own client and server; and sslscan's view of
each port. What the peer says was negotiated, what cube_tls.connections says, and what cube.conf says must be one.

Each kind of key and each tls-version setting has a tenant with all ciphers that they permit, and one with some."""

import concurrent.futures
import itertools
import re

import cube
import suites
from binrpc import Fault
from caller import knock
from cases import check, equal, limit
from matrix import CIPHER, HYBRID, TENANT, tenants
from openssl_cli import SClient, SServer, identity, offer
from run import Failed, wait_until
from sslscan import Scan
from suites import KEYS, SETTINGS, SUITES, VERSIONS, fits, pairs

AT_ONCE = 3  # handshakes
CALLS = 60  # targets of each tenant, at ports from FAR_PORT on
FAR_PORT = 20000

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
    connection-establish-tls = 5
}}
"""

GROUPS = ("X25519", "P-256", "P-384", "P-521")
# what OpenSSL's tools also call them
CURVE_NAMES = {"x25519": "X25519", "secp256r1": "P-256", "prime256v1": "P-256", "secp384r1": "P-384",
               "secp521r1": "P-521"}


class Made:
    def __init__(self, run, _stack):
        self.run = run
        self.cube_at, self.source, self.far_at = (run.addresses.host() for _ in range(3))
        self.all, self.some, self.lists, self.curves = tenants(self.cube_at)
        self.tenants = self.all + self.some + self.lists + self.curves
        self._numbers, self._ports = {x.tag: itertools.count() for x in self.tenants}, itertools.count(20000)
        text = CONF.format(cube=self.cube_at, block=run.addresses.block)
        text += "".join(cube.trustpoint(own) for own in sorted({own for _, own, _ in KEYS.values()}))
        for tenant in self.tenants:
            text += tenant.text()
            for n in range(CALLS):
                tag = tenant.tag * CALLS + n
                text += cube.dial_peer(tag, tenant.tag, f"{tag:05d}", f"ipv4:{self.far_at}:{FAR_PORT + tag}")
        self.cube = cube.Cube(run, text).start()

    def port(self):
        """One that no other connection of this run comes from."""
        return next(self._ports)

    def call(self, tenant):
        """Makes the server connect to a target of this tenant that it never connected to. Returns a function that does
        so, and the target's (address, port)."""
        n = next(self._numbers[tenant.tag])
        if n >= CALLS:
            raise Failed(f"{tenant.name} has no target left")
        number = tenant.tag * CALLS + n

        def go():
            knock(self.source, (self.cube_at, 5060), f"{number:05d}")
        return go, (self.far_at, FAR_PORT + number)

    def row(self, peer, remote):
        """The row of an established connection in cube_tls.connections; None when the peer ended first."""
        def find():
            with self.cube.binrpc() as rpc:
                rows = [r for r in rpc.values("cube_tls.connections")
                        if r["remote"] == remote and r["state"] == "established"]
            return rows or peer.ended()
        rows = wait_until(find, 10, f"the connection with {remote} is made or refused", 0.005)
        return None if rows is True else rows[0]


setup = Made


def each(function, arguments):
    """function(*argument) for all of them, a few at a time; all failures in one."""
    faults = []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for job in [pool.submit(function, *a) for a in arguments]:
            try:
                job.result()
            except Failed as error:
                faults.append(str(error))
    check(not faults, f"{len(faults)} of {len(arguments)}: " + "; ".join(faults[:10]))
    return len(arguments)


def same(what, tenant, row, role, peer, version, suite):
    """What was negotiated, as the peer says, as the server says, and as it must be."""
    wanted = ("TLSv1" if version == "1.0" else f"TLSv{version}", suite.openssl)
    equal(f"{what}: negotiated, as the peer says", peer.negotiated(), wanted)
    equal(f"{what}: cube_tls.connections", (row["tenant"], row["role"], row["version"], row["cipher"]),
          (tenant.tag, role, *wanted))


# ---- the server's role


def client(made, tenant, options):
    """A client with a certificate of each kind in turn. Where curves are given they are those of certificates, too, as
    far as TLS 1.2 goes: an RSA one."""
    port = made.port()
    shown = "ogw" if tenant.curves else list(KEYS.values())[port % len(KEYS)][2]
    return SClient((made.source, port), tenant.at, [*identity(shown), *options])


def serves(made, tenant, version, suite, offered=None):
    """A client that offers this version and suite, or several of which this is the tenant's first, gets it."""
    what = f"{tenant.name}, TLS {version}, client offers {suite.openssl if offered is None else 'everything'}"
    with client(made, tenant, offer(version, offered or [suite])) as peer:
        row = made.row(peer, peer.local)
        check(row is not None, f"{what}: refused: {peer.finish().strip()}")
        peer.finish()
    same(what, tenant, row, "server", peer, version, suite)
    check(tenant.own in peer.said("Peer certificate"), f"{what}: certificate {peer.said('Peer certificate')}")


def refuses(made, tenant, version, suite, reasons, groups=None):
    """A client that offers this, and nothing else, is refused, for one of these reasons."""
    what = f"{tenant.name}, TLS {version}, client offers {suite.openssl if suite else 'everything'} {groups or ''}"
    with client(made, tenant, offer(version, [suite] if suite else None, groups)) as peer:
        text = peer.finish()
    check(peer.errors() and peer.negotiated()[0] == "", f"{what}: must be refused, is: {text.strip()}")
    logs_once(made, what, peer.local, reasons)


# A client of a lower version is told so; one of a higher version is offered ours, and tells us, in its own version.
OTHER_VERSION = "unsupported protocol|tlsv1 alert protocol version|wrong version number"
OTHER_CIPHER = "no shared cipher"
OTHER_GROUP = "no shared cipher|no suitable key share|no shared groups?"


def logs_once(made, what, remote, reasons):
    """There is one line, no more, about the failed handshake with this peer; it gives one of the reasons."""
    def find():
        return [x for x in made.cube.logged("%SIP-2-TLS_HANDSHAKE_FAILED") if f"remote address : {remote}," in x]
    lines = wait_until(find, 5, f"{what}: the server logs the failed handshake with {remote}")
    equal(f"{what}: lines in the log", len(lines), 1)
    check(re.search(f"Reason: ({reasons}),", lines[0]), f"{what}: the log must say {reasons}, says {lines[0]}")


@limit(90)
def test_server(t):
    """As server, each tenant serves each version and cipher that it has for its kind of key, and no other version."""
    made = t.made
    good = [(made, x, v, s) for x in made.all + made.lists for v, s in pairs(x.served, x.versions)]
    bad = [(made, x, v, None, OTHER_VERSION) for x in made.all for v in VERSIONS if v not in x.versions]
    t.say(f"          {each(serves, good)} handshakes succeeded, {each(refuses, bad)} were refused")
    made.cube.prove_alive()


def test_server_ciphers(t):
    """As server, a tenant refuses each cipher that its list has not."""
    made, bad = t.made, []
    for tenant in made.some + (made.lists if t.full else []):
        bad += [(made, tenant, v, s, OTHER_CIPHER) for v, s in pairs(SUITES, tenant.versions)
                if not tenant.has(v, s) and (t.full or fits(s, tenant.kind))]
    t.say(f"          {each(refuses, bad)} were refused")
    made.cube.prove_alive()


def test_server_order(t):
    """As server, a tenant takes the first of its own list, whatever the client's order."""
    made = t.made
    cases = [(made, x, v, x.first(v), [s for s in SUITES if v in s.versions][::d])
             for x in made.all + made.some + made.lists for v in x.versions for d in (1, -1)]
    t.say(f"          {each(serves, cases)} handshakes")


@limit(90)
def test_server_curves(t):
    """As server, a tenant uses the curves that it has and no other; with TLS 1.2, the first of its own list."""
    made, good, bad = t.made, [], []
    for tenant in made.curves:
        if tenant.curves == [HYBRID]:
            good.append((made, tenant, "1.3", tenant.suites[0], [HYBRID, "X25519"], [HYBRID]))
            bad += [(made, tenant, "1.3", tenant.suites[0], OTHER_GROUP, [group]) for group in GROUPS]
    for tenant, (version, suite) in itertools.product(nist(made), pairs(made.curves[0].suites, ("1.2", "1.3"))):
        for group in GROUPS:
            if group in tenant.curves:
                good.append((made, tenant, version, suite, [group], [group]))
            else:
                bad.append((made, tenant, version, suite, OTHER_GROUP, [group]))
        for groups in (GROUPS, GROUPS[::-1]):
            # a TLS 1.3 client sends a key for the first of its groups: a server that has this one too takes it
            of_client = [groups[0]] if groups[0] in tenant.curves else tenant.curves
            good.append((made, tenant, version, suite, groups, tenant.curves[:1] if version == "1.2" else of_client))
    t.say(f"          {each(agrees_on, good)} handshakes succeeded, {each(refuses, bad)} were refused")
    made.cube.prove_alive()


def nist(made):
    """The tenants with curves that every OpenSSL has."""
    return [x for x in made.curves if x.curves != [HYBRID]]


def agrees_on(made, tenant, version, suite, groups, wanted):
    what = f"{tenant.name}, TLS {version}, client offers {', '.join(groups)}"
    with client(made, tenant, offer(version, [suite], groups)) as peer:
        row = made.row(peer, peer.local)
        check(row is not None, f"{what}: refused: {peer.finish().strip()}")
        peer.finish()
    same(what, tenant, row, "server", peer, version, suite)
    group = CURVE_NAMES.get(peer.group(), peer.group())
    check(group in wanted, f"{what}: the group is {group}, must be {' or '.join(wanted)}")


def sslscan(tenant):
    scan, versions = Scan(tenant.at, groups=bool(tenant.curves)), sorted(tenant.versions)
    if tenant.curves == ["X25519"]:
        versions.remove("1.2")  # its own ClientHello for this question has NIST curves alone
    equal(f"{tenant.name}: versions, by sslscan", sorted(scan.versions), versions)
    equal(f"{tenant.name}: SSL versions, by sslscan", scan.others, [])
    for version in versions:
        equal(f"{tenant.name}: ciphers of TLS {version}, by sslscan", scan.ciphers.get(version, []),
              [s.openssl for s in tenant.served if version in s.versions])
    if tenant.curves:
        equal(f"{tenant.name}: groups of TLS 1.3, by sslscan", scan.groups["1.3"], set(tenant.curves))


@limit(90)
def test_sslscan(t):
    """sslscan's view of each tenant's port: versions, ciphers in their order, and groups are those of cube.conf."""
    t.say(f"          {each(sslscan, [(x,) for x in t.made.all + t.made.some + t.made.lists + nist(t.made)])} ports")
    t.made.cube.prove_alive()


# ---- the client's role


def server(at, key, options):
    return SServer(at, [*identity(key), *options])


def far_key(tenant, suite):
    """The far end's certificate: of our kind of key where the suite leaves the choice."""
    return tenant.far if fits(suite, tenant.kind) else next(f for k, _, f in KEYS.values() if k == suite.key)


def connects(made, tenant, version, suite):
    """To a far end that has this version and this suite alone, the server connects with it."""
    what = f"{tenant.name}, TLS {version}, far end has {suite.openssl}"
    go, at = made.call(tenant)
    with server(at, far_key(tenant, suite), offer(version, [suite])) as peer:
        go()
        row = made.row(peer, "%s:%d" % at)
        check(row is not None, f"{what}: refused: {peer.finish().strip()}")
        peer.finish()
    same(what, tenant, row, "client", peer, version, suite)
    check(tenant.own in peer.said("Peer certificate"), f"{what}: certificate {peer.said('Peer certificate')}")
    hello = peer.said("Client cipher list").removesuffix(":TLS_EMPTY_RENEGOTIATION_INFO_SCSV").split(":")
    equal(f"{what}: what the server offers", hello, [s.openssl for s in tenant.offered()])
    if tenant.curves:
        groups = peer.said("Supported groups").split(":")
        equal(f"{what}: groups that the server offers", [CURVE_NAMES.get(g, g) for g in groups], tenant.curves)


# The far end says so, or offers what was not asked for.
GIVEN_UP = ("tlsv1 alert protocol version|unsupported protocol|sslv3 alert handshake failure|ssl/tls alert handshake "
            "failure")


def gives_up(made, tenant, version, suite):
    """To a far end that has only this, the server does not connect."""
    what = f"{tenant.name}, TLS {version}, far end has {suite.openssl}"
    go, at = made.call(tenant)
    with server(at, far_key(tenant, suite), offer(version, [suite])) as peer:
        go()
        row = made.row(peer, "%s:%d" % at)
        check(row is None, f"{what}: connected: {row}")
        text = peer.finish()
    check(peer.errors() and not peer.negotiated()[0], f"{what}: the far end says {text.strip()}")
    logs_once(made, what, "%s:%d" % at, GIVEN_UP)


@limit(90)
def test_client(t):
    """As client, each tenant connects with each version and cipher that it has, and offers them in its own order."""
    made = t.made
    good = [(made, x, v, s) for x in made.all + made.lists + made.curves
            for v, s in pairs(x.suites, SETTINGS[x.setting])]
    t.say(f"          {each(connects, good)} handshakes")
    made.cube.prove_alive()


@limit(90)
def test_client_refuses(t):
    """As client, a tenant does not connect with a version or a cipher that it has not."""
    made, bad = t.made, []
    for tenant in made.all + made.some:
        missing = [(v, s) for v in VERSIONS for s in SUITES if v in s.versions and fits(s, tenant.kind)
                   and not (v in SETTINGS[tenant.setting] and s in tenant.suites)]
        if tenant in made.all:
            missing = list({v: (v, s) for v, s in missing}.values())
        bad += [(made, tenant, v, s) for v, s in missing]
    t.say(f"          {each(gives_up, bad)} were refused")
    made.cube.prove_alive()


# ---- what cube.conf must not say


@limit(90)
def test_check(t):
    """A profile with one cipher is accepted when the cipher serves every version that the profile names, with its kind
    of key; otherwise it is refused, in words that name the profile and what does not fit."""
    path, accepted, refused = t.made.run.dir / "one.conf", 0, 0
    with t.made.cube.binrpc() as rpc:
        for key, (setting, versions), suite in itertools.product(KEYS, SETTINGS.items(), SUITES):
            kind, own, _ = KEYS[key]
            path.write_text(cube.trustpoint(own) + CIPHER.format(tag=7, names=suites.names([suite]))
                            + TENANT.format(tag=7, trustpoint=own, setting=setting, cipher="cipher = 7", more="",
                                            at=t.made.cube_at, port=5061))
            try:
                said = rpc.call("cube_tenant.check", path)
            except Fault as fault:
                said = fault.text
            what = f"{suite.ios} with tls-version {setting} and a key {key}"
            if fits(suite, kind) and set(versions) <= set(suite.versions):
                equal(f"{what}: cube_tenant.check", said["check"], "ok")
                accepted += 1
            else:
                check("tls-profile 7: " in said and (suite.ios in said or "TLSv" in said or own in said),
                      f"{what}: must be refused, cube_tenant.check says {said}")
                refused += 1
    t.say(f"          {accepted} accepted, {refused} refused")
