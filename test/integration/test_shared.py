# SPDX-License-Identifier: GPL-2.0-or-later
"""Tenants that share a listener of sip-ua and are told apart by the server name that the client sends (SNI)."""

import ssl

import cube
import pki
from cases import check, equal
from run import Failed, wait_until
from tlsclient import TlsClient, client_context, options, reason

CONF = """sip-ua {{
    listen-secure = {{ "{cube}:5061" }}
    crypto-signaling "{known}" {{ tls-profile = 1 }}
    trusted-list = {{ "{known}", "{other}" }}
}}
tls-cipher 200 {{ cipher = {{ "ECDHE_RSA_AES256_GCM_SHA384" }} }}
tls-profile 1   {{ trustpoint = "ec384"      sni = {{ "sip.example.com" }} }}
tls-profile 100 {{ trustpoint = "tenant100"  sni = {{ "t100.example.com" }}  tls-version = "1.3" }}
tls-profile 200 {{ trustpoint = "tenant200"  sni = {{ "t200.example.com" }}  tls-version = "1.2"  cipher = "200"
                   verify-trustpoint = {{ "others" }} }}
trustpoint "others" {{ ca = "{other_ca}" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5100" }}
tenant 200 {{ tls-profile = 200  listen-secure = "{cube}:5200" }}
"""

# source, server name, our certificate, version and suite at least: what comes of it: tenant, certificate, version
GOOD = [
    ("other", "t100.example.com", "ogw", ("100", "tenant100.cube.example", "TLSv1.3")),
    ("other", "T100.Example.COM", "ogw", ("100", "tenant100.cube.example", "TLSv1.3")),
    ("other", "t200.example.com", "other", ("200", "tenant200.cube.example", "TLSv1.2")),
    ("known", "t100.example.com", "ogw", ("100", "tenant100.cube.example", "TLSv1.3")),
    ("known", "t200.example.com", "other", ("200", "tenant200.cube.example", "TLSv1.2")),
    ("known", "sip.example.com", "ogw", ("0", "ec384.cube.example", "TLSv1.3")),
    ("known", None, "ogw", ("0", "ec384.cube.example", "TLSv1.3")),
]

# source, server name, our certificate, highest version, what our log says
REFUSED = [
    ("other", "t200.example.com", "ogw", "1.3", "certificate verify failed"),  # tenant 200 trusts another CA
    ("other", "t100.example.com", "other", "1.3", "certificate verify failed"),
    ("other", "t100.example.com", "ogw", "1.2", "unsupported protocol"),
    ("other", "nobody.example.com", "ogw", "1.3", "unrecognized name"),
    ("known", "nobody.example.com", "ogw", "1.3", "unrecognized name"),
    ("other", None, "ogw", "1.3", "unrecognized name"),
]


class Made:
    def __init__(self, run):
        self.at = {name: run.addresses.host() for name in ("cube", "known", "other")}
        conf = CONF.format(other_ca=pki.cert("other-ca"), **self.at)
        conf += "".join(cube.trustpoint(name) for name in ("ec384", "tenant100", "tenant200"))
        self.cube = cube.Cube(run, conf, config=cube.script(run)).start()


def setup(run, _stack):
    return Made(run)


def test_names(t):
    """The name selects the tenant with its certificate, version, suite and trust; without one, and with its own, it is
    sip-ua. What comes in on the connection is that tenant's."""
    for number, (source, name, identity, wanted) in enumerate(GOOD):
        context = client_context(identity)
        with TlsClient(context, t.made.at[source], (t.made.at["cube"], 5061), name=name) as client:
            client.send(options(client, (t.made.at["cube"], 5061), f"n{number}"))
            equal(f"{source} {name}: OPTIONS", client.receive().status, 200)
            row = next(r for r in t.made.cube.connections() if r["remote"] == client.local)
            equal(f"{source} {name}", (row["tenant"], client.peer, client.version), wanted)
            if wanted[0] == "200":
                equal("suite", client.cipher, "ECDHE-RSA-AES256-GCM-SHA384")
    seen = [line.split(" tenant=")[1].split()[0] for line in t.made.cube.logged("seen OPTIONS")]
    equal("tenants of the requests", seen, [wanted[0] for *_, wanted in GOOD])
    # what is sent for tenant 100 leaves from its own port, not from the shared one
    check(t.made.cube.logged(f"tenant=100 result=1 at={t.made.at['cube']}:5100"), "tenant 100's own socket is not in use")


def test_refused(t):
    """Another tenant's rules do not help, and a name that nobody has is answered by nobody's certificate."""
    for source, name, identity, highest, text in REFUSED:
        before = len(t.made.cube.logged("TLS_HANDSHAKE_FAILED"))
        context = client_context(identity, highest=highest)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with TlsClient(context, t.made.at[source], (t.made.at["cube"], 5061), name=name) as client:
                client.send(options(client, (t.made.at["cube"], 5061)))
                client.receive()
            raise Failed(f"{source} {name} {identity}: was answered")
        except (OSError, EOFError) as error:
            if text == "unrecognized name":
                check("unrecognized" in reason(error).lower().replace("_", " "), f"{name}: the alert is {reason(error)}")
        wait_until(lambda: len(t.made.cube.logged("TLS_HANDSHAKE_FAILED")) > before, 5, f"{name} {identity} is logged")
        lines = t.made.cube.logged("TLS_HANDSHAKE_FAILED")[before:]
        equal(f"{source} {name} {identity}: log lines", len(lines), 1)
        check(text in lines[0], f"{name}: {lines[0]}")
    t.made.cube.prove_alive()


def test_own_port(t):
    """On a tenant's own listener the port decides, whatever name is sent."""
    with TlsClient(client_context("ogw"), t.made.at["other"], (t.made.at["cube"], 5100), name="t200.example.com") as client:
        equal("certificate", client.peer, "tenant100.cube.example")
