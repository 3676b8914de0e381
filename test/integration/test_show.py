# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator sees of connections, and what he clears: CUBE's text with live values, at none, one and 2,000
connections; the same as structures; counters that add up."""

import os
import resource
import signal
import socket
import ssl
import threading
import time

import cube
from binrpc import BinRpc, Fault
from jsonrpc import JsonRpc
from caller import Call, UdpLeg, knock
from cases import check, equal, limit
from farend import FarEnd
from run import wait_until
from tlsclient import TlsClient, client_context, options, served

MANY = 2000
CURVE = "X25519MLKEM768" if ssl.OPENSSL_VERSION_INFO >= (3, 5) else "X25519"  # what OpenSSL prefers for TLS 1.3
REMEDY = "kamcmd's socket carries no more: ask by tenant or target, or over JSON-RPC"
CONF = """sip-ua {{
    listen-secure     = {{ "{cube}:5061", "[::1]:{v6}" }}
    crypto-signaling "default" {{ tls-profile = 1 }}
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "127.0.0.0/8", "::1" }}
    connection-establish-tls = 5
}}
tls-profile 1 {{ trustpoint = "tenant100" }}
tls-profile 2 {{ trustpoint = "tenant200"  tls-version = "1.2" }}
tenant 200 {{ tls-profile = 1  listen-secure = "{cube}:8888"  session-transport = "tcp tls" }}
tenant 400 {{ tls-profile = 2  listen-secure = "{cube}:6061" }}
"""
TOTALS = ("Total active connections      : {0}\nNo. of send failures          : {1}\nNo. of remote closures        : {2}\n"
          "No. of conn. failures         : {3}\nNo. of inactive conn. ageouts : 0\nTLS client handshake failures : {4}\n"
          "TLS server handshake failures : {5}\n")
LISTENERS = {
    "brief": "-------------- SIP Transport Layer Listen Sockets ---------------\n"
             "  Conn-Id             Local-Address            Tenant \n"
             " ==========    ===========================   ============\n",
    "detail": "-------------- SIP Transport Layer Listen Sockets ---------------\n"
              "  Conn-Id             Local-Address                      Tenant \n"
              " ==========    ===========================              ========\n",
}
NOTE = """---------Printing Detailed Connection Report---------
Note:
 ** Tuples with no matching socket entry
    - Do 'clear sip <tcp[tls]/udp> conn t ipv4:<addr>:<port>'
      to overcome this error condition
 ++ Tuples with mismatched address/port entry
    - Do 'clear sip <tcp[tls]/udp> conn t ipv4:<addr>:<port> id <connid>'
      to overcome this error condition
 * Connections with SIP OAuth ports

"""
AGENT = ("Remote-Agent:{0}, Connections-Count:{1}\n"
         "  Remote-Port Conn-Id Conn-State  WriteQ-Size            Local-Address               TLS-Version                "
         "Cipher              Curve Tenant\n"
         "  =========== ======= =========== =========== ====================================== =========== "
         "================================== ===== ======\n")


def row(port, number, local, version, cipher, curve, tenant):
    return f"  {port:>11} {number:>7} Established           0 {local:<38} {version:>11} {cipher:>34} {curve:>5} {tenant:>5}\n"


ENDS = ("done", "limited", "unserved", "conn-failed", "other", "identity", "certificate", "revoked", "revocation",
        "no-certificate", "cipher", "version", "server-name", "refused", "timeout", "closed")


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "peer", "other", "far")}
        self.v6 = run.addresses.port("::1", 5061)
        self.far = FarEnd(self.at["far"], 5061)
        stack.callback(self.far.close)
        conf = CONF.format(v6=self.v6, **self.at) + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")
        conf += cube.dial_peer(1, 200, "1...", f"ipv4:{self.at['far']}:5061")
        conf += cube.dial_peer(3, 200, "3...", f"ipv4:{self.at['far']}:5998")
        conf += cube.dial_peer(2, 200, "2...", f"ipv4:{self.at['far']}:5999")
        http = run.addresses.port(self.at["peer"], 8080)
        self.cube = cube.Cube(run, conf, more={"CUBE_HTTP": f"tcp:{self.at['peer']}:{http}"}, shm_mb=256).start()
        self.json = JsonRpc(self.at["peer"], http)
        self.rpc = stack.enter_context(BinRpc(self.cube.ctl))

    def show(self, form):
        return "\n".join(self.rpc.values("cube_tls.show", form)) + "\n"

    def listeners(self, form):
        width = 45 if form == "detail" else 31
        rows = [(f"[{self.at['cube']}]:5061:", 0), (f"{self.at['cube']}:6061:", 400), (f"{self.at['cube']}:8888:", 200),
                (f"[::1]:{self.v6}:", 0)]
        return LISTENERS[form] + "".join(f"  {i:<13} {text:<{width}}{tenant}\n" for i, (text, tenant) in enumerate(rows))

    def connect(self, port, version=None, source="peer"):
        return served(client_context("ogw", version or "1.2", version or "1.3"), self.at[source], (self.at["cube"], port))

    def id_of(self, client):
        """The connection's number here."""
        remote = "%s:%d" % client.ssl.getsockname()[:2]
        found = [r for r in self.cube.connections() if r["remote"] == remote]
        equal(f"connections with {remote}", len(found), 1)
        return int(found[0]["id"])


