# SPDX-License-Identifier: GPL-2.0-or-later
"""Session targets that are names, as RFC 3263 has it: NAPTR, SRV with priorities and weights, A and AAAA, and the next one
when the first is not there; by UDP, TCP and TLS. With a name server, in a namespace of its own. What is verified of a
name's certificate is in test_names_dns.py."""

import functools
import re
import time

import cube
import netns
import sipmsg
from caller import Call, UdpLeg, place
from cases import check, equal
from farend import FarEnd
from kamailio import structures
from nameserver import NameServer
from oddcerts import OddCerts
from run import wait_until
from scenarios import Side
from udpend import UdpEnd

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060", "[::1]:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
}}
tls-profile 1 {{ trustpoint = "tenant100"  cn-san-validate = "server"  sni-send = true }}
tenant 1 {{ tls-profile = 1  listen-secure = "{cube}:5101"  session-transport = "tcp tls" }}
tenant 2 {{ listen-non-secure = "{cube}:5102" }}
tenant 3 {{ listen-non-secure = "[::1]:5103" }}
tenant 4 {{ tls-profile = 1  listen-secure = "[::1]:5104" }}
"""
UDP = {"10": "dns:first.example", "11": "dns:weights.example", "12": "dns:dead.example", "13": "dns:pointer.example",
       "14": "dns:plain.example", "15": "dns:first.example:6003", "16": "dns:pointer-odd.example", "17": "dns:two.example:6002",
       "23": "dns:pointer-gap.example", "18": "dns:six.example:6006", "19": "ipv6:[::1]:6006"}
OTHERS = """dial-peer 20 {{ destination-pattern = "20"  session-target = "dns:first.example"  session-transport = "tcp" }}
dial-peer 21 {{ destination-pattern = "21"  session-target = "dns:dead.example"  session-transport = "tcp" }}
dial-peer 22 {{ destination-pattern = "22"  session-target = "dns:pointer.example"  session-transport = "tcp" }}
dial-peer 30 {{ destination-pattern = "30"  session-target = "dns:pointer.example"  tenant = 1 }}
dial-peer 31 {{ destination-pattern = "31"  session-target = "dns:plain.example"  tenant = 1 }}
dial-peer 40 {{ destination-pattern = "40"  session-target = "dns:six.example:6006"  tenant = 3 }}
dial-peer 41 {{ destination-pattern = "41"  session-target = "dns:six.example:6006"  tenant = 2 }}
dial-peer 42 {{ destination-pattern = "42"  session-target = "dns:six.example:6007"  tenant = 1 }}
dial-peer 43 {{ destination-pattern = "43"  session-target = "dns:mixed.example"  tenant = 2 }}
dial-peer 44 {{ destination-pattern = "44"  session-target = "dns:dead.example"  tenant = 2 }}
dial-peer 45 {{ destination-pattern = "45"  session-target = "dns:first.example"  tenant = 2 }}
dial-peer 47 {{ destination-pattern = "47"  session-target = "dns:silent-mixed.example"  tenant = 2 }}
dial-peer 48 {{ destination-pattern = "48"  session-target = "dns:mixed-four.example"  tenant = 3 }}
dial-peer 50 {{ destination-pattern = "50"  session-target = "dns:pointer.example"  options-keepalive-profile = 1 }}
dial-peer 52 {{ destination-pattern = "52"  session-target = "dns:mixed.example"  tenant = 2  options-keepalive-profile = 1 }}
dial-peer 53 {{ destination-pattern = "53"  session-target = "dns:six.example:6006"  tenant = 2  options-keepalive-profile = 2 }}
dial-peer 55 {{ destination-pattern = "55"  session-target = "dns:silent-mixed.example"  tenant = 2  options-keepalive-profile = 2 }}
dial-peer 54 {{ destination-pattern = "54"  session-target = "dns:dead.example"  tenant = 2  options-keepalive-profile = 2 }}
dial-peer 51 {{ destination-pattern = "51"  session-target = "ipv6:[::1]:6006"  options-keepalive-profile = 1 }}
options-keepalive 1 {{ up-interval = 5  down-interval = 5 }}
options-keepalive 2 {{ up-interval = 5  down-interval = 5  retry = 1 }}
dial-peer 49 {{ destination-pattern = "4[12378]"  session-target = "dns:first.example:6003"  preference = 1 }}
"""
NAMES = 100  # that are looked up again and again


class Made:
    def __init__(self, run, stack):
        self.run, self._count = run, 0
        self.at = {name: run.addresses.host() for name in ("cube", "caller", "dead", "a", "b", "c", "plain", "tls")}
        hosts = {name: f"{name}.hosts.example" for name in self.at}
        addresses = {**{hosts[name]: address for name, address in self.at.items()}, "plain.example": self.at["plain"],
                     "first.example": self.at["c"], "two.example": [self.at["a"], self.at["b"]], "six.example": "::1"}
        for n in range(NAMES):
            addresses[f"name{n}.example"] = self.at["plain"]
        srv = [("_sip._udp.first.example", hosts["b"], 6002, 20, 1), ("_sip._udp.first.example", hosts["a"], 6001, 10, 1),
               ("_sip._udp.weights.example", hosts["a"], 6001, 10, 30), ("_sip._udp.weights.example", hosts["b"], 6002, 10, 10),
               ("_sip._udp.dead.example", hosts["dead"], 6001, 10, 1), ("_sip._udp.dead.example", hosts["b"], 6002, 20, 1),
               ("_sip._udp.mixed.example", "six.example", 6006, 10, 1), ("_sip._udp.mixed.example", hosts["b"], 6002, 20, 1),
               ("_sip._udp.silent-mixed.example", hosts["dead"], 6001, 10, 1),
               ("_sip._udp.silent-mixed.example", "six.example", 6006, 20, 1),
               ("_sip._udp.silent-mixed.example", hosts["b"], 6002, 30, 1),
               ("_sip._udp.mixed-four.example", hosts["b"], 6002, 10, 1),
               ("_sip._udp.mixed-four.example", "six.example", 6006, 20, 1),
               ("_sip._tcp.first.example", hosts["a"], 6004, 10, 1), ("_sip._tcp.first.example", hosts["b"], 6004, 20, 1),
               ("_sip._tcp.dead.example", hosts["dead"], 6001, 10, 1), ("_sip._tcp.dead.example", hosts["a"], 6004, 20, 1),
               ("_sip._udp.gone.example", "gone.hosts.example", 6001, 10, 1),
               # where the NAPTR records lead to, and where a name that has some must not lead
               ("_sip._udp.pool.example", hosts["c"], 6003, 10, 1), ("_sip._udp.later.example", hosts["a"], 6001, 10, 1),
               ("_sip._tcp.pool.example", hosts["a"], 6004, 10, 1), ("_sips._tcp.pool.example", hosts["tls"], 6005, 10, 1),
               *((f"_{service}.pointer.example", hosts["dead"], 6001, 10, 1) for service in ("sip._udp", "sip._tcp", "sips._tcp")),
               ("_sip._udp.pointer-odd.example", hosts["b"], 6002, 10, 1)]
        pointers = [("pointer.example", 30, 10, "s", "SIP+D2U", "", "_sip._udp.pool.example"),
                    ("pointer.example", 30, 20, "s", "SIP+D2U", "", "_sip._udp.later.example"),
                    ("pointer.example", 20, 10, "s", "SIP+D2T", "", "_sip._tcp.pool.example"),
                    ("pointer.example", 10, 10, "s", "SIPS+D2T", "", "_sips._tcp.pool.example"),
                    ("pointer-gap.example", 30, 10, "s", "SIP+D2U", "", "_sip._udp.later.example"),
                    ("pointer-gap.example", 20, 20, "s", "SIP+D2U", "", "_sip._udp.pool.example"),
                    ("pointer-gap.example", 20, 10, "s", "SIP+D2U", "", "_sip._udp.gone.example"),
                    ("pointer-gap.example", 10, 10, "s", "SIP+D2U", "", "_sip._udp.nowhere.example"),
                    ("pointer-odd.example", 10, 10, "u", "E2U+sip", "!^.*$!sip:x@pool.example!", "."),
                    ("pointer-odd.example", 20, 10, "s", "SIP+D2U", "", "pool.example")]
        self.names = NameServer(run, addresses, {}, srv, pointers)
        self.ends = {name: UdpEnd(stack, self.at[name], port)
                     for name, port in (("a", 6001), ("b", 6002), ("c", 6003), ("plain", 5060))}
        self.ends["six"] = UdpEnd(stack, "::1", 6006)
        certs = OddCerts(run.dir / "odd", "unused.example")
        self.tls = {port: self._far(stack, certs, name, self.at[host], port)
                    for name, host, port in (("pointer.example", "tls", 6005), ("plain.example", "plain", 5061))}
        conf = CONF.format(block=run.addresses.block, **self.at) + OTHERS.format() + cube.trustpoint("tenant100")
        for tag, target in UDP.items():
            conf += f'dial-peer {tag} {{ destination-pattern = "{tag}"  session-target = "{target}" }}\n'
        for n in range(NAMES):
            conf += f'dial-peer {1000 + n} {{ destination-pattern = "{1000 + n}$"  session-target = "dns:name{n}.example" }}\n'
        self.cube = cube.Cube(run, conf).start()

    @staticmethod
    def _far(stack, certs, name, host, port):
        cert = certs.leaf(name, san=f"DNS:{name}")
        cert.pem.with_suffix(".key").symlink_to(cert.key)
        far = FarEnd(host, port, str(cert.pem.with_suffix("")))
        stack.callback(far.close)
        return far

    def state(self, target, tenant="2"):
        """Of a target that is watched, and what the last question came to."""
        rows = structures(self.cube.rpc("cube_dialpeer.keepalive"))
        return next((row["state"], row["last-answer"]) for row in rows if (row["target"], row["tenant"]) == (target, tenant))

    def leg(self):
        return UdpLeg(self.at["caller"], (self.at["cube"], 5060))

    def call(self, number):
        """A whole call; which of the ends of UDP got it."""
        return self.call_from(number)[0]

    def call_from(self, number):
        """The same, and from which port of ours."""
        leg = self.leg()
        call = place(leg, number)
        leg.close()
        got = {name: end.of(call.call_id)[0] for name, end in self.ends.items() if end.of(call.call_id)}
        sent_by = [re.match(r"SIP/2.0/UDP (\[[^]]*\]|[^;:]*)(:\d+)?", m.get("Via")) for m in got.values()]
        return "".join(got), " ".join((by.group(2) or ":5060")[1:] for by in sent_by)

    def tcp(self, number, host):
        """A whole call between SIPp on both sides, which is answered by TCP on this host, port 6004."""
        self._count += 1
        answering = Side(self.run, "answers", self._count, self.at[host], 6004, "t1", {}, timeout=20)
        answering.wait_listens()
        calling = Side(self.run, "calls", self._count, self.at["caller"], 5060, "u1", {}, timeout=20, service=number,
                       target=f"{self.at['cube']}:5060")
        calling.sipp.wait()
        answering.sipp.wait()


setup = netns.setup(Made)


def inside(case):
    """For each case."""
    @netns.inside
    @functools.wraps(case)
    def run(t):
        case(t.made)
    return run


@inside
def test_priorities(made):
    """SRV: the lower priority comes first, whatever the order in the answer. UDP, TCP."""
    equal("UDP", [made.call("10") for _ in range(3)], ["a"] * 3)
    made.tcp("20", "a")


@inside
def test_weights(made):
    """SRV: with equal priorities calls are shared by weight."""
    got = [made.call("11") for _ in range(60)]
    check(got.count("a") > got.count("b") > 0, f"weights 30 and 10: {got.count('a')} and {got.count('b')} calls")


@inside
def test_next_host(made):
    """SRV: the first host is dead, the next one gets the call: by UDP when it has been silent, by TCP at once."""
    equal("UDP", made.call("12"), "b")
    made.tcp("21", "a")


@inside
def test_next_address(made):
    """A: a name with two addresses, nobody listens at the first, or at the second."""
    equal("UDP", [made.call("17") for _ in range(2)], ["b"] * 2)


@inside
def test_no_service(made):
    """A name without SRV and NAPTR: its address, with the port of the transport."""
    equal("UDP, 5060", made.call("14"), "plain")
    leg = made.leg()
    call = place(leg, "31")
    leg.close()
    made.tls[5061].where(call.call_id)


@inside
def test_port(made):
    """A name with a port: its address, SRV is not asked for."""
    equal("UDP", made.call("15"), "c")
    check(not [line for line in made.names.process.tail(10000) if "six.example" in line and "SRV" in line], "no SRV asked")


@inside
def test_pointers(made):
    """NAPTR: of the records for the dial-peer's transport the first by order and preference leads to the SRV records; those of the
    name itself are not asked for. By TLS the name is what the certificate must have."""
    equal("UDP", [made.call("13") for _ in range(2)], ["c"] * 2)
    made.tcp("22", "a")
    leg = made.leg()
    call = place(leg, "30")
    leg.close()
    _, invite = made.tls[6005].where(call.call_id)
    equal("Request-URI", invite.first, "INVITE sip:30@pointer.example SIP/2.0")
    asked = [line for line in made.names.process.tail(10000) if "query[NAPTR] pointer.example" in line]
    check(0 < len(asked) <= 3 * len(made.cube.children), f"NAPTR was asked for {len(asked)} times")


@inside
def test_watched(made):
    """A target that is watched is asked where calls to it would go."""
    asked = wait_until(lambda: [m for m in made.ends["c"].requests if m.method == "OPTIONS"], 15, "OPTIONS come")
    equal("Request-URI", asked[0].first, "OPTIONS sip:pointer.example SIP/2.0")


def asked(end, name):
    """OPTIONS to this name that came here, and from which port."""
    return {m.get("Via").split(";")[0].rpartition(":")[2] for m in list(end.requests) if m.first.startswith(f"OPTIONS sip:{name}")}


@inside
def test_watched_family(made):
    """OPTIONS leave from the tenant's listener, too, or not at all."""
    wait_until(lambda: asked(made.ends["b"], "mixed.example"), 15, "OPTIONS come")
    equal("from", asked(made.ends["b"], "mixed.example"), {"5102"})
    wait_until(lambda: made.state("six.example:6006") == ("down", "not sent"), 10, "the other one is down")
    equal("OPTIONS by IPv6", [asked(made.ends["six"], name) for name in ("mixed.example", "six.example")], [set(), set()])


