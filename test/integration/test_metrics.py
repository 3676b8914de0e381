# SPDX-License-Identifier: GPL-2.0-or-later
"""What a dashboard sees: Prometheus' text over HTTP and RPC, the queries of cfg/monitoring's dashboard and its alerts in
a real Prometheus, with traffic that makes each of them right, or fire, and with traffic that makes none."""

import datetime
import json
import re
import socket
import time
import urllib.request

import cube
import pki
from binrpc import BinRpc, Fault
from caller import Call, UdpLeg
from cases import check, equal, limit
from farend import FarEnd
from grafana import flaws
from jsonrpc import JsonRpc
from oddcerts import OddCerts
from prometheus import MONITORING, WINDOW, Prometheus, promtool
from run import TREE, wait_until
from test_fetch import Ca
from tlsclient import client_context, options, served, try_options

TYPE = "text/plain; version=0.0.4; charset=utf-8"
DAY = 86400
CONF = """sip-ua {{
    listen-secure     = {{ "{cube}:5061" }}
    crypto-signaling "{peer}" {{ tls-profile = 1 }}
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{peer}", "{far}" }}
}}
tls-profile 1 {{ trustpoint = "tenant100" }}
tls-profile 2 {{ trustpoint = "tenant200" }}
tls-profile 3 {{ trustpoint = "tenant200"  verify-trustpoint = {{ "watched" }} }}
tenant 100 {{ description = "Provider \\"A\\" <Zürich>"  tls-profile = 1  listen-secure = "{cube}:5100" }}
tenant 200 {{ description = "PBX"  tls-profile = 2  listen-secure = "{cube}:5200"  session-transport = "tcp tls" }}
tenant 300 {{ tls-profile = 3  listen-secure = "{cube}:5300" }}
"""
RELOADED = """tenant 400 {{ tls-profile = 4  listen-secure = "{cube}:5400" }}
tenant 500 {{ tls-profile = 5  listen-secure = "{cube}:5500" }}
tls-profile 4 {{ trustpoint = "expired" }}
tls-profile 5 {{ trustpoint = "soon" }}
options-keepalive 1 {{ up-interval = 5  down-interval = 5  retry = 1 }}
dial-peer 5 {{ tenant = 200  destination-pattern = "5..."  session-target = "ipv4:{far}:5061"  options-keepalive-profile = 1 }}
dial-peer 4 {{ tenant = 200  destination-pattern = "4..."  session-target = "ipv4:{far}:5999"  options-keepalive-profile = 1 }}
"""