setup = Made


def ended(client):
    """By a close_notify, within 5 s."""
    client.ssl.suppress_ragged_eofs = False  # TCP's end alone is no close_notify
    try:
        client.receive()
    except EOFError:
        return True
    except ssl.SSLEOFError:
        pass
    return False


def test_none(t):
    """Nothing has happened: Cisco's sample, with our listeners."""
    made = t.made
    for form in ("brief", "detail"):
        text = TOTALS.format(0, 0, 0, 0, 0, 0) + "\n" + (NOTE if form == "detail" else "") + made.listeners(form)
        equal(form, made.show(form), text)


def test_one(t):
    """One connection of each kind: by TLS 1.3 and 1.2, ours and theirs, and what they come to."""
    made = t.made
    with made.connect(5061, "1.3") as first, made.connect(6061, "1.2", "other") as second:
        call = Call(UdpLeg(made.at["peer"], (made.at["cube"], 5060)), "1000")
        equal("INVITE", call.invite(), 200)
        equal("BYE", call.bye(), 200)
        own = next(r for r in made.cube.connections() if r["role"] == "client")
        want = TOTALS.format(3, 0, 0, 0, 0, 0).replace(
            "TLS client", f"Max. tls send msg queue size of 1, recorded for {made.at['far']}:5061\nTLS client") + "\n" + NOTE
        rows = [
            (made.at["peer"], row(first.ssl.getsockname()[1], made.id_of(first), f"{made.at['cube']}:5061", "TLSv1.3",
                                  "TLS_AES_256_GCM_SHA384:ECDSA", CURVE, 0)),
            (made.at["other"], row(second.ssl.getsockname()[1], made.id_of(second), f"{made.at['cube']}:6061", "TLSv1.2",
                                   second.ssl.cipher()[0], "X25519", 400)),
            (made.at["far"], row(5061, own["id"], f"{made.at['cube']}:8888", "TLSv1.3", "TLS_AES_256_GCM_SHA384:ECDSA",
                                 CURVE, 200)),
        ]
        for agent, text in rows:
            want += AGENT.format(agent, 1) + text + "\n"
        equal("detail", made.show("detail"), want + made.listeners("detail"))
        equal("kamcmd", made.cube.kamcmd("cube_tls.show", "brief").split("\n")[0].rstrip(),
              "Total active connections      : 3")
        equal("connections of tenant 400", [r["id"] for r in made.rpc.values("cube_tls.connections", "tenant", 400)],
              [made.id_of(second)])
        _idle(made, first)
    made.far.close_all()
    made.cube.wait_no_connection()
    equal("remote closures", made.show("brief").split("\n")[2], "No. of remote closures        : 3")


