# SPDX-License-Identifier: GPL-2.0-or-later
"""Certification authorities of openssl's, roots and intermediates: certificates that say where their CRL and their OCSP
responder are, CRLs and OCSP responses. What CRLs and responders say of a certificate is kept apart, so that they may
contradict each other. Knows no sockets."""

import itertools
import os
import pathlib
import re
import subprocess
import time

from kamailio import program
from run import Failed

DAYS = 20
CONF = """[ca]
default_ca = ca
[ca]
database = index.crl
crlnumber = crlnumber
certificate = ca.pem
private_key = ca.key
default_md = sha256
unique_subject = no
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
"""
PART = """[part]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical, @place
[place]
fullname = URI:{0}
"""
EXTENSIONS = "[req]\ndistinguished_name = dn\n[dn]\n[x]\nsubjectKeyIdentifier = hash\n{0}"
AUTHORITY = "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, digitalSignature, keyCertSign, cRLSign\n"
LEAF = "basicConstraints = CA:FALSE\n"
SIGNER = "extendedKeyUsage = OCSPSigning\n"  # for the certificate of a responder
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Cert:
    """pem, key: paths. Behind the certificate are its intermediates; a peer's two files differ in their suffix alone."""

    def __init__(self, name, pem, key, serial):
        self.name, self.pem, self.key, self.serial = name, pem, key, serial


def said(crl="", ocsp=""):
    """Extensions that name where the CRL is, and where the OCSP responder is."""
    text = f"crlDistributionPoints = URI:{crl}\n" if crl else ""
    return text + (f"authorityInfoAccess = OCSP;URI:{ocsp}\n" if ocsp else "")


