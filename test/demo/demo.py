#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: two calls through a server with two tenants, between stock gateways.

    caller --UDP-- OGW ==TLS== [tenant 100  our server  tenant 200] ==TLS== TGW --UDP-- called 2000
                                            [sip-ua              ] --UDP-------------- called 3000

Everything runs on loopback addresses of its own. What it prints is what the parties saw: the gateways log their
peer's certificate, the phones record their messages, the server is asked with kamcmd. It ends with status 0 only if
all of it is as it must be. With --keep everything stays up to be looked at."""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import kamailio  # noqa: E402
import pki  # noqa: E402
from network import Network  # noqa: E402
from run import Failed, Run, main  # noqa: E402

CALLED = ["INVITE", "ACK", "BYE"]  # what a called party gets
ANSWERS = ["180", "200", "200"]  # what it answers, and the caller gets
OGW_NAME, TGW_NAME = "ogw.example", "tgw.example"
NAMES = {"100": "tenant100.cube.example", "200": "tenant200.cube.example"}  # of the tenants' certificates


def say(who, text=""):
    print(f"  {who:7} {text}" if text else who, flush=True)


class Verdict:
    """Collects what is not as it must be."""

    def __init__(self):
        self.faults = []

    def equal(self, what, seen, wanted):
        if seen != wanted:
            self.faults.append(f"{what}: {seen}, must be {wanted}")
        return seen

    def one(self, what, values, wanted=None):
        """The one value that all have, which is `wanted` if that is given."""
        different = sorted(set(values))
        if len(different) != 1:
            self.faults.append(f"{what}: {', '.join(different) or 'none'}, must be one value")
        elif wanted is not None:
            self.equal(what, different[0], wanted)
        return ", ".join(different)


def show_gateway(verdict, call, gateway, tenant, messages):
    """A gateway's view of its TLS connection with our server: it knows us by the tenant's certificate."""
    name, seen = gateway.name, call.seen(gateway)
    got = [s["what"] for s in seen]
    verdict.equal(f"{name}: messages over TLS", [w for w in got if w != "100"], messages)
    version = verdict.one(f"{name}: TLS version", [s["version"] for s in seen], "TLSv1.3")
    cipher = verdict.one(f"{name}: cipher", [s["cipher"] for s in seen])
    peer = verdict.one(f"{name}: name in our certificate", [s["peer"] for s in seen], NAMES[tenant])
    verdict.one(f"{name}: our certificate is verified", [s["verified"] for s in seen], "1")
    sender = verdict.one(f"{name}: our address", [s["from"] for s in seen], call.network.address(f"tls{tenant}"))
    say(name, f"verified our certificate: {peer}; {version} {cipher}; got {' '.join(got)} from {sender}")


def show_connection(verdict, network, tenant, role, peer):
    """Our server's view of one of its TLS connections."""
    rows = network.connections(tenant, role)
    verdict.equal(f"cube: number of TLS connections of tenant {tenant} as {role}", len(rows), 1)
    for row in rows:
        verdict.equal(f"cube: tenant {tenant}: TLS version", row["version"], "TLSv1.3")
        verdict.equal(f"cube: tenant {tenant}: local address", row["local"], network.address(f"tls{tenant}"))
        names = row["peer_name"].split(", ")
        verdict.equal(f"cube: tenant {tenant}: {peer} in the peer's certificate ({names})", peer in names, True)
        how = f"accepted {row['remote']} at" if role == "server" else f"connected to {row['remote']} from"
        say("cube", f"tenant {tenant} {how} {row['local']}, verified its certificate: {peer}; "
            f"{row['version']} {row['cipher']}")


def show_routing(verdict, call, dial_peer):
    rows = call.routed()
    verdict.equal(f"cube: blocks that ran for {call.number}", [r["block"] for r in rows], [f"DIAL_PEER_{dial_peer}"])
    for row in rows:
        verdict.equal("cube: tenant of the call", row["tenant"], "100")
        verdict.equal("cube: inbound dial-peer", row["in"], "100")
        verdict.equal("cube: outbound dial-peer", row["out"], str(dial_peer))
        say("cube", f"tenant {row['tenant']} calls {row['number']}: inbound dial-peer {row['in']}, outbound dial-peer "
            f"{row['out']}, route[{row['block']}]")