class Made:
    def __init__(self, run, stack):
        self.run = run
        self.at = {name: run.addresses.host() for name in ("cube", "peer", "other", "far", "bad")}
        self.far, self.bad = FarEnd(self.at["far"], 5061), FarEnd(self.at["bad"], 5061, identity="selfsigned")
        stack.callback(self.far.close)
        stack.callback(self.bad.close)
        self.ca = Ca(run.dir, "watched")
        (self.ca.dir / "crl.pem").write_bytes(self.ca.crl("PEM"))
        self.odd = OddCerts(run.dir / "odd", "soon.cube.example")
        conf = CONF.format(**self.at) + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")
        conf += (f'trustpoint "watched" {{\n    ca = "{self.ca.dir}/ca.pem"\n    revocation-check = {{ "crl" }}\n'
                 f'    crl = "{self.ca.dir}/crl.pem"\n}}\n')
        for tag, target in enumerate((f"{self.at['far']}:5061", f"{self.at['far']}:5999", f"{self.at['bad']}:5061"), 1):
            conf += cube.dial_peer(tag, 200, f"{tag}...", f"ipv4:{target}")
        self.http = self.at["peer"], run.addresses.port(self.at["peer"], 8080)
        self.cube = cube.Cube(run, conf, more={"CUBE_HTTP": "tcp:%s:%d" % self.http}).start()
        self.json = JsonRpc(*self.http)
        self.rpc = stack.enter_context(BinRpc(self.cube.ctl))
        wait_until(lambda: 'trustpoint="watched",kind="crl",state="good"} 1' in self.get("/metrics")[1], 10, "the CRL is loaded")

    def get(self, path):
        """(content type, text)"""
        with urllib.request.urlopen("http://%s:%d%s" % (*self.http, path), timeout=20) as answer:
            return answer.headers["Content-Type"], answer.read().decode()

    def raw(self, request):
        """The status that these bytes get, None without an answer."""
        with socket.create_connection(self.http, timeout=5) as sock:
            sock.sendall(request.encode())
            sock.settimeout(1)
            try:
                answer = sock.recv(65536)
            except TimeoutError:
                answer = b""
        return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/") else None

    def metrics(self):
        """{line without its value: value}"""
        lines = [line for line in self.get("/metrics")[1].split("\n") if line and not line.startswith("#")]
        return {line.rpartition(" ")[0].removeprefix("kamailio_cube_"): float(line.rpartition(" ")[2]) for line in lines}

    def connect(self, port, version="1.3", context=None, session=None):
        return served(context or client_context("ogw", version, version), self.at["peer"], (self.at["cube"], port),
                      session=session)

    def call(self, number):
        leg = UdpLeg(self.at["peer"], (self.at["cube"], 5060))
        call = Call(leg, number)
        status = call.invite()
        if status == 200:
            equal("BYE", call.bye(), 200)
        leg.close()
        return status

    def untrusted(self):
        leg = UdpLeg(self.at["other"], (self.at["cube"], 5060))
        leg.send(options(leg, leg.target))
        leg.close()

    def without_certificate(self, times):
        for _ in range(times):
            try_options(client_context(None, "1.2", "1.2"), self.at["peer"], (self.at["cube"], 5100))


setup = Made


def test_text(t):
    """promtool has no complaint; HTTP, kamcmd and JSON-RPC give the same; every name is in the documentation."""
    made = t.made
    with made.connect(5100):
        kind, text = made.get("/metrics")
        equal("Content-Type", kind, TYPE)
        promtool("check", "metrics", text=text)
        equal("cube_tls.metrics", made.json.call("cube_tls.metrics"), text)
        equal("kamcmd cube_tls.metrics", made.cube.kamcmd("cube_tls.metrics") + "\n", text)
    check('kamailio_cube_tenant_info{tenant="100",description="Provider \\"A\\" <Zürich>"} 1\n' in text, text)
    names = set(re.findall(r"^# TYPE (\w+)", text, re.M))
    documented = set(re.findall(r"`(kamailio_cube_\w+)", (TREE / "docs" / "operations.md").read_text()))
    equal("names that docs/operations.md does not have", sorted(names - documented), [])
    equal("names that only docs/operations.md has", sorted(documented - names), [])
    for secret in pki.key("tenant100").read_text().split("\n")[1:3]:
        check(secret not in text, "the key is in it")