@inside
def test_watched_next(made):
    """OPTIONS go to the next host, too, when the first one is silent: calls would reach it."""
    for name in ("dead.example", "silent-mixed.example"):
        wait_until(lambda name=name: asked(made.ends["b"], name), 15, f"OPTIONS to {name} come")
        wait_until(lambda name=name: made.state(name) == ("up", "200"), 5, f"{name} is up")
        equal(f"{name}: from", asked(made.ends["b"], name), {"5102"})
    equal("OPTIONS by IPv6", asked(made.ends["six"], "silent-mixed.example"), set())


@inside
def test_next_pointer(made):
    """NAPTR: a record that leads to no SRV records is passed over, and one whose hosts have no address."""
    equal("UDP", [made.call("23") for _ in range(2)], ["c"] * 2)


@inside
def test_many_names(made):
    """What NAPTR says, here nothing, is asked once for each name, whatever number of names and processes there is."""
    for _ in range(3):
        equal("ends", {made.call(str(1000 + n)) for n in range(NAMES)}, {"plain"})
    asked_for = [line for line in made.names.process.tail(100000) if re.search(r"query\[NAPTR\] name\d+\.example", line)]
    check(NAMES <= len(asked_for) <= NAMES + 4, f"NAPTR was asked for {len(asked_for)} times")


