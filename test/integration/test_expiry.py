# SPDX-License-Identifier: GPL-2.0-or-later
"""What ends is said in time, once: our certificates, CAs, CRLs, peers' certificates; by a line, by the event route, and in
cube_tls.trustpoints."""

import datetime
import re
import subprocess
import time

import cube
import pki
from cases import check, equal
from kamailio import RpcError, program, structures
from oddcerts import CA, OddCerts
from run import wait_until
from tlsclient import TlsClient, client_context, served

SCRIPT = ('event_route[cube:cert-expiring] {\n\txlog("L_NOTICE", "expiring use=$cube(use) trustpoint=$cube(trustpoint) '
          'peer=$cube(peer_name) tenant=$cube(tenant) days=$cube(days)\\n");\n}\n')
CONF = """sip-ua {{ trusted-list = {{ "{friend}" }} }}
tls-profile 1 {{ trustpoint = "fine"  verify-trustpoint = {{ "list" }} }}
tls-profile 2 {{ trustpoint = "over"  verify-trustpoint = {{ "fine" }} }}
tenant 1 {{ tls-profile = 1  listen-secure = "{cube}:5101" }}
tenant 2 {{ tls-profile = 2  listen-secure = "{cube}:5102" }}
trustpoint "list" {{ ca = "{ca}"  revocation-check = {{ "crl", "none" }}  crl = "{crl}" }}
trustpoint "bundle" {{ ca = "{bundle}" }}
trustpoint "bundle2" {{ ca = "{bundle}" }}
"""
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
# certificates of our own: what is left of them, $cube(days) (None: no event), the line behind the file's name
OWN = {
    "later": (31 * DAY, None, None),
    "month": (30 * DAY - HOUR, 29, r"ends on {0}, in 29 days; put a new one there and reload"),
    "fortnight": (13 * DAY + HOUR, 13, r"ends on {0}, in 13 days; put a new one there and reload"),
    "week": (6 * DAY + HOUR, 6, r"ends on {0}, in 6 days; put a new one there and reload"),
    "days": (2 * DAY + HOUR, 2, r"ends on {0}, in 2 days; put a new one there and reload"),
    "hours": (5 * HOUR + HOUR / 2, 0, r"ends on {0}, in 5 hours; put a new one there and reload"),
    "over": (-2 * DAY - HOUR, -3, r"has ended on {0}; peers refuse it; put a new one there and reload"),
}


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def text(moment):
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


class Made:
    def __init__(self, run, stack):
        self.run, self.at = run, {name: run.addresses.host() for name in ("cube", "friend", "other")}
        self.certs, self.ends = OddCerts(run.dir / "odd", "trunk.example"), {}
        self.began = now()
        for name, (left, _, _) in OWN.items():
            self.own(name, left)
        self.own("early", 100 * DAY, start=self.began + 2 * DAY)
        self.bundle(150)
        self.ca, self.crl = run.dir / "ca.pem", run.dir / "ca.crl"
        self.ca.write_text(pki.cert("ca").read_text())
        self.crl_until(7 * 24 * 3600)
        config = cube.script(run, seen=False)
        config.write_text(config.read_text() + SCRIPT)
        self.text = self.conf()
        self.cube = cube.Cube(run, self.text, config=config).start()

    def own(self, name, left, start=datetime.datetime(2020, 1, 1)):
        self.ends[name] = now() + left
        return self.certs.until(name, self.ends[name], start)

    def bundle(self, number):
        """A file of so many CAs, of which the one named ending has 6 days left."""
        self.ends["ending"] = now() + 6 * DAY + HOUR
        ending = self.certs.until("ending", self.ends["ending"], extensions=CA.format(""))
        one = self.certs.authority("lasting").pem.read_text()
        others = [self.certs.authority(f"lasting-{n}").pem.read_text() for n in range(9)]
        rest = number - len(others) - 2
        self.bundled = self.run.dir / "bundle.pem"
        self.bundled.write_text(one + "".join(others) + ending.pem.read_text() + one * rest)

    def crl_until(self, seconds):
        """A CRL of test/pki's CA for so long; older ones than what is there are refused."""
        folder = self.run.dir / "crl"
        if not folder.exists():
            folder.mkdir()
            (folder / "index").touch()
            (folder / "ca.cnf").write_text("[ca]\ndefault_ca = x\n[x]\ndatabase = index\n")
        subprocess.run([program("openssl"), "ca", "-gencrl", "-config", "ca.cnf", "-md", "sha256", "-crlsec", str(seconds),
                        "-cert", pki.cert("ca"), "-keyfile", pki.key("ca"), "-out", "ca.crl"],
                       cwd=folder, check=True, capture_output=True)
        (folder / "ca.crl").rename(self.crl)

    def conf(self):
        conf = CONF.format(ca=self.ca, crl=self.crl, bundle=self.bundled, **self.at) + cube.trustpoint("fine", pki.cert("tenant100"), pki.key("tenant100"))
        for name in (*OWN, "early"):
            conf += cube.trustpoint(name, self.certs.dir / f"{name}.pem", self.certs.key())
        return conf

    def events(self):
        return sorted(re.search(r"expiring (.*)", line)[1] for line in self.cube.logged(": expiring use="))

    def lines(self, *words):
        """The warnings, from the name of the trustpoint or tenant on."""
        found = [re.search(r"((?:trustpoint|tenant) \S.*(?: ends on | has ended on |is not valid before ).*)", line)
                 for line in self.cube.logged("cube_tls")]
        return sorted(m[1] for m in found if m and all(w in m[1] for w in words))

    def look(self):
        """A reload has everything looked at within two seconds, and nothing else happens in three."""
        self.cube.rpc("cube_tenant.reload")
        time.sleep(3)


