# SPDX-License-Identifier: GPL-2.0-or-later
"""SIPp's scenarios in test/scenarios: x.xml is a caller's or a called party's side of a call. Lines that all messages have
in common are written there as {caller}, {called} ..., and put in here, where one may hold others; {caller-3} is one with
the branch of the message three steps before. And what the two sides must agree on."""

import re

import net
import sipmsg
from run import TREE, Failed, wait_until
from sipp import Sipp

HERE = TREE / "test" / "scenarios"
PART = re.compile(r"\{(\w+)(-\d+)?\}")
CONTACT = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>"
SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a="""
ANSWER = "[last_Via:]\n[last_Record-Route:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]"
PARTS = {
    # who talks to whom, and by what
    "protocol": "[transport]",
    "from": "<sip:1000@[local_ip]:[local_port]>",
    "to": "<sip:[service]@[remote_ip]:[remote_port]>",
    "number": "sip:[service]@[remote_ip]:[remote_port]",
    "via": "Via: SIP/2.0/{protocol} [local_ip]:[local_port];branch=[branch];rport\nMax-Forwards: 70",
    # the caller's requests: one that begins a call, those within it, and in a call that there never was
    "caller": "{via}\nFrom: {from};tag=[pid]c[call_number]\nTo: {to}\nCall-ID: [call_id]",
    "within": "{via}\n[routes]\nFrom: {from};tag=[pid]c[call_number]\nTo: {to}[peer_tag_param]\nCall-ID: [call_id]",
    "stray": "{via}\nFrom: {from};tag=[pid]c[call_number]\nTo: {to};tag=nobody\nCall-ID: [call_id]",
    # the called party's requests; <ereg> has kept both sides of the INVITE
    "called": "{via}\n[routes]\nFrom:[$called];tag=[pid]d[call_number]\nTo:[$caller]\nCall-ID: [call_id]",
    # answers, to the first request and to those within the call
    "first": ANSWER.format(tag=";tag=[pid]d[call_number]"),
    "answer": ANSWER.format(tag=""),
    "late": "[$way]From:[$caller]\nTo:[$called];tag=[pid]d[call_number]\nCall-ID: [call_id]\nCSeq: 1 INVITE",
    "contact": CONTACT,
    "empty": "Content-Length: 0\n",
    "sdp": SDP + "sendrecv",
    "hold": SDP + "sendonly",
    "held": SDP + "recvonly",
    # it keeps what `called` and `late` need: From, To, and all of Record-Route and Via, which stand at the top
    "invite": """<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="called"/>
<ereg regexp="((Record-Route|Via):[[:print:]]+[[:cntrl:]]+)+" search_in="msg" check_it="true" assign_to="way"/>
</action></recv>
<Reference variables="caller,called,way"/>""",
}
PROOF = re.compile(r";cube-to=[0-9a-f]{16}(?=[;>? ])")
ON_THE_WAY = {"via", "v", "route", "record-route", "max-forwards", "content-length", "l"}


def write(run, name, count, parts):
    """The scenario as SIPp reads it; its path. parts: more of them."""
    def part(found):
        text, back = PART.sub(part, {**PARTS, **parts}[found.group(1)]), found.group(2)
        return text.replace("[branch]", f"[branch{back}]") if back else text
    path = run.dir / f"{count}-{name}.xml"
    path.write_text(PART.sub(part, (HERE / f"{name}.xml").read_text()))
    return path


def listens(host, port, transport):
    """A SIPp with this transport ("u1", "t1") has opened its port."""
    if transport == "u1":
        return net.listens_udp(host, port)
    wanted = "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(line.split()[1] == wanted and line.split()[3] == "0A" for line in table)


class Side:
    """One side of a call. name: of its scenario; count: the same for no two calls."""

    def __init__(self, run, name, count, host, port, transport, parts, **options):
        self.name, self.transport = name, transport
        self.sipp = Sipp(run, f"{count}-{name}", write(run, name, count, parts), host, port, transport=transport, **options)
        self._at = host, port

    def wait_listens(self):
        wait_until(lambda: self.sipp.process.status() is not None or listens(*self._at, self.transport), 5,
                   f"{self.name} listens", 0.01)

    def seen(self):
        """(sent, received): its messages in order, without repetitions."""
        sides = {"sent": [], "received": []}
        for way, text in dict.fromkeys(self.sipp.messages()):
            sides[way].append(sipmsg.Message.parse(text.replace("\n", "\r\n")))
        return sides["sent"], sides["received"]


def first(messages, method, status=None, n=0):
    """The n-th of the requests with this method, or of its answers with this status."""
    found = [m for m in messages if (m.method, m.status) == (method, status)]
    if len(found) <= n:
        raise Failed(f"there is no {method} {status or ''} number {n}")
    return found[n]


def names(messages):
    """What they are: "INVITE", "200 INVITE"."""
    return [m.method if m.status is None else f"{m.status} {m.method}" for m in messages]


def start(message):
    """Its first line, without what proves to our server that the Request-URI was a Contact."""
    return PROOF.sub("", message.first)


def _core(message):
    """What nobody on the way may change. A Contact is given a proof, which the requests that go there bring back."""
    headers = sorted((n.lower(), PROOF.sub("", v) if n.lower() == "contact" else v)
                     for n, v in message.headers if n.lower() not in ON_THE_WAY)
    head = start(message) if message.method != "INVITE" or message.status else "INVITE"
    return head, headers, message.body.strip()


def _own(message):
    """Made by each server on the way for itself: 100, CANCEL with its answer, ACK of what is not 200."""
    return message.status == 100 or message.method == "CANCEL"


def end_to_end(sent, received, besides=()):
    """Everything that one side received, the other one has sent just so, but for Via, Route, Record-Route, Max-Forwards, and an
    INVITE's Request-URI. besides: names of those that our server has made."""
    known = [_core(m) for m in sent]
    for message in received:
        if _own(message) or names([message])[0] in besides:
            continue
        if _core(message) not in known:
            like = [str(m) for m in sent if names([m]) == names([message])]
            raise Failed(f"was not sent so:\n{message}\nbut:\n" + "\n".join(like))
