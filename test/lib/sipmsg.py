# SPDX-License-Identifier: GPL-2.0-or-later
"""SIP messages as the tests write and read them: first line, headers in order, body. Knows no sockets and no
transactions."""

import itertools
import os
import re

_count = itertools.count(1)

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
       "a=rtpmap:0 PCMU/8000\r\n")


def unique(what):
    """A name that no other message of this test run has."""
    return f"{what}-{os.getpid():x}-{next(_count):x}"


class Message:
    def __init__(self, first, headers, body=""):
        self.first, self.headers, self.body = first, list(headers), body

    @classmethod
    def parse(cls, text):
        head, _, body = text.partition("\r\n\r\n")
        first, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        headers = [(n.strip(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
        return cls(first, headers, body)

    def __bytes__(self):
        headers = [*self.headers, ("Content-Length", len(self.body))]
        lines = [self.first, *(f"{n}: {v}" for n, v in headers), "", self.body]
        return "\r\n".join(lines).encode()

    def __str__(self):
        return bytes(self).decode(errors="replace")

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name, default=""):
        values = self.all(name)
        return values[0] if values else default

    @property
    def status(self):
        """The status of an answer; None of a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else None

    @property
    def method(self):
        """Of a request; of an answer, the request's."""
        return self.first.split()[0] if self.status is None else self.get("CSeq").split()[-1]

    @property
    def number(self):
        """The user part of a request's URI."""
        found = re.match(r"(?:sips?:([^@;]*)@|tel:([^;]*))", self.first.split()[1])
        return found.group(1) or found.group(2) or "" if found else ""

    @property
    def scheme(self):
        """Of a request's URI; None of an answer."""
        return self.first.split()[1].partition(":")[0].lower() if self.status is None else None

    @property
    def call_id(self):
        return self.get("Call-ID")

    def list(self, name):
        """All values of a header that may hold several: those of Record-Route, in order."""
        return [part.strip() for value in self.all(name) for part in re.split(r",(?=\s*<)", value)]


class Splitter:
    """Messages out of a stream's bytes."""

    def __init__(self):
        self._data = b""

    def feed(self, data):
        self._data += data
        messages = []
        while True:
            self._data = self._data.lstrip(b"\r\n")
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return messages
            found = re.search(rb"^(?:content-length|l)\s*:\s*(\d+)", head, re.I | re.M)
            length = int(found.group(1)) if found else 0
            if len(rest) < length:
                return messages
            messages.append(_without_length((head + end + rest[:length]).decode(errors="replace")))
            self._data = rest[length:]


def _without_length(text):
    message = Message.parse(text)
    message.headers = [(n, v) for n, v in message.headers if n.lower() not in ("content-length", "l")]
    return message


def datagram(data):
    return _without_length(data.decode(errors="replace"))


def request(method, uri, via, caller, called, call_id, cseq, headers=(), body=""):
    """via: "UDP 127.0.0.1:5060". caller, called: the values of From and To."""
    head = [("Via", f"SIP/2.0/{via};branch=z9hG4bK{unique('b')};rport"), ("Max-Forwards", "70"), ("From", caller),
            ("To", called), ("Call-ID", call_id), ("CSeq", f"{cseq} {method}"), *headers]
    if body:
        head.append(("Content-Type", "application/sdp"))
    return Message(f"{method} {uri} SIP/2.0", head, body)


def answer(message, status, tag="", headers=(), body=""):
    """The answer to a request."""
    words = {100: "Trying", 180: "Ringing", 200: "OK", 486: "Busy Here", 503: "Service Unavailable"}
    head = [(n, v) for n, v in message.headers if n.lower() in ("via", "from", "call-id", "cseq", "record-route")]
    to = message.get("To")
    if tag and ";tag=" not in to:
        to += f";tag={tag}"
    head.append(("To", to))
    if body:
        head.append(("Content-Type", "application/sdp"))
    return Message(f"SIP/2.0 {status} {words.get(status, 'Answer')}", [*head, *headers], body)


def uri_of(value):
    """What is between < and >."""
    found = re.search(r"<([^>]*)>", value)
    return found.group(1) if found else value