setup = Made


def event(use, trustpoint, days):
    return f"use={use} trustpoint={trustpoint} peer=<null> tenant=<null> days={days}"


def wanted(made):
    """Lines and events of the configuration as it is at the start."""
    lines, events = [], []
    for name, (_, days, words) in OWN.items():
        if words:
            path = made.certs.dir / f"{name}.pem"
            lines.append(f"trustpoint {name}: certificate CN={name} in {path} " + words.format(text(made.ends[name])))
            events.append(event("own", name, days))
    lines.append(f"trustpoint early: certificate CN=early in {made.certs.dir}/early.pem is not valid before "
                 f"{text(made.began + 2 * DAY)}; check this machine's clock")
    lines.append(f"trustpoint bundle and 1 other: CA certificate CN=ending in {made.bundled} ends on "
                 f"{text(made.ends['ending'])}, in 6 days; put its successor there and reload")
    events.append(event("ca", "bundle", 6))
    return sorted(lines), sorted(events)


def test_once(t):
    """Each stage of ours has its line and its event, once, also over reloads; a certificate that is over, or not valid
    yet, does not keep the server from starting."""
    made = t.made
    lines, events = wanted(made)
    wait_until(lambda: len(made.lines()) >= len(lines), 10, "the warnings are in the log")
    equal("lines", made.lines(), lines)
    wait_until(lambda: len(made.events()) >= len(events), 5, "the events are in the log")
    equal("events", made.events(), events)
    levels = [line for line in made.cube.logged("has ended on") if "ERROR" in line]
    equal("lines at level error", len(levels), 1)
    made.look()
    made.look()
    equal("lines after two reloads", made.lines(), lines)
    equal("events after two reloads", made.events(), events)


def test_renewed(t):
    """A new certificate has warnings of its own, and the next stage is said when it comes."""
    made = t.made
    before = made.lines()
    made.own("month", 20 * DAY + HOUR)
    made.own("week", 10 * 365 * DAY)
    soon = made.own("days", datetime.timedelta(seconds=8))
    made.look()
    new = [line for line in made.lines() if line not in before]
    equal("of the new certificates", sorted(re.sub(r" in /.*", "", line) for line in new),
          ["trustpoint days: certificate CN=days", "trustpoint month: certificate CN=month"])
    check(any("in 20 days" in line for line in new) and any("in 0 hours" in line for line in new), f"{new}")
    wait_until(lambda: now() > made.ends["days"], 10, "it has ended")
    made.look()
    over = [line for line in made.lines() if line not in before and line not in new]
    equal("when it has ended", over, [f"trustpoint days: certificate CN=days in {soon.pem} has ended on "
                                      f"{text(made.ends['days'])}; peers refuse it; put a new one there and reload"])