def _idle(made, client):
    """Since the last message, in either direction."""
    number = made.id_of(client)
    for asked in (False, True):
        if asked:
            client.send(options(client, (made.at["cube"], 5061)))
            equal("OPTIONS", client.receive().status, 200)
        else:
            time.sleep(2.1)
        row = made.rpc.values("cube_tls.connections", "id", number)[0]
        check((row["idle"] < 2) == asked and row["idle"] <= row["age"], f"idle {row['idle']}, age {row['age']}, asked now: {asked}")


def test_clear(t):
    """By id, target and tenant, in the words of the documents; with close_notify; what is not there is said."""
    made = t.made
    a, b, c, d = made.connect(5061), made.connect(5061), made.connect(8888, source="other"), made.connect(6061, "1.2")
    kept = made.connect(8888)
    equal("clear id", made.rpc.call("cube_tls.clear", "id", made.id_of(a))["cleared"], 1)
    check(ended(a), "connection a gets a close_notify")
    equal("clear target", made.rpc.call("cube_tls.clear", "target", "ipv4:%s:%d" % b.ssl.getsockname())["cleared"], 1)
    check(ended(b), "connection b gets a close_notify")
    equal("clear tenant", made.rpc.call("cube_tls.clear", "tenant", 400)["cleared"], 1)
    check(ended(d), "connection d gets a close_notify")
    for client in (c, kept):
        client.send(options(client, (made.at["cube"], 8888)))
        equal("OPTIONS on another connection", client.receive().status, 200)
    usage = "cube_tls.clear id N | target ipv4:A:P | target ipv6:[A]:P | tenant N"
    for args, code, text in ((("id", 999999), 404, "there is no connection 999999"),
                             (("target", "ipv4:127.0.0.9:1"), 404, "there is no connection with 127.0.0.9:1"),
                             (("target", "ipv6:[::1]:1"), 404, "there is no connection with [::1]:1"),
                             (("tenant", 400), 404, "tenant 400 has no connection"),
                             ((), 400, usage), (("id",), 400, usage), (("id", "x"), 400, usage), (("all", 1), 400, usage),
                             (("target", "127.0.0.9:1"), 400, usage), (("target", "ipv4:[::1]:1"), 400, usage),
                             (("tenant", "-1"), 400, usage)):
        try:
            made.rpc.call("cube_tls.clear", *args)
        except Fault as fault:
            equal(f"clear {args}", (fault.code, fault.text), (code, text))
        else:
            check(False, f"clear {args} must be refused")
    for client in (c, kept):
        client.close()
    made.cube.wait_no_connection()
    made.cube.prove_alive()


def test_no_socket(t):
    """`**`: a connection that was ended, whose socket TCP main has not closed yet. It is stopped for that moment."""
    made = t.made
    processes = made.rpc.values("core.ps")
    tcp_main = next(pid for pid, what in zip(processes[::2], processes[1::2]) if what == "tcp main process")
    with made.connect(5061) as client, made.connect(5061) as other:
        number, kept = made.id_of(client), made.id_of(other)
        os.kill(tcp_main, signal.SIGSTOP)
        try:
            equal("clear", made.rpc.call("cube_tls.clear", "id", number)["cleared"], 1)
            rows = [line.split()[1:3] for line in made.show("detail").split("\n") if " Established " in line]
            equal("active", made.show("brief").split("\n")[0], "Total active connections      : 1")
        finally:
            os.kill(tcp_main, signal.SIGCONT)
        equal("rows", sorted(rows), sorted([[f"{number}**", "Established"], [str(kept), "Established"]]))
        check(ended(client), "the connection gets a close_notify")
        wait_until(lambda: [r["id"] for r in made.rpc.values("cube_tls.connections")] == [kept], 5, "it has gone")
    made.cube.wait_no_connection()


