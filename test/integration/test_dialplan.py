# SPDX-License-Identifier: GPL-2.0-or-later
"""The dry run: cube_dialpeer.match by kamcmd's socket and by JSON-RPC, and cube-dialplan without the server, say the same;
and a call then takes the dial-peers that they said. Also cube_dialpeer.list and .summary."""

import os
import pathlib
import pwd
import re
import subprocess

import cube
import kamailio
import pki
from binrpc import BinRpc, Fault
from caller import Call, UdpLeg
from cases import Skipped, check, equal
from farend import FarEnd
from jsonrpc import JsonRpc
from kamailio import RpcError
from run import Failed

DIALPLAN = pathlib.Path(kamailio.MODULES).parent / "bin" / "cube-dialplan"

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
}}
tls-profile 100 {{ trustpoint = "tenant100"  cn-san-validate = "server"  cn-san = {{ "{name}" }} }}
tls-profile 200 {{ trustpoint = "tenant200" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5080"  listen-non-secure = "{cube}:5070"  session-transport = "tcp tls" }}
tenant 200 {{ tls-profile = 200  listen-secure = "{cube}:5090"  session-transport = "tcp tls" }}
uri "vip" {{ user-id = "^vip" }}
uri "sales" {{ user-id = "^sales$" }}
e164-pattern-map 1 {{ e164 = {{ "24..", "2410" }} }}
dpg 1 {{ dial-peer = {{ "202", "203 preference 1" }} }}
provision-policy 1 {{ preference = {{ "from", "called" }} }}
translation-rule 1 {{ rule = {{ "/^00/ /20/", "reject /^0900/" }} }}
translation-rule 2 {{ rule = {{ "reject /^2777/" }} }}
translation-profile "in" {{ called = 1 }}
translation-profile "out" {{ called = 2 }}
dial-peer 9 {{ tenant = 100  incoming-called-number = "0"  translation-profile-incoming = "in" }}
dial-peer 10 {{ tenant = 100  incoming-called-number = "2..." }}
dial-peer 11 {{ tenant = 100  incoming-called-number = "26.."  destination-provision-policy = 1 }}
dial-peer 12 {{ tenant = 100  incoming-uri-from = "vip"  destination-dpg = 1 }}
dial-peer 13 {{ tenant = 200  incoming-called-number = "2001"  max-conn = 9 }}
dial-peer 14 {{ tenant = 100  incoming-called-number = "27.."  shutdown = true }}
dial-peer 15 {{ incoming-called-number = "2" }}
dial-peer 201 {{ tenant = 100  destination-pattern = "2..."  session-target = "ipv4:{far}:{good}" }}
dial-peer 202 {{ tenant = 100  destination-pattern = "200."  session-target = "ipv4:{far}:{good}" }}
dial-peer 203 {{ tenant = 200  destination-e164-pattern-map = 1  session-target = "ipv4:{far}:{good}" }}
dial-peer 204 {{ tenant = 100  destination-pattern = "2001"  session-target = "ipv4:{far}:{dead}"  preference = 1 }}
dial-peer 205 {{ tenant = 100  destination-pattern = "2001"  session-target = "ipv4:{far}:{dead}" }}
dial-peer 206 {{ tenant = 200  destination-uri-from = "vip"  session-target = "ipv4:{far}:{good}"  huntstop = true }}
dial-peer 207 {{ tenant = 200  destination-uri = "sales"  session-target = "ipv4:{far}:{good}" }}
dial-peer 209 {{ tenant = 100  destination-pattern = "277"  session-target = "ipv4:{far}:{good}"  translation-profile-outgoing = "out" }}
dial-peer 208 {{ tenant = 100  destination-pattern = "28"  session-target = "ipv4:{far}:{good}"  shutdown = true }}
"""
OUTBOUND = range(201, 210)

# (user that is called, user that calls, listener's port): with all that the dry run can be told
CALLS = [("2001", "caller", 5070), ("2002", "caller", 5070), ("2410", "caller", 5070), ("2499", "caller", 5060),
         ("2001", "vip7", 5070), ("2601", "vip7", 5070), ("2611", "caller", 5070), ("2701", "caller", 5070), ("2801", "caller", 5070),
         ("sales", "caller", 5070), ("3333", "caller", 5070), ("+4930", "caller", 5060), ("0002", "caller", 5070), ("09001", "caller", 5070), ("2771", "caller", 5070),
         ("2777", "caller", 5070)]


class Placed(Call):
    """A call of a user of any name."""

    def __init__(self, leg, number, caller):
        super().__init__(leg, number)
        self._caller = self._caller.replace("sip:caller@", f"sip:{caller}@", 1)

    def facts(self, cube_address, port):
        """What the dry run is told of it."""
        return {"socket": f"{cube_address}:{port}", "source": self.leg.local.split(":")[0], "ruri": self._uri,
                "from": self._caller, "to": self._called, "via": f"SIP/2.0/{self.leg.via};branch=z9hG4bK1"}


class Made:
    def __init__(self, run, stack):
        self.run = run
        self.at = {name: run.addresses.host() for name in ("cube", "caller", "far")}
        good, dead = (run.addresses.port(self.at["far"], port) for port in (5061, 5063))
        self.far = FarEnd(self.at["far"], good, "tgw")
        stack.callback(self.far.close)
        text = subprocess.run(["openssl", "x509", "-in", pki.cert("tgw"), "-noout", "-ext", "subjectAltName"], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=10).stdout
        self.name = re.search(r"DNS:([\w.-]+)", text).group(1)
        conf = CONF.format(block=run.addresses.block, name=self.name, good=good, dead=dead, **self.at)
        conf += cube.trustpoint("tenant100") + cube.trustpoint("tenant200")
        http = run.addresses.port(self.at["cube"], 8080)
        self.cube = cube.Cube(run, conf, blocks=OUTBOUND, more={"CUBE_HTTP": f"tcp:{self.at['cube']}:{http}"}).start()
        self.json = JsonRpc(self.at["cube"], http)
        self.rpc = stack.enter_context(BinRpc(self.cube.ctl))

    def match(self, *words):
        """The rows of the dry run, by both transports the same."""
        rows = self.rpc.values("cube_dialpeer.match", *words)
        equal(f"match {words} by JSON-RPC", self.json.call("cube_dialpeer.match", *words), rows)
        return rows

    def dialplan(self, *args, conf=None, **options):
        result = subprocess.run([DIALPLAN, "-c", conf or self.cube.conf, *args], stdin=subprocess.DEVNULL, text=True, timeout=20,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)
        return result.returncode, result.stdout, result.stderr

    def call(self, number, caller, port):
        """A real call: what the dry run is told of it, its status, (inbound, outbound) dial-peers as the log has them."""
        leg = UdpLeg(self.at["caller"], (self.at["cube"], port))
        call = Placed(leg, number, caller)
        facts = call.facts(self.at["cube"], port)
        try:
            if call.invite() == 200:
                call.bye()
        finally:
            leg.close()
        if call.status == 403:  # the module's line does not say which call it was
            return facts, call, None
        lines = self.cube.wait_log(f"call {call.call_id} of tenant")
        found = re.search(r"dial-peer (\d+) -> (\d+)", lines[0])
        return facts, call, found and tuple(map(int, found.groups()))


setup = Made


def parts(rows, part):
    return [row for row in rows if row["part"] == part]


def as_text(rows):
    """Rows as cube-dialplan prints them. What a running server knows of connections, and of calls, is left out."""
    lines = []
    for row in rows:
        lines.append(row["part"])
        lines += [f"    {name}: {value}" for name, value in row.items()
                  if name not in ("part", "connection", "peer-name", "covers-target", "calls-now")]
    return "\n".join(lines) + "\n"


def test_real_calls(t):
    """The dry run, the command and the call itself agree."""
    made = t.made
    for number, caller, port in CALLS:
        facts, call, taken = made.call(number, caller, port)
        rows = made.match(*(f"{name}={value}" for name, value in facts.items()))
        refused = [row["becomes"] for row in parts(rows, "translation") if row.get("becomes", "").startswith("nothing")]
        passed_over = len(refused) if "nothing: the dial-peer is passed over" in refused else 0
        outbound = [row["dial-peer"] for row in parts(rows, "outbound") if "dial-peer" in row][passed_over:]
        inbound = parts(rows, "inbound")[0]["dial-peer"]
        what = f"{caller} calls {number} at port {port}"
        t.say(f"          {what}: {call.status}, dial-peer {inbound} -> {outbound}")
        if outbound:
            equal(f"{what}: dial-peers that it takes", taken, (inbound, outbound[0]))
        else:
            equal(f"{what}: status", call.status, 403 if refused else 404)
        code, text, _ = made.dialplan(*(f"--{name}={value}" for name, value in facts.items() if name != "ruri"), facts["ruri"])
        equal(f"{what}: cube-dialplan's text", text, as_text(rows))
        equal(f"{what}: cube-dialplan's exit status", code, 0 if outbound else 1)
        if call.status == 200:
            tried = [row for row in parts(rows, "outbound")[passed_over:] if str(made.at["far"]) + ":5063" not in row["target"]]
            equal(f"{what}: the far end got it from", made.far.where(call.call_id)[1].get("X-Dial-Peer"), str(tried[0]["dial-peer"]))
    made.cube.prove_alive()


def test_connection(t):
    """Whether there is a connection to the target, with whom, and whether its certificate is the target's."""
    made = t.made
    made.far.close_all()
    made.cube.wait_no_connection()
    equal("before any call", [row.get("connection") for row in parts(made.match("out", "2002"), "outbound")], ["none"] * 2)
    for number in ("2002", "2410"):
        equal("call", made.call(number, "caller", 5070)[1].status, 200)
    row = parts(made.match("out", "2002"), "outbound")[0]
    equal("tenant 100's", (row["connection"], row["peer-name"], row["covers-target"]),
          (f"established with {made.far.at}", made.name, "yes"))
    row = parts(made.match("out", "2410"), "outbound")[0]
    equal("tenant 200's", (row["dial-peer"], row["covers-target"]), (203, "cn-san-validate does not ask for it"))
    dead = parts(made.match("out", "2001"), "outbound")[0]
    equal("where nobody is", (dead["dial-peer"], dead["connection"]), (205, "none"))
    made.far.close_all()
    made.cube.wait_no_connection()
    equal("when it has ended", parts(made.match("out", "2002"), "outbound")[0]["connection"], "none")


def test_forms(t):
    """What can be typed, and what is refused."""
    made = t.made

    def found(*words):
        return [(row["part"], row.get("dial-peer")) for row in made.match(*words) if row["part"] in ("inbound", "outbound")]
    equal("in 2001 tenant 100", found("in", 2001, "tenant", 100), [("inbound", 10)])
    equal("in 2001 tenant=200", found("in", "2001", "tenant=200"), [("inbound", 13)])
    equal("calls by 13", [(row["max-conn"], row["calls-now"]) for row in made.match("in", "2001", "tenant=200") if row["part"] == "inbound"], [(9, 0)])
    equal("out 2410", found("out", 2410), [("inbound", 0), ("outbound", 203), ("outbound", 201)])
    equal("tenant 100 2410", found("tenant", 100, 2410), [("inbound", 10), ("outbound", 203), ("outbound", 201)])
    equal("dial-peer=12", found("dial-peer=12", "9"), [("inbound", 12), ("outbound", 202), ("outbound", 203)])
    for words, wanted in (((), "cube_dialpeer.match [in | out]"), (("in", 2001), "tell whose it is"), (("2001", "2002"), "neither name=value"),
                          (("tenant=x",), "tenant: must be"), (("out", "colour=2"), "neither name=value"), (("out", 493012345), "called=NUMBER"), (("ruri=sip:" + "2" * 5000,), "more than")):
        for call in (made.rpc.call, made.json.call):
            try:
                call("cube_dialpeer.match", *words)
            except Fault as fault:
                check(fault.code == 400 and wanted in fault.text, f"match {words}: {fault}, must be 400 with '{wanted}'")
            else:
                raise Failed(f"match {words} was not refused")
    long = "cube_dialpeer.match", "out"
    check("called: 4930123456789" in made.cube.kamcmd(*long, "called=4930123456789"), "a long number")
    check("called: +0301" in made.cube.kamcmd(*long, "called=+0301"), "plus and zero")
    for number in ("4930123456789", "49301234567"):
        try:
            raise Failed(f"kamcmd with {number} was not refused: {made.cube.kamcmd(*long, number)}")
        except RpcError as error:
            check("write it as called=NUMBER" in error.text, f"{error}")


def test_list(t):
    """cube_dialpeer.list: every dial-peer with its keys, one, none. cube_dialpeer.summary: as CUBE has it."""
    made = t.made
    rows = made.rpc.values("cube_dialpeer.list")
    equal("by JSON-RPC", made.json.call("cube_dialpeer.list"), rows)
    equal("tags", [row["dial-peer"] for row in rows], [9, 10, 11, 12, 13, 14, 15, *OUTBOUND])
    one = made.rpc.call("cube_dialpeer.list", 206)
    equal("one", one, rows[-4])
    counted = ("calls-in", "calls-out", "answered", "hunted-past", "passed-busied-out", "passed-max-conn", "passed-sips")
    equal("counters", [one.pop(name) for name in counted], [0] * len(counted))
    equal("its keys", one, {"dial-peer": 206, "admin": "up", "oper": "up", "tenant": 200, "destination-uri-from": "vip",
                            "session-target": f"ipv4:{made.far.at}", "session-transport": "tcp tls", "preference": 0,
                            "url": "sip", "sips-downgrade": "false", "permission": "both", "huntstop": "true", "shutdown": "false"})
    equal("shut down", [(row["admin"], row["oper"]) for row in rows if row["dial-peer"] == 208], [("down", "down")])
    for words, code in (((7,), 404), (("x",), 400)):
        try:
            raise Failed(f"list {words}: {made.rpc.call('cube_dialpeer.list', *words)}")
        except Fault as fault:
            equal(f"list {words}", fault.code, code)
    summary = made.rpc.values("cube_dialpeer.summary")
    equal("cube-dialplan --summary", made.dialplan("--summary")[:2], (0, "\n".join(summary) + "\n"))
    check(summary[4].startswith("10     voip  up   up  ") and len(summary) == 3 + 16, f"{summary}")


def test_command(t):
    """cube-dialplan's exit status, and what it does where it may not read keys."""
    made = t.made
    conf = made.run.write("wrong.conf", "sip-ua { }\ndial-peer 1 { destination-pattern = \"2x\" }\n")
    for args, path, wanted in ((["2001"], None, 0), (["3333"], None, 1), (["--check"], None, 0), ([], None, 2), (["--colour", "2001"], None, 2),
                               (["--tenant=x", "2001"], None, 2), (["-i", "2001"], None, 2), (["-i", "-t", "100", "2001"], None, 0),
                               (["2001"], conf, 2), (["--check"], conf, 2), (["2001"], "/nowhere/cube.conf", 2), (["--check", "2001"], None, 2)):
        equal(f"cube-dialplan {' '.join(args)}", made.dialplan(*args, conf=path)[0], wanted)
    whole = made.dialplan("-t", "100", "2001")
    equal("nothing to complain of", whole[2], "")
    key = made.run.write("locked.key", "")
    os.chmod(key, 0o600)
    locked = made.run.write("locked.conf", pathlib.Path(made.cube.conf).read_text().replace(str(pki.key("tenant100")), str(key)))
    code, text, said = made.dialplan("-t", "100", "2001", conf=locked)
    equal("with a key that is no good", (code, text), whole[:2])
    check("left out of account" in said and "private-key" in said, said)
    equal("--check with it", made.dialplan("--check", conf=locked)[0], 2)


def test_other_user(t):
    """A user who may read cube.conf, but no key."""
    made = t.made
    if os.geteuid() != 0:
        raise Skipped("needs root, to become somebody else")
    nobody = pwd.getpwnam("nobody")
    folder = pathlib.Path("/run") / made.run.dir.name
    program, conf = folder / "cube-dialplan", folder / "cube.conf"
    folder.mkdir(mode=0o755)
    try:
        program.write_bytes(DIALPLAN.read_bytes())
        program.chmod(0o755)
        conf.write_text(pathlib.Path(made.cube.conf).read_text())
        conf.chmod(0o644)
        key = folder / "tenant100.key"
        key.write_bytes(pki.key("tenant100").read_bytes())
        key.chmod(0o600)
        conf.write_text(conf.read_text().replace(str(pki.key("tenant100")), str(key)))
        result = subprocess.run([program, "-c", conf, "-t", "100", "2001"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                timeout=20, check=False, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/")
        check(f"private-key: cannot read {key}: Permission denied" in result.stderr, result.stderr)
        equal("what it prints", (result.returncode, result.stdout), made.dialplan("-t", "100", "2001")[:2])
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