def test_sums(t):
    """After each kind of end: the same numbers as cube_tls.counters, and nothing is lost between them."""
    made = t.made
    made.without_certificate(2)
    try_options(client_context("ogw"), made.at["other"], (made.at["cube"], 5061))  # nothing serves it
    equal("a call", made.call("1000"), 200)
    for number in ("2000", "3000"):
        check(made.call(number) >= 500, f"{number} must fail")
    with made.connect(5100, "1.2") as client, made.connect(5200):
        equal("TLS 1.2", client.version, "TLSv1.2")
        wait_until(lambda: made.metrics().get('tls_connections{tenant="200",role="client",version="TLSv1.3"}') == 1, 5,
                   "the connection to the far end is shown")
        m = made.metrics()
        equal("TLS 1.2 at tenant 100", m['tls_connections{tenant="100",role="server",version="TLSv1.2"}'], 1)
        equal("TLS 1.3 at tenant 200", m['tls_connections{tenant="200",role="server",version="TLSv1.3"}'], 1)
    made.far.close_all()
    made.cube.wait_no_connection()
    m, counters = made.metrics(), made.cube.counters()
    reasons = ("other", "identity", "certificate", "revoked", "revocation", "no-certificate", "cipher", "version",
               "server-name", "refused", "timeout", "closed")
    for (tenant, role), counts in counters.items():
        of = f'tenant="{tenant}",role="{role}"'
        by = {r: m.get(f'tls_handshake_failures_total{{{of},reason="{r}"}}', 0) for r in reasons}
        without = {r: m.get(f'tls_connections_without_handshake_total{{{of},reason="{r}"}}', 0)
                   for r in ("conn-failed", "limited", "unserved")}
        ok, failed = (m[f'tls_handshakes_total{{{of},result="{r}"}}'] for r in ("ok", "failed"))
        equal(f"{of}: reasons", {r: n for r, n in by.items() if n}, {r: n for r, n in counts.items() if r in reasons})
        equal(f"{of}: without a handshake", {r: n for r, n in without.items() if n},
              {r: n for r, n in counts.items() if r in without})
        equal(f"{of}: failed", failed, sum(by.values()))
        equal(f"{of}: ok", ok, counts.get("done", 0))
        equal(f"{of}: begun", m[f"tls_connections_begun_total{{{of}}}"], ok + failed + sum(without.values()))
        for name, plain in (("messages", ""), ("bytes", "-bytes")):
            for direction in ("received", "sent"):
                equal(f"{of}: {name} {direction}", m[f'tls_{name}_total{{{of},direction="{direction}"}}'],
                      counts.get(direction + plain, 0))
    equal("tenant 100 as server", (m['tls_handshake_failures_total{tenant="100",role="server",reason="no-certificate"}'],
                                   m['tls_connections{tenant="100",role="server",version="TLSv1.2"}']), (2, 0))
    equal("messages of tenant 100's clients, one each", counters[100, "server"]["received"], counters[100, "server"]["done"])
    check(counters[0, "server"]["unserved"] == 1 and counters[200, "client"]["conn-failed"] >= 1, f"{counters}")
    # tenant 300 has had none: four lines, and its listener's
    equal("lines of tenant 300", sum('tenant="300"' in line for line in m), 5)


def test_http(t):
    """What is not there gets no answer: xhttp's url_match lets nothing else reach the script. Other methods than GET do no
    harm."""
    made = t.made
    for path in ("/metric", "/metrics/x", "/", "/RPCx", "/metrics%00", "//metrics"):
        equal(path, made.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"), None)
    for method in ("HEAD", "POST", "DELETE"):
        made.raw(f"{method} /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    equal("GET", made.raw("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), 200)
    made.cube.prove_alive()


def quiet(made):
    """Traffic that is as it should be, in both roles."""
    for port in (5100, 5200, 5061):
        made.connect(port).close()
    equal("a call", made.call("1000"), 200)


def trouble(made):
    """Whatever an alert is for, but for a server that is down. Twice what is only seen to grow."""
    for name, cert in (("expired", None), ("soon", made.odd.until("soon", datetime.datetime.utcnow() + datetime.timedelta(days=5)))):
        made.cube.conf.write_text(made.cube.conf.read_text() + cube.trustpoint(
            name, cert and cert.pem, cert and cert.key))
    made.cube.conf.write_text(made.cube.conf.read_text() + RELOADED.format(**made.at))
    made.rpc.call("cube_tenant.reload")
    (made.ca.dir / "crl.pem").write_bytes(made.ca.crl("PEM", 0, 3))
    made.rpc.call("cube_tls.crl_request")
    made.cube.conf.write_text(made.cube.conf.read_text() + "nonsense { }\n")
    try:
        made.rpc.call("cube_tenant.reload")
    except Fault:
        pass
    made.without_certificate(30)
    for _ in range(2):
        try_options(client_context("ogw"), made.at["other"], (made.at["cube"], 5061))
        check(made.call("2000") >= 500 and made.call("3000") >= 500, "both calls must fail")
        made.untrusted()
        context = client_context("ogw", "1.2", "1.2")
        with made.connect(5100, context=context) as first, made.connect(5100, context=context, session=first.ssl.session) as second:
            check(second.ssl.session_reused, "the session is resumed")
        time.sleep(2.5)  # seen by a scrape in between