@inside
def test_watched_reload(made):
    """A reload leaves what is known of a name, too; one that is no more in the file is forgotten."""
    def rows():
        return {row["target"]: (row["state"], row["since"]) for row in structures(made.cube.rpc("cube_dialpeer.keepalive"))}

    wait_until(lambda: rows()["six.example:6006"][0] == "down", 15, "it is down")
    before, text = rows(), made.cube.conf.read_text()
    made.cube.conf.write_text(text.replace('"dns:dead.example"  tenant = 2  options', '"dns:other.example"  tenant = 2  options'))
    made.cube.kamcmd("cube_tenant.reload")
    time.sleep(1.5)
    equal("behind a reload", rows()["six.example:6006"], before["six.example:6006"])
    check("dead.example" not in rows() and "other.example" in rows(), f"{rows()}")
    made.cube.conf.write_text(text)
    made.cube.kamcmd("cube_tenant.reload")


@inside
def test_useless_pointers(made):
    """NAPTR records that are of no use: the name's own SRV records."""
    equal("UDP", made.call("16"), "b")


@inside
def test_ipv6(made):
    """AAAA, and a target ipv6:, from the sender's listener of IPv6, be it sip-ua or a tenant."""
    for number, port in (("18", "5060"), ("19", "5060"), ("40", "5103")):
        equal(number, made.call_from(number), ("six", port))
    asked = wait_until(lambda: [m for m in made.ends["six"].requests if m.method == "OPTIONS"], 5, "the target is asked")[0]
    equal("From, Contact of OPTIONS", [sipmsg.uri_of(asked.get(n)) for n in ("From", "Contact")],
          ["sip:[::1]:5060", "sip:[::1]:5060;transport=udp"])