def test_connect_failures(t):
    """A target that nobody listens on is a failed connection and no failed handshake."""
    made = t.made
    call = Call(UdpLeg(made.at["peer"], (made.at["cube"], 5060)), "2000")
    check(call.invite() >= 500, "the call must fail")
    wait_until(lambda: made.show("brief").split("\n")[3] == "No. of conn. failures         : 1", 5,
               "it is counted as a failed connection")
    counts = made.cube.counters("200")[200, "client"]
    equal("begun and conn-failed", (counts["begun"] - counts.get("done", 0), counts["conn-failed"]), (1, 1))


def test_clear_waited_for(t):
    """A connection of ours stays while a request waits for its handshake."""
    made = t.made
    with socket.create_server((made.at["far"], 5998)):
        knock(made.at["peer"], (made.at["cube"], 5060), "3000")
        row = wait_until(lambda: next((r for r in made.cube.connections() if r["state"] == "handshake"), None), 5,
                         "the far end is being connected to")
        for args in (("id", int(row["id"])), ("target", f"ipv4:{row['remote']}"), ("tenant", 200)):
            try:
                made.rpc.call("cube_tls.clear", *args)
            except Fault as fault:
                equal(f"clear {args}", (fault.code, fault.text), (409, "requests wait for the handshake of what would be closed"))
            else:
                check(False, f"clear {args} must be refused")
        equal("the connection", [r["id"] for r in made.cube.connections()], [row["id"]])
    made.cube.wait_no_connection(15)


def test_sums(t):
    """Whatever became of connections, each was counted once."""
    made = t.made
    wait_until(lambda: not made.cube.connections(), 10, "no connection is left")
    for key, counts in made.cube.counters().items():
        ends = sum(n for what, n in counts.items() if what in ENDS)
        equal(f"{key}: begun, and how they ended", counts["begun"], ends)


@limit(60)
def test_many(t):
    """2,000 connections are listed while SIP goes on: nobody waits for the list."""
    made = t.made
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    context, clients, slowest, stop = client_context("ogw"), [], [0.0], threading.Event()
    try:
        for number in range(MANY):
            clients.append(TlsClient(context, made.at[("peer", "other")[number % 2]], (made.at["cube"], (5061, 8888)[number % 3 == 0])))
        wait_until(lambda: made.show("brief").startswith(f"Total active connections      : {MANY}\n"), 20, "all are up")
        with made.connect(8888) as asking:
            def ask():
                while not stop.is_set():
                    began = time.monotonic()
                    asking.send(options(asking, (made.at["cube"], 8888)))
                    asking.receive()
                    slowest[0] = max(slowest[0], time.monotonic() - began)

            def quiet(seconds):
                slowest[0] = 0.0
                time.sleep(seconds)
                return slowest[0]

            thread = threading.Thread(target=ask)
            thread.start()
            try:
                alone = quiet(2)
                slowest[0] = 0.0
                began = time.monotonic()
                for _ in range(10):
                    text = "\n".join(made.json.call("cube_tls.show", "detail"))
                    rows = made.json.call("cube_tls.connections")
                took = (time.monotonic() - began) / 20
                beside = slowest[0]
            finally:
                stop.set()
                thread.join()
            cut, some = made.show("detail"), made.rpc.values("cube_tls.connections")
            check(len(cut) > 150000 and f" more lines; {REMEDY})" in cut, f"kamcmd's list must say that it is cut: {cut[-200:]}")
            equal("kamcmd's rows and those that it says are missing", len(some) - 1 + some[-1]["more"], MANY + 1)
        equal("rows", sum(" Established " in line for line in text.split("\n")), MANY + 1)
        equal("structures", len(rows), MANY + 1)
        for agent, count in ((made.at["peer"], MANY // 2 + 1), (made.at["other"], MANY // 2)):
            check(AGENT.format(agent, count) in text, f"{agent} must have {count} connections")
        t.say(f"          a list of {MANY}: {took * 1000:.0f} ms; the slowest OPTIONS {beside * 1000:.1f} ms, "
              f"{alone * 1000:.1f} ms without lists")
        check(beside < 0.25, f"an OPTIONS took {beside:.3f} s beside the lists")
    finally:
        for client in clients:
            client.close()
    made.cube.wait_no_connection()
    made.cube.prove_alive()