TROUBLE = {
    ("CubeListenerDown", "400"), ("CubeListenerDown", "500"), ("CubeCertificateEnded", "expired"),
    ("CubeCertificateEndsSoon", "soon"), ("CubeCrlOutOfDate", "watched"), ("CubeRevocationUnknown", "watched"),
    ("CubeReloadRefused", None), ("CubeTrunkDown", "200"), ("CubeTargetHandshakesFail", "200"), ("CubeTargetUnreachable", "200"),
    ("CubePeerHandshakesFail", "100"), ("CubeUnserved", "0"),
}


def fired(prometheus, state="firing"):
    return {(a["alertname"], a.get("trustpoint", a.get("tenant"))) for a in prometheus.fired(state)}


def dashboard():
    """{panel's title: its queries, as Grafana would ask them}"""
    found = {}
    for panel in json.loads((MONITORING / "grafana.json").read_text())["panels"]:
        equal(f"{panel['title']}: data source", panel["datasource"]["uid"], "${datasource}")
        texts = [target["expr"] for target in panel["targets"]]
        for old, new in (("$instance", ".*"), ("$tenant", ".*"), ("$__rate_interval", WINDOW), ("$__range", "1h")):
            texts = [text.replace(old, new) for text in texts]
        check(not any("$" in text for text in texts), f"{texts}: an unknown variable")
        found[panel["title"]] = texts
    return found


def test_dashboard(t):
    """The dashboard's JSON is by Grafana's rules; and each rule finds what is against it."""
    text = (MONITORING / "grafana.json").read_text()
    equal("flaws", flaws(json.loads(text)), [])
    for what, spoil in (
            ("not on the grid", lambda b: b["panels"][0]["gridPos"].update(w=25)),
            ("lies over", lambda b: b["panels"][1]["gridPos"].update(x=3)),
            ("one id", lambda b: b["panels"][1].update(id=b["panels"][0]["id"])),
            ("one title", lambda b: b["panels"][1].update(title=b["panels"][0]["title"])),
            ("type graph", lambda b: b["panels"][6].update(type="graph")),
            ("no targets", lambda b: b["panels"][6].update(targets=[])),
            ("one refId", lambda b: b["panels"][8]["targets"][1].update(refId="A")),
            ("not what a stat shows", lambda b: b["panels"][0]["targets"][0].update(instant=False)),
            ("not what a table shows", lambda b: b["panels"][16]["targets"][0].pop("format")),
            ("unknown variables ['tenants']", lambda b: b["panels"][6]["targets"][0].update(expr='up{tenant=~"$tenants"}')),
            ("its legend has ['instance']", lambda b: b["panels"][6]["targets"][0].update(legendFormat="{{instance}}")),
            ("data source", lambda b: b["panels"][6]["targets"][0].update(datasource={"type": "prometheus", "uid": "P1"})),
            ("unit None", lambda b: b["panels"][6]["fieldConfig"]["defaults"].pop("unit")),
            ("thresholds", lambda b: b["panels"][4]["fieldConfig"]["defaults"]["thresholds"]["steps"].reverse()),
            ("no column is called ['left']", lambda b: b["panels"][16].pop("transformations")),
            ("for the data source", lambda b: b["templating"]["list"].pop(0)),
            ("two definitions", lambda b: b["templating"]["list"][1].update(definition="up")),
            ("schemaVersion 16", lambda b: b.update(schemaVersion=16)),
            ("id 7", lambda b: b.update(id=7))):
        board = json.loads(text)
        spoil(board)
        check(any(what in flaw for flaw in flaws(board)), f"'{what}' must be found: {flaws(board)}")


