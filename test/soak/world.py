# SPDX-License-Identifier: GPL-2.0-or-later
"""What the soak runs: our server with twenty tenants, their far ends, and a CRL server that comes and goes."""

import concurrent.futures
import http.server
import pathlib
import random
import sys
import threading

import cube
import pki
from ca import Ca
from element import Element
from run import wait_until
from kamailio import structures
from tlsclient import client_context

HERE = pathlib.Path(__file__).resolve().parent
TENANTS = 20
OPEN = range(1, 7)  # tenants that the clients of all kinds knock at; nobody clears their connections
NAMES = range(7, 17)  # with cn-san
REVOKING = {17: "crl none", 18: "crl none", 19: "crl", 20: "crl"}
PEERS_EACH = 5  # far ends in one process

SIP_UA = """sip-ua {{
    trusted-list = {{ "{block}.0/24" }}
    crl-cache    = "{dir}"
    connection-establish-tls = 5
}}
"""
TRUSTPOINT = """trustpoint "t{n}" {{
    certificate = "t{n}.pem"
    private-key = "t{n}.key"
    ca          = "{ca}"
{revocation}}}
"""
REVOCATION = '    revocation-check = {{ {methods} }}\n    crl         = "{url}"\n'
TENANT = """tls-profile {n} {{
    description = "written {generation} times"
    trustpoint  = "t{n}"
    tls-version = "1.2+"
{names}}}
tenant {n} {{
    description       = "trunk {n}, {generation}"
    tls-profile       = {n}
    listen-secure     = "{at}:{port}"
    session-transport = "tcp tls"
}}
"""
CN_SAN = """    cn-san-validate = "bidirectional"
    cn-san      = {{ "ogw.example", "tgw.example", "{other}" }}
"""
# Our own certificates, of the same CA, taken in turn.
EC, RSA = ("tenant100", "ec384", "ec521"), ("tenant200", "rsa3072")


class Config:
    """cube.conf and the files that it names; write() makes the next of endless versions of them, all of which serve the
    same calls."""

    def __init__(self, folder, block, cube_at, first, second, ca, crl_url):
        self.folder, self._block, self._at = folder, block, cube_at
        self._first, self._second, self._ca, self._url = first, second, ca, crl_url
        self._random, self.written = random.Random(1), 0

    def port(self, n):
        return 5100 + n

    def write(self):
        """One tenant's certificate is renewed, names and dial-peers change. Returns the text of cube.conf."""
        self.written += 1
        for n in range(1, TENANTS + 1) if self.written == 1 else [self._random.randint(1, TENANTS)]:
            self._renew(n)
        text = SIP_UA.format(block=self._block, dir=self.folder)
        return text + "".join(self._tenant(n) for n in range(1, TENANTS + 1)) + self._others()

    def _renew(self, n):
        name = self._random.choice(RSA if n % 4 == 0 else EC)
        (self.folder / f"t{n}.pem").write_text(pki.cert(name).read_text())
        key = self.folder / f"t{n}.key"
        key.write_text(pki.key(name).read_text())
        key.chmod(0o600)

    def _tenant(self, n):
        methods, revocation = REVOKING.get(n), ""
        if methods:
            revocation = REVOCATION.format(methods=", ".join(f'"{m}"' for m in methods.split()), url=self._url)
        ca = self._ca if methods else pki.cert("ca")
        names = CN_SAN.format(other=f"h{self._random.randint(1, 9)}.example") if n in NAMES else ""
        text = TRUSTPOINT.format(n=n, ca=ca, revocation=revocation)
        text += TENANT.format(n=n, generation=self.written, names=names, at=self._at, port=self.port(n))
        for preference, host in enumerate((self._first[n], self._second[n])):
            text += cube.dial_peer(10 * n + preference, n, f"{n:02d}.....", f"ipv4:{host}:5061", preference)
        return text

    def _others(self):
        """Dial-peers that no call goes to, from none to fifty."""
        tags = self._random.sample(range(1000, 2000), self._random.randint(0, 50))
        return "".join(cube.dial_peer(tag, self._random.randint(1, TENANTS), f"9{tag}T", "ipv4:127.0.0.1:5061") for tag in tags)