class Ca:
    """In a folder of its own, which has its name, as has its subject unless it is given (cn). issuer: the Ca above it; more:
    lines for its own certificate."""

    def __init__(self, folder, name, issuer=None, more="", cn=None):
        self.dir, self.name, self.issuer = pathlib.Path(folder) / name, name, issuer
        self.dir.mkdir()
        self._serials, self._files = itertools.count(0x1000), itertools.count(1)
        self._rows = {}  # serial number -> [name, revoked in CRLs?, responders' letter, "" where they do not know it]
        (self.dir / "conf").write_text(CONF)
        (self.dir / "crlnumber").write_text("01\n")
        self.pem, self.key = self.dir / "ca.pem", self.dir / "ca.key"
        self.index = self.dir / "index.ocsp"
        self._write()
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "leaves.key")
        if issuer:
            self.cert = issuer.certify(f"ca-{name}", AUTHORITY + more, cn or name, self.key)
            self.pem.write_text(self.cert.pem.read_text())
        else:
            self._extensions("ca", AUTHORITY + more)
            self.openssl("req", "-x509", *EC, "-keyout", "ca.key", "-config", "ca.cnf", "-extensions", "x", "-subj",
                         f"/CN={cn or name}", "-days", DAYS, "-out", "ca.pem")
        self.der = self.openssl("x509", "-in", "ca.pem", "-outform", "DER")

    def openssl(self, *argv, given=b""):
        result = subprocess.run([program("openssl"), *map(str, argv)], cwd=self.dir, input=given,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if result.returncode != 0:
            raise Failed(f"openssl {argv[0]}: {result.stderr.decode(errors='replace').strip()}")
        return result.stdout

    def _extensions(self, name, lines):
        (self.dir / f"{name}.cnf").write_text(EXTENSIONS.format(lines))
        return f"{name}.cnf"

    def certify(self, name, extensions, cn=None, key=None):
        """A certificate. key: the path of a new key; without it that of all leaves."""
        serial, pem = next(self._serials), self.dir / f"{name}.pem"
        if not key:
            key = pem.with_suffix(".key")
            os.link(self.dir / "leaves.key", key)
        self.openssl("req", "-new", "-x509", "-config", self._extensions(name, extensions), "-extensions", "x",
                     *(("-key", key) if key.exists() else (*EC, "-keyout", key)), "-subj", f"/CN={cn or name}", "-CA",
                     "ca.pem", "-CAkey", "ca.key", "-set_serial", serial, "-days", DAYS, "-out", pem)
        self._rows[serial] = [name, False, "V"]
        self._write()
        if self.issuer:
            pem.write_text(pem.read_text() + self.pem.read_text())
        return Cert(name, pem, key, serial)

    def issue(self, name, crl="", ocsp="", more=""):
        """A peer's certificate. crl, ocsp: what it says where these are."""
        return self.certify(name, LEAF + said(crl, ocsp) + more)

    def intermediate(self, name, crl="", ocsp=""):
        return Ca(self.dir, name, self, said(crl, ocsp))

    def revoke(self, cert, crl=True, ocsp=True):
        """From now on in CRLs, and in what responders say."""
        row = self._rows[cert.serial]
        row[1:] = [row[1] or crl, "R" if ocsp else row[2]]
        self._write()

    def forget(self, cert):
        """Responders do not know it."""
        self._rows[cert.serial][2] = ""
        self._write()

    def _write(self):
        """Both indexes. Each is a new file, which a responder notices."""
        now, end = (time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + n)) for n in (0, DAYS * 86400))
        text = {"index.crl": [], "index.ocsp": []}
        for serial, (name, revoked, letter) in self._rows.items():
            for file, state in (("index.crl", "R" if revoked else "V"), ("index.ocsp", letter)):
                if state:
                    digits = f"{serial:X}"
                    digits = digits if len(digits) % 2 == 0 else "0" + digits
                    text[file].append(f"{state}\t{end}\t{now if state == 'R' else ''}\t{digits}\tunknown\t/CN={name}\n")
        for file, lines in text.items():
            (self.dir / f"{file}.new").write_text("".join(lines))
            os.rename(self.dir / f"{file}.new", self.dir / file)

    def crl(self, form="DER", first=0, last=3600, place=""):
        """first, last: seconds from now, its thisUpdate and nextUpdate. place: the distribution point that it names."""
        conf = self._file("conf", (CONF + PART.format(place)).encode()) if place else "conf"
        dates = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + n)) for n in (first, last)]
        text = self.openssl("ca", "-config", conf, *(("-crlexts", "part") if place else ()), "-gencrl", "-crl_lastupdate",
                            dates[0], "-crl_nextupdate", dates[1])
        return self.openssl("crl", "-outform", form, given=text)

    def long_crl(self, numbers, **times):
        """One that has these serial numbers, too; openssl ca would take seconds for many of them."""
        signed, algorithm, _ = _parts(_content(self.crl(**times)))
        head, rest = _parts(_content(signed))[:5], _parts(_content(signed))[5:]  # version, algorithm, issuer, two times
        entries = _content(rest.pop(0)) if rest[0][0] == 0x30 else b""
        when = head[3]
        entries += b"".join(_der(0x30, _der(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big")), when) for n in numbers)
        signed = _der(0x30, *head, _der(0x30, entries), *rest)
        return _der(0x30, signed, algorithm, self._signature(signed, self.key))

    def _signature(self, signed, key):
        return _der(0x03, b"\0", self.openssl("dgst", "-sha256", "-sign", key, given=signed))

    def responder(self, signer=None):
        """Options for openssl ocsp. signer: the Cert of who signs; without one the CA itself does."""
        return ["-index", self.index, "-CA", self.pem, "-rsigner", signer.pem if signer else self.pem, "-rkey",
                signer.key if signer else self.key]

    def ocsp(self, request, signer=None):
        """The answer of openssl's responder."""
        return self._answer(signer, "-reqin", self._file("request", request))

    def response(self, cert, signer=None, nonce=False):
        """An answer in advance: with no nonce, or with somebody's."""
        return self._answer(signer, "-issuer", self.pem, "-serial", hex(cert.serial), "-nonce" if nonce else "-no_nonce",
                            "-noverify")

    def _answer(self, signer, *question):
        path = self._file("response")
        self.openssl("ocsp", *self.responder(signer), "-nmin", "60", *question, "-respout", path)
        return path.read_bytes()

    def _file(self, name, data=None):
        """A name that no other thread has."""
        path = self.dir / f"{name}.{next(self._files)}"
        if data is not None:
            path.write_bytes(data)
        return path

    def moved(self, response, first, last, key=None):
        """A response of this CA's own with other times, seconds from now, signed by another key if there is one."""
        status, rest = _parts(_content(response))
        kind, octets = _parts(_content(_content(rest)))
        signed, algorithm, _, *certs = _parts(_content(_content(octets)))
        *_, this_update, next_update = re.finditer(rb"\x18\x0f\d{14}Z", signed)
        for match, when in ((this_update, first), (next_update, last)):
            new = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + when)).encode()
            signed = signed[:match.start() + 2] + new + signed[match.end():]
        basic = _der(0x30, signed, algorithm, self._signature(signed, key or self.key), *certs)
        return _der(0x30, status, _der(0xa0, _der(0x30, kind, _der(0x04, basic))))


def _head(data, at):
    """Where the content of the DER element at this place begins and ends."""
    length, begin = data[at + 1], at + 2
    if length > 127:
        begin += length - 128
        length = int.from_bytes(data[at + 2:begin], "big")
    return begin, begin + length


def _content(data):
    begin, end = _head(data, 0)
    return data[begin:end]


def _parts(data):
    """The elements, one behind the other."""
    parts, at = [], 0
    while at < len(data):
        _, end = _head(data, at)
        parts.append(data[at:end])
        at = end
    return parts


def _der(tag, *parts):
    data = b"".join(parts)
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([len(data)]) if len(data) < 128 else bytes([128 | len(length)]) + length) + data