def by(prometheus, query, *labels):
    """{values of labels: rounded value}, without zeros"""
    rows = {tuple(found.get(name) for name in labels): round(value) for found, value in prometheus.query(query)}
    return {key: value for key, value in rows.items() if value}


def panels_right(made, prometheus, panels):
    """With a client at tenant 100, one at tenant 200, the far end's connection, and a handshake that does not go on."""
    def one(title, index=0):
        return prometheus.value(panels[title][index])

    def rows(title, *labels, index=0):
        return by(prometheus, panels[title][index], *labels)

    up = {("100", "server"): 1, ("200", "server"): 1, ("200", "client"): 1}
    wait_until(lambda: rows("Connections by tenant", "tenant", "role") == up, 5, "the connections are scraped")
    equal("Connections", one("Connections"), 3)
    equal("Connections by TLS version", rows("Connections by TLS version", "version"), {("TLSv1.2",): 1, ("TLSv1.3",): 2})
    equal("Handshakes under way", rows("Handshakes under way", "tenant", "role"), {("100", "server"): 1})
    equal("Servers up", one("Servers up"), 1)
    equal("Listeners down", one("Listeners down"), 2)
    equal("Last reload", one("Last reload"), 0)
    equal("Configuration's number", one("Configuration's number"), 2)
    check(0 < one("Configuration") < 60, "the configuration's age")
    check(one("First certificate ends") < 0, "a certificate has ended")
    check(one("Failed handshakes") >= 30, "failed handshakes of the last hour")
    equal("Tenants", rows("Tenants", "tenant", "description"), {("100", 'Provider "A" <Zürich>'): 1, ("200", "PBX"): 1})
    def targets(title):
        return {(row["tenant"], row["target"]): value for row, value in prometheus.query(panels[title][0])}

    there, away = ("200", f"{made.at['far']}:5061"), ("200", f"{made.at['far']}:5999")
    wait_until(lambda: targets("Targets") == {there: 1, away: 0}, 10, "one target is shown as down, the other one as up")
    found = targets("Targets that are down")
    check([*found] == [away] and 0 < found[away] < 60, f"down for {found}")
    found = targets("Round trip of OPTIONS")
    check([*found] == [there] and 0 <= found[there] < 1, f"round trip {found}")
    days = {key: value // DAY for key, value in rows("Certificates", "trustpoint", "use").items()}
    equal("Certificates", (days["soon", "own"], days["expired", "own"] < 0, days["tenant100", "ca"] > 1000), (4, True, True))
    check(rows("CRLs", "trustpoint")["watched",] < 0, "the CRL is out of date")
    equal("Revocation sources", rows("Revocation sources", "trustpoint", "kind", "state"), {("watched", "crl", "out of date"): 1})
    equal("Listeners", sorted(rows("Listeners", "tenant", "kind")), [("0", "non-secure"), ("0", "secure"), ("100", "secure"),
                                                                     ("200", "secure"), ("300", "secure")])
    for title, index, labels, wanted in (
            ("Handshakes", 0, ("role", "result"), {("server", "ok"), ("server", "failed"), ("client", "ok"), ("client", "failed")}),
            ("Handshakes", 1, ("role",), {("server",)}),
            ("Failed handshakes by reason", 0, ("tenant", "role", "reason"), {("200", "client", "certificate")}),
            ("Connections without a handshake", 0, ("tenant", "reason"), {("0", "unserved"), ("200", "conn-failed")}),
            ("Connections closed", 0, ("reason",), {("remote-closed",)}),
            ("SIP messages", 0, ("tenant", "direction"), {("100", "received"), ("100", "sent"), ("200", "sent")}),
            ("SIP bytes", 0, ("direction",), {("received",), ("sent",)}),
            ("Untrusted requests", 0, ("tenant",), {("0",)})):
        grew = {tuple(found.get(name) for name in labels) for found, value in prometheus.query(panels[title][index]) if value > 0}
        check(wanted <= grew, f"{title}: {sorted(grew)} grew, {sorted(wanted)} must have")
    equal("not sent", rows("Untrusted requests", "tenant", index=1), {})


@limit(120)
def test_prometheus(t):
    """Alerts: none with good traffic, each when its trouble is made, no other one; the dashboard's queries are right."""
    made = t.made
    promtool("check", "rules", MONITORING / "alerts.yml")
    panels = dashboard()
    prometheus = Prometheus(made.run, made.at["other"], "%s:%d" % made.http)
    equal("alerts that are tested here", prometheus.names(), {name for name, _ in TROUBLE} | {"CubeDown"})
    for _ in range(3):
        quiet(made)
        time.sleep(2)
    equal("alerts of good traffic", fired(prometheus) | fired(prometheus, "pending"), set())
    trouble(made)
    with made.connect(5100, "1.2"), made.connect(5200), socket.create_connection((made.at["cube"], 5100)) as idle:
        idle.sendall(b"\x16")
        equal("a call", made.call("1000"), 200)
        panels_right(made, prometheus, panels)
    wait_until(lambda: fired(prometheus) >= TROUBLE, 20, f"alerts fire: {sorted(map(str, TROUBLE - fired(prometheus)))}")
    made.cube.stop()
    wait_until(lambda: ("CubeDown", None) in fired(prometheus), 20, "CubeDown fires")
    equal("alerts that fired without a reason", fired(prometheus) - TROUBLE, {("CubeDown", None)})


@limit(120)
def test_thousand_tenants(t):
    """1,000 idle tenants with a trustpoint each: half a megabyte over HTTP, soon, and kamcmd says that it cannot carry it."""
    made = t.made
    host = made.run.addresses.host()
    http = made.at["peer"], made.run.addresses.port(made.at["peer"], 8081)
    conf = "sip-ua { }\n"
    for n in range(1, 1001):
        conf += cube.trustpoint(f"trustpoint-{n}", pki.cert("tenant100"), pki.key("tenant100"))
        conf += (f'tls-profile {n} {{ trustpoint = "trustpoint-{n}" }}\n'
                 f'tenant {n} {{ description = "Customer {n}"  tls-profile = {n}  listen-secure = "{host}:{20000 + n}" }}\n')
    many = cube.Cube(made.run, conf, name="many", more={"CUBE_HTTP": "tcp:%s:%d" % http}, shm_mb=512)
    many.start(60)
    try:
        url = "http://%s:%d" % http
        for path, most in (("/metrics", 700), ("/cube", 200)):
            began = time.monotonic()
            with urllib.request.urlopen(url + path, timeout=20) as answer:
                text = answer.read()
            took = time.monotonic() - began
            t.say(f"          {path}: {len(text) // 1000} KB in {took * 1000:.0f} ms")
            check(len(text) < most * 1000, f"{path} has {len(text)} bytes")
            check(took < 5, f"{path} took {took:.2f} s")
            if path == "/metrics":
                equal("handshake lines", text.count(b"\nkamailio_cube_tls_handshakes_total{"), 4 * 1001)
                equal("listeners", text.count(b"\nkamailio_cube_listener_up{"), 1000)
        with BinRpc(many.ctl) as rpc:
            try:
                rpc.call("cube_tls.metrics")
            except Fault as fault:
                check("kamcmd's socket does not carry" in fault.text, fault.text)
            else:
                check(False, "kamcmd must say that it does not carry so much")
        many.prove_alive()
    finally:
        many.stop()
