# SPDX-License-Identifier: GPL-2.0-or-later
"""Searches what servers logged for what must never be there: key material, passwords, SIP bodies. Knows the form of
these, and the keys of test/pki line by line."""

import re

import pki
from run import Failed

PATTERNS = [
    ("a PEM block", re.compile(r"-----BEGIN|-----END")),
    ("key material", re.compile(r"\bMII[A-Za-z0-9+/]{20,}|\bMH[A-Za-z0-9+/]{40,}|\bMIG[A-Za-z0-9+/]{20,}")),
    ("a SIP body", re.compile(r"(^|[\s<\[])(v=0|s=-|m=audio |a=rtpmap|c=IN IP|o=\S+ \d+ \d+ IN)")),
    ("a password", re.compile(r"pass(word|phrase)\s*[=:]\s*(?!'\(null\)'|''$)\S|response=\"[0-9a-f]{32}\"", re.I)),
]
KEEP = 20  # lines shown


def key_lines():
    """Every line of base64 in the private keys."""
    lines = set()
    for path in pki.DIR.glob("*.key"):
        lines |= {line for line in path.read_text().splitlines() if len(line) > 20 and "-----" not in line}
    return lines


class Search:
    def __init__(self):
        self.servers = self.lines = 0
        self.found = []
        self._keys = None

    def take(self, run):
        """Searches the logs of every Kamailio of a run."""
        if self._keys is None:
            self._keys = key_lines() if pki.DIR.exists() else set()
        for process in run.processes:
            if process.argv[0].endswith("kamailio"):
                self.servers += 1
                self.text(f"{run.name}, {process.name}", process.log.read_text(errors="replace"))

    def text(self, where, text):
        for line in text.splitlines():
            self.lines += 1
            what = self._secret(line)
            if what:
                self.found.append(f"{where}: {what}: {line}")

    def _secret(self, line):
        for what, pattern in PATTERNS:
            if pattern.search(line):
                return what
        return "a line of a private key" if any(key in line for key in self._keys or ()) else None

    def sentence(self):
        return (f"the {self.lines} lines that {self.servers} servers logged hold no key material, no password and "
                "no SIP body.")

    def verdict(self):
        probe = Search()
        probe._keys = self._keys
        for number, text in enumerate(["-----BEGIN PRIVATE KEY-----", "body: v=0", "m=audio 4000 RTP/AVP 0",
                                       *sorted(self._keys or ())[:3]], 1):
            probe.text("probe", text)
            if len(probe.found) != number:
                raise Failed(f"the search does not find '{text[:20]}...'")
        if self.found:
            raise Failed(f"{len(self.found)} lines hold secrets:\n" + "\n".join(self.found[:KEEP]))
