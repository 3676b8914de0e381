# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates that a peer should not have, in a folder of their own: each issued by test/pki's CA, or by one of the
CAs made here, with `openssl req`. Knows only how to make them."""

import base64
import datetime
import subprocess

import pki
from kamailio import program
from run import Failed

CA = "basicConstraints = critical, CA:TRUE{0}\nkeyUsage = critical, keyCertSign, cRLSign\n"
LEAF = ("basicConstraints = CA:FALSE\nkeyUsage = digitalSignature\nextendedKeyUsage = serverAuth, clientAuth\n"
        "subjectAltName = {0}\n")


class Cert:
    """pem, key: paths. rest: the path of what follows it in the peer's chain, or None."""

    def __init__(self, pem, key, rest=None):
        self.pem, self.key, self.rest = pem, key, rest


class OddCerts:
    """Those of a peer named host, made one by one by the functions here."""

    def __init__(self, folder, host):
        self.dir, self.host = folder, host
        self.dir.mkdir()
        self.ca = Cert(pki.cert("ca"), pki.key("ca"))
        self._keys = {}

    def key(self, kind="P-256"):
        """A key of this kind (P-256, rsa1024 ...), always the same one."""
        if kind not in self._keys:
            path = self.dir / f"{kind}.key"
            rsa = kind.startswith("rsa")
            option = f"rsa_keygen_bits:{kind[3:]}" if rsa else f"ec_paramgen_curve:{kind}"
            _openssl("genpkey", "-algorithm", "RSA" if rsa else "EC", "-pkeyopt", option, "-out", path)
            self._keys[kind] = path
        return self._keys[kind]

    def issue(self, name, extensions, issuer=None, kind="P-256", digest="sha256", cn=None):
        """extensions: lines of OpenSSL's configuration. issuer: a Cert; test/pki's CA without one."""
        issuer = issuer or self.ca
        conf, pem = self.dir / f"{name}.cnf", self.dir / f"{name}.pem"
        conf.write_text(f"[req]\ndistinguished_name = dn\n[dn]\n[x]\n{extensions}")
        _openssl("req", "-new", "-x509", "-config", conf, "-extensions", "x", "-key", self.key(kind), "-subj",
                 f"/O=kamailio-cube tests/CN={cn or name}", "-CA", issuer.pem, "-CAkey", issuer.key, "-days", "3650",
                 f"-{digest}", "-out", pem)
        return Cert(pem, self.key(kind))

    def leaf(self, name, issuer=None, san=None, more="", **options):
        return self.issue(name, LEAF.format(san or f"DNS:{self.host}") + more, issuer, **options)

    def until(self, name, end, start=datetime.datetime(2020, 1, 1), extensions=None):
        """A leaf that ends, and begins, at these times (UTC); extensions: lines for another kind of certificate."""
        request, pem = self.dir / f"{name}.csr", self.dir / f"{name}.pem"
        conf = self.dir / f"{name}.cnf"
        conf.write_text(f"[req]\ndistinguished_name = dn\n[dn]\n[ca]\ndefault_ca = x\n[x]\ndatabase = {name}.index\nunique_subject = no\nrand_serial = yes\n"
                        f"policy = p\nnew_certs_dir = .\n[p]\nCN = supplied\n[e]\n" + (extensions or LEAF.format(f"DNS:{self.host}")))
        (self.dir / f"{name}.index").touch()
        _openssl("req", "-new", "-config", conf, "-key", self.key(), "-subj", f"/CN={name}", "-out", request)
        _openssl("ca", "-batch", "-notext", "-config", conf, "-extensions", "e", "-md", "sha256", "-cert", self.ca.pem,
                 "-keyfile", self.ca.key, "-startdate", start.strftime("%Y%m%d%H%M%SZ"), "-enddate",
                 end.strftime("%Y%m%d%H%M%SZ"), "-in", request, "-out", pem, folder=self.dir)
        return Cert(pem, self.key())

    def authority(self, name, issuer=None, pathlen=None, more=""):
        return self.issue(name, CA.format("" if pathlen is None else f", pathlen:{pathlen}") + more, issuer)

    def chain(self, name, cert, rest):
        """cert, followed by the certificates of rest in this order."""
        path = self.dir / f"{name}.pem"
        path.write_text("".join(c.pem.read_text() for c in rest))
        return Cert(cert.pem, cert.key, path)

    def deep(self, name, length):
        """A leaf below so many intermediate CAs, the lowest first."""
        below, issuer = [], None
        for number in range(length):
            issuer = self.authority(f"{name}-{number}", issuer)
            below.insert(0, issuer)
        return self.chain(name, self.leaf(f"{name}-leaf", issuer), below)

    def many_names(self, name, count, form):
        """form: of each name, with {0} for its number."""
        alt = "\n".join(f"DNS.{n} = {form.format(n)}" for n in range(count))
        return self.issue(name, LEAF.format("@alt") + f"[alt]\n{alt}\n", cn="many.example")

    def falsified(self, name):
        """One whose signature was tampered with."""
        der = bytearray(base64.b64decode("".join(self.leaf(f"{name}-good").pem.read_text().splitlines()[1:-1])))
        der[-1] ^= 1
        path = self.dir / f"{name}.pem"
        text = base64.encodebytes(der).decode()
        path.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
        return Cert(path, self.key())


def _openssl(*argv, folder=None):
    result = subprocess.run([program("openssl"), *map(str, argv)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, cwd=folder)
    if result.returncode != 0:
        raise Failed(f"openssl {argv[0]}: {result.stdout.strip()}")
