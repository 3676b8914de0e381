# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of RFC 4475, "SIP Torture Test Messages", by the names that the RFC gives them: what each one has that is
unusual or wrong is the RFC's, the rest is as short as it can be. And headers that only dial-peers look at, in the same
spirit."""

SDP = b"v=0\r\no=m 29739 7272939 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\na=rtpmap:0 PCMU/8000\r\n"
URI, CALLER = "sip:user@example.com", "sip:caller@example.org;tag=33242"


def message(name, method="OPTIONS", uri=URI, to=URI, caller=CALLER, via="SIP/2.0/UDP 192.0.2.1", branch=";branch=z9hG4bK{}",
            cseq=None, version="SIP/2.0", more=(), body=b"", length=None, hops="70", start=None, without=()):
    """A request, with one of its parts replaced."""
    lines = {"start": start or f"{method} {uri} {version}", "Via": via + branch.format(name), "Max-Forwards": hops, "From": caller,
             "To": to, "Call-ID": f"{name}.torture", "CSeq": cseq or f"8 {method}"}
    head = [lines.pop("start"), *(f"{n}: {v}" for n, v in lines.items() if n not in without), *more]
    if length != "":
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def invite(name, **parts):
    parts = {"body": SDP, "more": (), **parts}
    parts["more"] = ("Contact: <sip:caller@host5.example.net>", "Content-Type: application/sdp", *parts["more"])
    return message(name, "INVITE", **parts)


def register(name, **parts):
    return message(name, "REGISTER", uri="sip:example.com", **parts)


def answer(name, status, reason, body=b""):
    return message(name, start=f"SIP/2.0 {status}{reason}", cseq="35 INVITE", to="sip:user@example.edu;tag=2229", body=body)


WSINV = ("INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\nTO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
         "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\n"
         "Call-ID: wsinv.torture\r\nContent-Length   : {}\r\ncseq: 0009\r\n  INVITE\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
         "s :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\nUnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
         "Content-Type: application/sdp\r\nRoute:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
         "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
         "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n")
METHOD = "!interesting-Method0123456789_*+`.%indeed'~"
ODD_URI = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com"
LONG = "long" * 300
PART = b"--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n" + bytes(range(256)) + b"\r\n--7a9cbec02ceef655--\r\n"
WRONG_LENGTH = invite("clerr", length=9999)

# 3.1.1: valid
VALID = {
    "wsinv": WSINV.format(len(SDP)).encode() + SDP,
    "intmeth": message("intmeth", METHOD, ODD_URI, cseq=f"139122385 {METHOD}", hops="255", branch=";branch=z9hG4bK-.!%66*_+`'~",
                       to="\"BEL:\x07 NUL:\x00 DEL:\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>",
                       caller="token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u0440\u0430\u0431\";tag=_token~1'+`*%!-.",
                       more=("extensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb",)),
    "esc01": invite("esc01", uri="sip:sips%3Auser%40example.com@example.net", to="sip:%75se%72@example.com",
                    caller="<sip:I%20have%20spaces@example.net>;tag=938", more=("m: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",)),
    "escnull": register("escnull", to="sip:null-%00-null@example.com", caller="sip:null-%00-null@example.com;tag=8",
                        more=("Contact: <sip:%00@host5.example.com>", "Contact: <sip:%00%00@host5.example.com>")),
    "esc02": message("esc02", "RE%47IST%45R", to="\"%Z%45\" <sip:resource@example.com>", caller="\"%Z%45\" <sip:resource@example.com>;tag=f",
                     branch=";branch=z9hG4bK209%fzsnel234", more=("C%6Fntact: <sip:alias2@host2.example.com>",)),
    "lwsdisp": message("lwsdisp", caller="caller<sip:caller@example.com>;tag=323"),
    "longreq": invite("longreq", to=f"\"I have {LONG}\" <sip:user@example.com:6000;u=very{LONG};longparam{LONG}=shortvalue;very{LONG}>",
                      caller=f"sip:amazingly{LONG}@example.net;tag=12{LONG};u{LONG}=v{LONG};valueless{LONG}",
                      more=(f"Unknown-{LONG}: unknown-{LONG};p-{LONG}=v-{LONG}", *(f"{n}: SIP/2.0/TCP sip{i}.example.com" for i, n in
                            enumerate(("v", "V", "ViA", "VIa", "vIA", "V ", "v  ", "Via  ", "VIA") * 4)),
                            f"Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very{LONG}")),
    "dblreq": register("dblreq") + invite("dblreq-second"),
    "semiuri": message("semiuri", uri="sip:user;par=u%40example.net@example.com"),
    "transports": message("transports", more=[f"Via: SIP/2.0/{t} t.example.com;branch=z9hG4bK{t}" for t in ("SCTP", "TLS", "UNKNOWN", "TCP")]),
    "mpart01": message("mpart01", "MESSAGE", more=("Content-Type: multipart/mixed;boundary=7a9cbec02ceef655", "Route: <sip:127.0.0.1:5080>"), body=PART),
    "unreason": answer("unreason", 200, " = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e", SDP),
    "noreason": answer("noreason", 100, " "),
}
# 3.1.2, 3.2, 3.3, 3.4: wrong in themselves, or something that few know, or that asks for an error
OTHERS = {
    "badinv01": invite("badinv01", caller="\"Joe\" <sip:joe@example.org>;;;;tag=x", more=("Contact: \"Joe\" <sip:joe@example.org>;;;;",)),
    "clerr": WRONG_LENGTH,
    # without a body: by plain TCP the core logs all of this one
    "ncl": message("ncl", "INVITE", length=-999),
    "scalar02": register("scalar02", cseq="36893488147419103232 REGISTER", hops="300", more=("Expires: 10000000000", "Contact: <sip:u@h.example.com>;expires=280297596632815"),
                         to="sip:user@example.com"),
    "scalarlg": message("scalarlg", start="SIP/2.0 503 Service Unavailable", cseq="9292394834772304023312 OPTIONS", more=("Retry-After: 949302838503028349304023988", "Warning: 1812 overture \"In Progress\"")),
    "quotbal": invite("quotbal", to="\"Mr. J. User <sip:j.user@example.com>"),
    "ltgtruri": invite("ltgtruri", uri="<sip:user@example.com>"),
    "lwsruri": invite("lwsruri", uri="sip:user@example.com; lr"),
    "lwsstart": invite("lwsstart", start="INVITE  sip:user@example.com  SIP/2.0"),
    "trws": message("trws", start="OPTIONS sip:remote-target@example.com SIP/2.0  "),
    "escruri": invite("escruri", uri="sip:user@example.com?Route=%3Csip:example.com%3E"),
    "baddate": invite("baddate", more=("Date: Fri, 01 Jan 2010 16:00:00 EST",)),
    "regbadct": register("regbadct", more=("Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E",)),
    "badaspec": message("badaspec", caller="\"Bell, Alexander\" <sip:a.g.bell@example.com>;tag=433423", to="\"Watson, Thomas\" < sip:t.watson@example.org >"),
    "baddn": message("baddn", caller="Bell, Alexander <sip:a.g.bell@example.com>;tag=43"),
    "badvers": message("badvers", version="SIP/7.0", via="SIP/7.0/UDP c.example.com"),
    "mismatch01": message("mismatch01", cseq="8 INVITE"),
    "mismatch02": message("mismatch02", "NEWMETHOD", cseq="8 INVITE", body=SDP),
    "bigcode": answer("bigcode", 4294967301, " better not break the receiver"),
    "badbranch": message("badbranch", branch=";branch=z9hG4bK"),
    "insuf": message("insuf", "INVITE", without=("Call-ID", "From", "To")),
    "unkscm": message("unkscm", uri="nobodyKnowsThisScheme:totallyopaquecontent"),
    "novelsc": message("novelsc", uri="soap.beep://192.0.2.103:3002"),
    "unksm2": register("unksm2", to="isbn:2983792873", caller="<http://www.example.com>;tag=3234233", more=("Contact: <name:John_Smith>",)),
    "bext01": message("bext01", more=("Require: nothingSupportsThis, nothingSupportsThisEither", "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis")),
    "invut": invite("invut", more=("Content-Type: application/unknownformat",), body=b"<audio>\r\n <pcmu port=\"443\"/>\r\n</audio>\r\n"),
    "regaut01": register("regaut01", more=("Authorization: NoOneKnowsThisScheme opaque-data=here",)),
    "multi01": invite("multi01", more=("CSeq: 59 INVITE", "From: sip:other@example.net;tag=3413415", "To: sip:other@example.net", "Call-ID: multi01.other", "Max-Forwards: 5")),
    "mcl01": message("mcl01", more=("Content-Length: 13",), body=b"There's no way to know", length=5),
    "bcast": message("bcast", start="SIP/2.0 200 OK", via="SIP/2.0/UDP 255.255.255.255", to="sip:u@example.com;tag=2229", cseq="8 INVITE"),
    "zeromf": message("zeromf", hops="0"),
    "cparam01": register("cparam01", more=("Contact: sip:+19725552222@gw1.example.net;unknownparam",)),
    "cparam02": register("cparam02", more=("Contact: <sip:+19725552222@gw1.example.net;unknownparam>",)),
    "regescrt": register("regescrt", more=("Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>",)),
    "sdp01": invite("sdp01", more=("Accept: text/nobodyKnowsThis",)),
    "inv2543": invite("inv2543", via="SIP/2.0/UDP iftgw.example.com", branch="", hops="0" * 20, without=("Max-Forwards",)),
}
# for dial-peers: what their URI classes and translation rules read
SEEN_BY_DIAL_PEERS = [
    ("Diversion: <sip:%00%zz%@[::1>;reason=\"", "Referred-By: <sip:a@b?c=%3C%3E>;cid=\"<>\"@", "P-Asserted-Identity: <tel:+44;phone-context=>, \"<sip:1@"),
    ("Diversion: " + "<" * 500, "Referred-By: \"" + "\\\"" * 400, "P-Asserted-Identity: sip:" + "1" * 3000 + "@h"),
    ("Diversion:", "Referred-By: ,", "P-Asserted-Identity: <>", "Remote-Party-ID: <sip:%>;"),
    ("Diversion: <sip:0123@h;x=\u0440>;;;", "Referred-By: <tel:>", "P-Asserted-Identity: <sip:+4930%2A%23@h>"),
]


def all_messages():
    """name -> bytes."""
    found = {**VALID, **OTHERS}
    for i, headers in enumerate(SEEN_BY_DIAL_PEERS):
        found[f"dial-peers-{i}"] = invite(f"dialpeers{i}", uri=f"sip:010{i}@example.com", caller=f"<sip:010{i}@[2001:db8::1]:5>;tag=x", more=headers)
        found[f"numbers-{i}"] = invite(f"numbers{i}", uri=("sip:+" + "1" * 63, "sip:%30%31%2a;x=y:p@h", "tel:+1-(2).3;phone-context=+4", "sips:;@;")[i], more=headers)
    return found