def test_trustpoints(t):
    """cube_tls.trustpoints: all of them in short, one of them in full; a bundle of 150 fits into kamcmd's answer."""
    made = t.made
    rows = {row["trustpoint"]: row for row in structures(made.cube.rpc("cube_tls.trustpoints"))}
    equal("trustpoints", sorted(rows), sorted([*OWN, "early", "fine", "list", "bundle", "bundle2"]))
    row = rows["bundle"]
    equal("the bundle", (row["certificate-count"], row["ca-count"], row["first-end-use"], row["first-end-subject"],
                         row["first-end-days-left"], row["first-end"]),
          ("0", "150", "ca", "CN=ending", "6", text(made.ends["ending"])))
    equal("one that is over", (rows["over"]["first-end-use"], rows["over"]["first-end-days-left"]), ("own", "-3"))
    with made.cube.binrpc() as rpc:
        full = rpc.call("cube_tls.trustpoints", "bundle")
    equal("CAs of the bundle", (len(full["ca"]), "more" in full, "certificates" in full), (150, False, False))
    one = structures(made.cube.rpc("cube_tls.trustpoints", "fine"))[0]
    (cert,), (ca,) = one["certificates"], one["ca"]
    shown = subprocess.run([program("openssl"), "x509", "-in", pki.cert("tenant100"), "-noout", "-serial", "-subject", "-issuer",
                            "-nameopt", "RFC2253", "-enddate", "-startdate"], check=True, capture_output=True, text=True).stdout
    said = dict(line.split("=", 1) for line in shown.splitlines())
    equal("serial, subject, issuer", (cert["serial"], cert["subject"], cert["issuer"]),
          (said["serial"], said["subject"], said["issuer"]))
    for key, name in (("not-before", "notBefore"), ("not-after", "notAfter")):
        equal(key, cert[key], text(datetime.datetime.strptime(said[name], "%b %d %H:%M:%S %Y %Z")))
    check("tenant100.cube.example" in cert["names"] and cert["key"], f"names and key: {cert}")
    equal("the CA is its own issuer", ca["subject"], ca["issuer"])
    equal("the leaf's issuer", cert["issuer"], ca["subject"])
    try:
        said = made.cube.kamcmd("cube_tls.trustpoints", "nobody")
    except RpcError as fault:
        equal("a name that is none", fault.text, "404 - trustpoint nobody: there is none of that name")
    else:
        check(False, f"a name that is none must be a fault, is {said}")


def test_peer(t):
    """A peer whose certificate ends is said once for a tenant and name, however often it connects."""
    made = t.made
    end = now() + 2 * DAY + HOUR
    short = made.certs.until("short", end)
    context = client_context()
    context.load_cert_chain(short.pem, short.key)
    clients = [served(context, made.at["friend"], (made.at["cube"], 5101)) for _ in range(2)]
    clients.append(TlsClient(context, made.at["other"], (made.at["cube"], 5101)))  # SIP from there is not served
    made.look()
    made.look()
    seen = made.lines("the certificate of peer")
    equal("lines", len(seen), 1)
    check(re.fullmatch(rf"tenant 1: the certificate of peer trunk\.example at {re.escape(made.run.addresses.block)}\.\d+:\d+, or "
                       rf"of a CA in its chain, ends on {re.escape(text(end))}, in 2 days; its operator must renew it", seen[0]), seen[0])
    equal("events", [e for e in made.events() if "use=peer" in e],
          ["use=peer trustpoint=<null> peer=trunk.example tenant=1 days=2"])
    for client in clients:
        client.close()
    made.cube.wait_no_connection()


def test_crl(t):
    """A CRL that lives a week is not warned of; one that runs out and is not renewed is, once."""
    made = t.made
    equal("lines about the CRL that lives a week", made.lines("CRL of"), [])
    made.crl_until(12)
    end = now() + datetime.timedelta(seconds=12)
    made.cube.rpc("cube_tls.crl_request")
    wait_until(lambda: any(s["next-update"] < text(end + 2 * HOUR) for s in _sources(made)), 5, "it is known")
    wait_until(lambda: now() > end and any(s["error"] for s in _sources(made)), 25, "it has run out, and was asked for again")
    made.look()
    made.look()
    seen = made.lines("CRL of")
    equal("lines", len(seen), 1)
    check(re.search(r"^trustpoint list: CRL of .* from /.*ca\.crl has ended on .* and cannot be renewed: it is out of date: .*; "
                    r"who needs it is refused$", seen[0]), seen[0])
    equal("events", [re.sub("days=.*", "", e) for e in made.events() if "use=crl" in e],
          ["use=crl trustpoint=list peer=<null> tenant=<null> "])
    equal("cube_tls.trustpoints", structures(made.cube.rpc("cube_tls.trustpoints", "list"))[0]["sources-not-good"], "1")


def _sources(made):
    sources = structures(made.cube.rpc("cube_tls.trustpoints", "list"))[0].get("sources", [])
    return structures(sources)


def test_restart(t):
    """After a restart it is said again."""
    made = t.made
    made.cube.prove_alive()
    made.cube.stop()
    again = cube.Cube(made.run, made.text, "again", config=made.cube.config).start()
    wait_until(lambda: again.logged("certificate CN=fortnight"), 10, "the restarted server says it again")
    equal("lines", len(again.logged("certificate CN=fortnight")), 1)
