# SPDX-License-Identifier: GPL-2.0-or-later
"""What a message must be on a leg of each scheme, when it is known what was sent on the other one: RFC 3261, RFC 5630 and
RFC 3966, in the words of docs/dial-peers.md. Knows neither sockets nor processes."""

import re

import sipmsg
from cases import check, equal
from run import Failed

# of cube.conf: what takes calls of each scheme
LISTENERS = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    listen-secure     = {{ "{cube}:5061" }}
    crypto-signaling "default" {{ trustpoint = "tenant100" }}
    trusted-list      = {{ "127.0.0.0/8" }}
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
"""
IDENTITIES = ("p-asserted-identity", "p-preferred-identity", "remote-party-id", "diversion", "referred-by")
ON_THE_WAY = ("via", "route", "record-route", "max-forwards", "content-length")
PROOF = re.compile(r";cube-to=[0-9a-f]{16}(?=[?>])")
LEGS = re.compile(r"cube-legs=([pst]{2})[0-9a-f]{16}")


class Kind:
    """One kind of leg. url: "sip", "sips" or "tel"; protocol: "UDP", "TCP" or "TLS"."""

    def __init__(self, name):
        self.name = name
        self.url, _, self.protocol = name.partition("/")
        self.plain = "sip" if self.url == "tel" else self.url  # where there can be no telephone number: Contact, Record-Route

    def at(self, user, host, port):
        """A SIP URI of somebody on this leg. RFC 5630 3.1.3: transport=tls is not needed with sips."""
        param = {"TCP": ";transport=tcp", "TLS": ";transport=tls", "UDP": ""}[self.protocol]
        return f"{self.plain}:{user}@{host}:{port}{'' if self.url == 'sips' else param}"

    def of(self, number, host):
        """A telephone number on this leg: RFC 3966 5.1.1, RFC 3261 19.1.6."""
        return f"tel:{number}" if self.url == "tel" else f"{self.plain}:{number}@{host}"


def uri_on(url, uri, host):
    """The URI as it stands on a leg whose scheme is url. host: what a telephone number that has none is given."""
    scheme, _, rest = uri.partition(":")
    user = rest.partition("@")[0] if "@" in rest else ""
    if url == "tel":
        if scheme == "tel" or (re.fullmatch(r"\+[\d.()-]+(;.*)?", user) and "?" not in rest):
            return f"tel:{user or rest}"
        url = "sip"
    if scheme == "tel":
        return f"{url}:{rest}@{host};user=phone"
    if scheme == url:
        return uri
    # RFC 3261 26.2.2: transport=tls says nothing that sips does not say; any other one would contradict it
    ours, theirs = ("transport", "cube-transport") if url == "sips" else ("cube-transport", "transport")
    return f"{url}:" + re.sub(rf";{ours}=(?!tls\b)", f";{theirs}=", rest)


def value_on(url, value, host):
    """A header's value, or several, in which each URI stands between < and >."""
    return re.sub(r"<([^>]*)>", lambda found: f"<{uri_on(url, found.group(1), host)}>", value)


def contact(message, value):
    """A value of Contact as the other side must have written it: where somebody is, each of its URIs has one proof more, behind
    all other parameters. In an answer from 300 on it says where somebody else may be, and has none."""
    if message.status is not None and message.status >= 300:
        return value
    bare, proofs = PROOF.subn("", value)
    equal(f"proofs in Contact: {value}", proofs, len(re.findall("<[^>]*>", value)))
    return bare


class Leg:
    """What one side of a call sent and received, and where our server is on it."""

    def __init__(self, kind, sent, received, server):
        self.kind, self.sent, self.received, self.place = kind, sent, received, server
        self.server = server.removesuffix(":5060")  # the default port, of which our server says nothing


def via(value):
    """Without what whoever gets it writes into it."""
    return re.sub(r";(received|rport)(=[^;]*)?", "", value)


def _same(sent, got):
    return (sent.first.split()[0], sent.status, sent.get("CSeq")) == (got.first.split()[0], got.status, got.get("CSeq"))


def _begins(message):
    return message.method == "INVITE" and message.status is None and ";tag=" not in message.get("To")


def _wanted(name, value, leg, dialog):
    """The value of one header of a message on the leg it comes to."""
    name = name.lower()
    host = leg.place.rpartition(":")[0]
    if name == "contact":  # RFC 5630 5.1: sips where the leg is; a telephone number is no contact
        return value_on(leg.kind.plain, value, host)
    if name == "refer-to":
        return value_on(leg.kind.url, value, leg.place)
    if name in IDENTITIES:
        return value_on(leg.kind.url, value, host)
    if name in ("from", "to"):
        return dialog[value]
    return value


def relayed(sender, receiver, dialog):
    """Each message that arrived was sent, and stands there as it must, header by header; nothing is missing. dialog: what the
    values of From and To on the sender's leg are on the receiver's."""
    left = list(sender.sent)
    for got in receiver.received:
        if got.status == 100 or (got.status is not None and got.status >= 300 and got.method == "INVITE"):
            continue
        sent = next((m for m in left if _same(m, got)), None)
        if sent is None:
            raise Failed(f"nobody sent it on the other leg:\n{got}")
        left.remove(sent)
        what = f"{got.first} ({got.get('CSeq')})"
        names = [n.lower() for n, _ in sent.headers if n.lower() not in ON_THE_WAY]
        wanted = sorted((n.lower(), _wanted(n, v, receiver, dialog)) for n, v in sent.headers
                        if n.lower() in names)
        equal(f"{what}: headers", sorted((n.lower(), contact(got, v) if n.lower() == "contact" else v)
                                         for n, v in got.headers if n.lower() not in ON_THE_WAY), wanted)
        equal(f"{what}: body", got.body.strip(), sent.body.strip())
        if got.status is None:
            _request(what, sent, got, receiver)
    missing = [m.first for m in left if m.status != 100]
    equal(f"sent by {sender.kind.name}, and did not arrive", missing, [])


