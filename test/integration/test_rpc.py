# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command by kamcmd's socket and by JSON-RPC: the same answers, and JSON that any parser takes."""

import json

import binrpc
import cube
from binrpc import BinRpc, Fault
from cases import check, equal
from jsonrpc import JsonRpc
from oddcerts import OddCerts
from tlsclient import client_context, served

ODD = 'odd "quoted" \\ name é'
CONF = """sip-ua {{
    listen-secure     = {{ "{cube}:5061" }}
    listen-non-secure = {{ "{cube}:5060" }}
    crypto-signaling "default" {{ tls-profile = 1 }}
    trusted-list      = {{ "127.0.0.0/8" }}
}}
tls-profile 1 {{ description = "{odd}"  trustpoint = "tenant100" }}
tenant 200 {{ description = "{odd}"  tls-profile = 1  listen-secure = "{cube}:8888"  listen-non-secure = "{cube}:5070" }}
trustpoint "{odd}" {{ ca = "{ca}"  revocation-check = {{ "crl", "none" }}  crl = "http://{cube}:1/crl.der" }}
"""
# Arguments with which each command is called; one that is not here is called without any.
ARGS = {
    "cube_tenant.check": [(), ("/nowhere/cube.conf",)],
    "cube_dialpeer.list": [(), (1,), ("1",), ("one",)],
    "cube_dialpeer.match": [(), ("out", 2001), ("in", "2001", "tenant", 200), ("tenant=200", ODD), ("colour=2",)],
    "cube_tls.connections": [(), ("tenant", 200), ("tenant", "200"), ("id", 999999), ("id",), ("target", "ipv4:127.0.0.9:1")],
    "cube_tls.show": [(), ("brief",), ("detail",), ("detail", "tenant", 200), ("all",)],
    "cube_tls.clear": [(), ("id", 999999), ("tenant", 200), ("target", "ipv4:127.0.0.9:1"), ("target", "nowhere")],
    "cube_tls.counters": [(), (200,), (0,), (7,)],
    "cube_tls.trustpoints": [(), ("tenant100",), (ODD,), ("nobody",)],
}


class Made:
    def __init__(self, run, stack):
        self.at, self.peer = run.addresses.host(), run.addresses.host()
        self.certs = OddCerts(run.dir / "certs", "odd.example")
        self.cert = self.certs.leaf("odd")
        odd = ODD.replace("\\", "\\\\").replace('"', '\\"')
        conf = CONF.format(cube=self.at, odd=odd, ca=self.certs.authority("authority").pem) + cube.trustpoint("tenant100")
        http = run.addresses.port(self.peer, 8080)
        self.cube = cube.Cube(run, conf, more={"CUBE_HTTP": f"tcp:{self.peer}:{http}"}).start()
        self.json = JsonRpc(self.peer, http, object_pairs_hook=members)
        self.rpc = stack.enter_context(BinRpc(self.cube.ctl))

    def connect(self, port):
        """A connection with an odd name as its SNI."""
        context = client_context()
        context.load_cert_chain(self.cert.pem, self.cert.key)
        return served(context, self.peer, (self.at, port), name='odd"\\name')

    def both(self, command, *args):
        """What a command answers by the socket and by JSON-RPC, with one connection each time: ("values", list) or
        ("fault", code and text)."""
        outcomes = []
        for call in (self.rpc.values, self.json.call):
            with self.connect(8888):
                outcomes.append(_outcome(call, command, *args))
            self.cube.wait_no_connection()
        return outcomes


setup = Made


def members(pairs):
    """An object of JSON; each name may be there once."""
    names = [name for name, _ in pairs]
    equal("names that an object has more than once", sorted({n for n in names if names.count(n) > 1}), [])
    return dict(pairs)


def _outcome(call, command, *args):
    try:
        answer = call(command, *args)
    except Fault as fault:
        return "fault", (fault.code, fault.text)
    return "values", answer if isinstance(answer, list) else [answer]


def shape(value):
    """A value's structure: names in order, and the kinds of what they have."""
    if isinstance(value, dict):
        return [(name, shape(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def test_all(t):
    """All commands that there are, with all that they can be asked."""
    made = t.made
    commands = sorted(c for c in made.rpc.values("system.listMethods") if c.startswith("cube_"))
    equal("commands with arguments here that are not there", sorted(set(ARGS) - set(commands)), [])
    check(len(commands) >= 10, f"only {commands}")
    for command in commands:
        for args in ARGS.get(command, [()]):
            by_socket, by_json = made.both(command, *args)
            what = f"{command} {' '.join(map(str, args))}"
            if by_socket[0] == "fault":
                equal(what, by_json, by_socket)
            else:
                equal(what, (by_json[0], shape(by_json[1])), (by_socket[0], shape(by_socket[1])))
            t.say(f"          {what.strip()}: {len(by_socket[1])} {by_socket[0]}")


def test_odd_names(t):
    """Quotes, backslashes and letters that are no ASCII arrive as they are."""
    made = t.made
    for rows in (made.rpc.values("cube_tenant.list"), made.json.call("cube_tenant.list")):
        equal("description", [r["description"] for r in rows if r["tenant"] == 200], [ODD])
    for rows in (made.rpc.values("cube_tls.trustpoints", ODD), made.json.call("cube_tls.trustpoints", ODD)):
        equal("trustpoint", [r["trustpoint"] for r in rows], [ODD])
    with made.connect(8888):
        for rows in (made.rpc.values("cube_tls.connections"), made.json.call("cube_tls.connections")):
            equal("names", [(r["peer_name"], r["sni"]) for r in rows], [('odd.example', 'odd"\\name')])
    made.cube.wait_no_connection()


def test_numbers(t):
    """Numbers are numbers in JSON, and what may grow beyond 32 bits is text."""
    made = t.made
    with made.connect(8888):
        row = made.json.call("cube_tls.connections")[0]
        equal("kinds", {k for k, v in row.items() if isinstance(v, int)},
              {"id", "tenant", "peer_days_left", "queue", "age", "idle", "generation"})
        row = made.json.call("cube_tls.counters", 200)[0]
        check(int(row["received-bytes"]) > 100 and isinstance(row["received-bytes"], str), f"received-bytes: {json.dumps(row)}")
    made.cube.wait_no_connection()
    made.cube.prove_alive()


def test_doubles(t):
    """Doubles of BINRPC: thousandths in up to eight bytes, without leading zeros, so that the highest bit is a sign in eight alone."""
    for thousandths in (0, 1, 127, 128, 255, 256, 32768, 8388608, 8469848000, 2 ** 31, 2 ** 47, 2 ** 55, 2 ** 62, -1, -1500, -(2 ** 40)):
        raw = thousandths.to_bytes(8, "big", signed=True).lstrip(b"\0")
        equal(f"{thousandths} thousandths", binrpc._read_all(bytes([len(raw) << 4 | 2]) + raw + b"\x10\x07"), [thousandths / 1000, 7])