@inside
def test_contact(made):
    """A Contact that is a name, of a host of IPv6: requests of the call leave from the IPv6 listener of its leg's tenant, or not
    at all where that has none."""
    for number, bye in (("10", 200), ("45", 477)):
        end, leg = made.ends["a"], made.leg()
        end.at, call = "six.example:6006", Call(leg, number)
        try:
            equal(f"call to {number}", call.invite(), 200)
        finally:
            end.at = f"{made.at['a']}:6001"
        equal(f"BYE of the call to {number}", call.bye(2), bye)
        got = made.ends["six"].of(call.call_id, "BYE")
        equal("Via", [m.get("Via").split(";")[0] for m in got], ["SIP/2.0/UDP [::1]"] if bye == 200 else [])
        leg.close()


@inside
def test_own_listener(made):
    """A tenant has a listener of IPv4 alone: to a host of IPv6 nothing is sent from somebody else's, neither by UDP nor by TLS. The
    next dial-peer gets the call. When the first host was silent, the next one hears from the same listener."""
    equal("AAAA alone, UDP", made.call_from("41"), ("c", "5060"))
    equal("AAAA alone, TLS", made.call_from("42"), ("c", "5060"))
    check(len(made.cube.logged("its sender has no listener of that family")) >= 2, "the server does not log why")
    equal("SRV, the first one is silent", made.call_from("44"), ("b", "5102"))


@inside
def test_other_family(made):
    """SRV: a host of a family for which the tenant has no listener is passed over, be it the first one, or behind one that was
    silent. The next one hears from the tenant's listener, and the whole call goes there."""
    equal("AAAA first", [made.call_from("43") for _ in range(2)], [("b", "5102")] * 2)
    equal("AAAA behind a silent one", made.call_from("47"), ("b", "5102"))
    equal("A first, a tenant of IPv6", made.call_from("48"), ("six", "5103"))