def _request(what, sent, got, leg):
    """RFC 3261 16.6: what a proxy adds and takes away."""
    equal(f"{what}: Max-Forwards (16.6, 3)", int(got.get("Max-Forwards")), int(sent.get("Max-Forwards")) - 1)
    ours, *theirs = got.list("Via")
    check(ours.startswith(f"SIP/2.0/{leg.kind.protocol} {leg.server};branch=z9hG4bK"), f"{what}: Via (16.6, 8): {ours}")
    equal(f"{what}: one more Via", len(theirs), 1)
    equal(f"{what}: the sender's Via (18.2.1, RFC 3581 4)", via(theirs[0]), via(sent.get("Via")))
    equal(f"{what}: Route (16.4: each server takes out its own)", got.all("Route"), [])
    if not _begins(got):
        equal(f"{what}: Record-Route", got.all("Record-Route"), [])
        # without the proof that the sender put in, since it was given this Contact with it
        equal(f"{what}: Request-URI (12.2.1.1)", got.first.split()[1], leg.contact)


def targets(leg):
    """RFC 3261 12.2.1.1: what a side sends in its dialog goes to the Contact that it was given, as that stands, with the proof;
    whoever writes one Contact all the time is read so on the other side, too."""
    given = {sipmsg.uri_of(v) for m in leg.received for v in m.all("Contact")}
    sent = {m.first.split()[1] for m in leg.sent if m.status is None and not _begins(m)}
    equal(f"{leg.kind.name}: one Contact is given", len(given), 1)
    equal(f"{leg.kind.name}: Request-URIs in the dialog", sent, given)


def answered(leg):
    """RFC 3261 8.1.3.3, 17.1.3: what comes back has the Via of what was sent, and no other."""
    for got in leg.received:
        if got.status is None:
            continue
        request = next(m for m in leg.sent if m.status is None and m.get("CSeq") == got.get("CSeq") and m.method != "ACK")
        equal(f"{got.first} ({got.get('CSeq')}): Via", [via(v) for v in got.list("Via")], [via(request.get("Via"))])


def strict(leg, calling):
    """A peer that knows a dialog by every byte (RFC 2543 did, RFC 3261 12.2.1.1 wants the URIs kept for it): From and To of
    everything that comes are those of the request that began the call, with one tag each."""
    invite = next(m for m in (leg.sent if calling else leg.received) if _begins(m))
    begun = invite.get("From"), invite.get("To")
    mine = next(m.get("To") for m in (leg.received if calling else leg.sent) if m.status is not None and m.status > 100)
    equal("the other tag is all that To gets", mine.partition(";tag=")[0], begun[1])
    for way, messages in (("sent", leg.sent), ("received", leg.received)):
        for m in messages:
            if m.status == 100 or _begins(m):
                continue
            if m.method == "CANCEL":  # it is of a request, not of a dialog
                equal(f"{leg.kind.name}: {way} {m.first}: From, To", (m.get("From"), m.get("To").partition(";tag=")[0]), begun)
                continue
            from_caller = ((way == "sent") == calling) == (m.status is None)
            pair = (begun[0], mine) if from_caller else (mine, begun[0])
            equal(f"{leg.kind.name}: {way} {m.first} ({m.get('CSeq')}): From, To", (m.get("From"), m.get("To")), pair)


def record_routes(invite, answers, caller, called, tag):
    """RFC 3261 16.6, 4 and 16.7; RFC 5630 3.1, 5.3: one header for each leg, with its scheme; that of the called one is
    first, and has the proof, and the caller reads the same in the answers."""
    routes = invite.list("Record-Route")
    proofs = {p for r in routes for p in sipmsg.uri_of(r).split(";") if p.startswith("cube-legs=")}
    equal("one proof of the dialog, with the legs' schemes", [LEGS.fullmatch(p).group(1) for p in proofs if LEGS.fullmatch(p)],
          ["".join({"sip": "p", "sips": "s", "tel": "t"}[leg.kind.url] for leg in (caller, called))])
    for route, leg in zip(routes, (called, caller), strict=True):
        uri = sipmsg.uri_of(route)
        param = "" if leg.kind.protocol == "UDP" else f";transport={leg.kind.protocol.lower()}"
        begin = f"{leg.kind.plain}:{leg.server}{param}"
        check(re.fullmatch(re.escape(begin) + r"(;[^;]*)+", uri), f"Record-Route {route}, must begin with {begin}")
        params = uri[len(begin):].split(";")[1:]
        wanted = {"lr", "r2=on", f"ftag={tag}"}
        check(wanted <= set(params), f"Record-Route {route}: {wanted}")
        equal(f"Record-Route {route}: proofs", proofs & set(params), proofs if leg is called else set())
    for answer in answers:
        equal(f"Record-Route of {answer.first}", answer.list("Record-Route"), routes)
