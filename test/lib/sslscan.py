# SPDX-License-Identifier: GPL-2.0-or-later
"""What sslscan, which is not ours, finds out about a TLS port. It is given a client certificate: without one it sees
only what a server tells before it asks for that."""

import subprocess
import xml.etree.ElementTree

import pki
from kamailio import program
from run import Failed

GROUPS = {"secp256r1 (NIST P-256)": "P-256", "secp384r1 (NIST P-384)": "P-384", "secp521r1 (NIST P-521)": "P-521",
          "x25519": "X25519"}


class Scan:
    """versions: those that the port has. ciphers: version -> OpenSSL's names, in the server's order of preference.
    groups: names as in cube.conf (others as sslscan writes them), of each version that has any; not asked for without
    groups, since it takes long."""

    def __init__(self, target, identity="ogw", name=None, groups=True):
        argv = [program("sslscan"), "--xml=-", "--no-heartbleed", "--no-compression", "--no-renegotiation",
                "--no-fallback", "--no-check-certificate", f"--certs={pki.cert(identity)}", f"--pk={pki.key(identity)}"]
        argv += ([f"--sni-name={name}"] if name else []) + ([] if groups else ["--no-groups"])
        result = subprocess.run([*argv, "%s:%d" % target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace", timeout=60, check=False)
        try:
            test = xml.etree.ElementTree.fromstring(result.stdout).find("ssltest")
        except xml.etree.ElementTree.ParseError:
            test = None
        if test is None:
            raise Failed(f"sslscan of {target}: {(result.stdout + result.stderr).strip()[:1000]}")
        self.versions = [p.get("version") for p in test.iter("protocol")
                         if p.get("type") == "tls" and p.get("enabled") == "1"]
        self.others = [p.get("type") + p.get("version") for p in test.iter("protocol")
                       if p.get("type") != "tls" and p.get("enabled") == "1"]
        self.ciphers, self.groups = {}, {}
        for row in test.iter("cipher"):
            self.ciphers.setdefault(row.get("sslversion").removeprefix("TLSv"), []).append(row.get("cipher"))
        for row in test.iter("group"):
            name = row.get("name")
            self.groups.setdefault(row.get("sslversion").removeprefix("TLSv"), set()).add(GROUPS.get(name, name))