def show_caller(verdict, call):
    verdict.equal("caller: requests", call.caller_sent, CALLED)
    verdict.equal("caller: answers", [a for a in call.caller_got if a != "100"], ANSWERS)
    say("caller", f"sent {' '.join(call.caller_sent)}, got {' '.join(call.caller_got)}")


def show_called(verdict, call, sender):
    verdict.equal("called: requests", call.called_got, CALLED)
    via = verdict.one("called: sender", call.called_via, f"UDP {call.network.address(sender)}")
    say("called", f"got {' '.join(call.called_got)} by {via[:3]} from {via[4:]}")


def tls_to_tls(network, verdict):
    say("call 1, TLS to TLS: 1000 calls 2000")
    call = network.call("2000", "called")
    show_caller(verdict, call)
    show_gateway(verdict, call, network.ogw, "100", ANSWERS)
    show_connection(verdict, network, "100", "server", OGW_NAME)
    show_routing(verdict, call, 200)
    show_connection(verdict, network, "200", "client", TGW_NAME)
    show_gateway(verdict, call, network.tgw, "200", CALLED)
    show_called(verdict, call, "tgw_udp")


def tls_to_udp(network, verdict):
    say("call 2, TLS to UDP: 1000 calls 3000")
    call = network.call("3000", "phone")
    show_caller(verdict, call)
    show_gateway(verdict, call, network.ogw, "100", ANSWERS)
    show_connection(verdict, network, "100", "server", OGW_NAME)
    show_routing(verdict, call, 300)
    verdict.equal("tgw: messages of the call to 3000", call.seen(network.tgw), [])
    show_called(verdict, call, "udp")


def explain_keep(network, script):
    print("\nEverything is still running. Look at it:")
    for rpc in ("cube_tls.connections", "cube_tenant.list", "cube_tenant.check", "cube_tenant.reload"):
        print("  " + network.cube.command(rpc))
    print(f"its configuration: {network.run.dir}/cube.conf (edit it, then cube_tenant.reload)")
    print(f"its log:           {network.cube.process.log}")
    print(f"stop it:           {script}\n")


def arguments():
    parser = argparse.ArgumentParser(description="Two calls through a server with two tenants.")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    parser.add_argument("--build", metavar="DIR", type=pathlib.Path, help="the build folder, if it is not build/")
    options = parser.parse_args()
    if options.build:
        kamailio.MODULES = options.build.resolve() / "modules"
        pki.DIR = options.build.resolve() / "pki"
    missing = [n for n in ("cube_tenant", "cube_tls", "cube_dialpeer") if not (kamailio.MODULES / f"{n}.so").exists()]
    if missing:
        raise Failed(f"not built: {', '.join(missing)} (looked in {kamailio.MODULES}; `make` builds them)")
    return options


def program():
    options = arguments()
    verdict = Verdict()
    with Run("demo") as run:
        if options.keep:
            run.detach()
        network = Network(run)
        say(f"our server: tenant 100 at {network.address('tls100')} (TLS), tenant 200 at {network.address('tls200')} "
            f"(TLS), sip-ua at {network.address('udp')} (UDP)")
        say(f"stock Kamailio: OGW at {network.address('ogw_tls')}, TGW at {network.address('tgw_tls')}")
        tls_to_tls(network, verdict)
        tls_to_udp(network, verdict)
        for server in (network.cube, network.ogw, network.tgw):
            verdict.equal(f"{server.name} is running", server.alive(), True)
        if verdict.faults:
            raise Failed("\n        ".join(verdict.faults))
        if options.keep:
            explain_keep(network, run.keep())
        say("demo: 2 calls answered and ended, tenant 100 -> tenant 200 TLSv1.3, tenant 100 -> udp, 0 failed")


if __name__ == "__main__":
    main(program)