class CrlServer:
    """Serves one CRL by HTTP; stop() and start() as often as one likes."""

    def __init__(self, host, port, crl):
        self._where, self._crl, self._server, self.served = (host, port), crl, None, 0
        self.url = f"http://{host}:{port}/crl.der"

    def start(self):
        made = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                made.served += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(made._crl)))
                self.end_headers()
                self.wfile.write(made._crl)

        self._server = http.server.ThreadingHTTPServer(self._where, Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Peers:
    """Far ends in a process of their own. incarnation: how often it was started, odd while it does not listen."""

    # A process that is to die with its parent dies with the thread that started it.
    _starter = concurrent.futures.ThreadPoolExecutor(1)

    def __init__(self, run, which, number, of):
        self._run, self._which, self.name, self._of = run, which, f"{which}-{number}", of
        self.addresses, self.incarnation, self._started = [o[0] for o in of], 1, 0
        self.start()

    def start(self):
        self._started += 1
        argv = [sys.executable, HERE / "peers", self._which, *(str(word) for one in self._of for word in one)]
        self.process = self._starter.submit(self._run.spawn, f"{self.name}-{self._started}", argv).result()
        wait_until(lambda: self.process.tail(1), 20, f"{self.name} listens")
        self.incarnation += 1

    def kill(self):
        self.incarnation += 1
        self.process.stop(patience=0)


class World:
    def __init__(self, run, stack, seconds):
        self.run, self.at, hosts = run, run.addresses.host(), run.addresses.host
        self.first = {n: hosts() for n in range(1, TENANTS + 1)}
        self.second = {n: hosts() for n in range(1, TENANTS + 1)}
        self.strangers = [hosts() for _ in range(5)]
        self._make_ca(seconds)
        at = hosts()
        self.crl = CrlServer(at, run.addresses.port(at, 8080), self.ca.crl(first=-60, last=seconds + 3600))
        stack.callback(self.crl.stop)
        self.crl.start()
        tenants = list(range(1, TENANTS + 1))
        groups = [tenants[i::TENANTS // PEERS_EACH] for i in range(TENANTS // PEERS_EACH)]
        self.peers = [Peers(run, "first", i, [self._peer(self.first[n], n) for n in g]) for i, g in enumerate(groups)]
        self.others = Peers(run, "second", 0, [self._peer(self.second[n], n) for n in tenants])
        self.callers = {n: Element(hosts(), 5061, *self._identity(n, "ogw")) for n in tenants}
        for caller in self.callers.values():
            stack.callback(caller.close)
        self.config = Config(run.dir, run.addresses.block, self.at, self.first, self.second, self.ca.dir / "ca.pem", self.crl.url)
        self.cube = cube.Cube(run, self.config.write(), shm_mb=256).start()
        wait_until(self._crl_is_here, 20, "the CRL is here")

    def _make_ca(self, seconds):
        self.ca = Ca(self.run.dir, "soak")
        certs = {}
        for name in ("site", "revoked"):
            certs[name] = self.ca.issue(name)
        self.ca.revoke(certs["revoked"])

    def _identity(self, n, name):
        """A certificate that tenant n trusts, and the CA of its own."""
        return (self.ca.dir / "site" if n in REVOKING else name), "ca"

    def _peer(self, host, n):
        return host, *self._identity(n, "tgw")

    def _crl_is_here(self):
        rows = [r for r in structures(self.cube.rpc("cube_tls.trustpoints")) if int(r["source-count"])]
        return len(rows) == len(REVOKING) and all(int(r["sources-not-good"]) == 0 for r in rows)

    def target(self, n):
        return self.at, self.config.port(n)

    def of_ca(self, name):
        """A client's context with a certificate of the CA that revokes."""
        context = client_context()
        context.load_cert_chain(self.ca.dir / f"{name}.pem", self.ca.dir / f"{name}.key")
        return context

    def peers_of(self, n):
        return next(p for p in self.peers if self.first[n] in p.addresses)
