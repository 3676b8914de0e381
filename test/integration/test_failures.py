# SPDX-License-Identifier: GPL-2.0-or-later
"""What follows a failed handshake: the event route, the limit per source, the fail2ban filter. And a start as daemon."""

import os
import re
import signal

import cube
from cases import check, equal
from kamailio import CONFIG
from run import wait_until
from tlsclient import client_context, try_options

CONF = """sip-ua {{
    handshake-failure-limit = 5
    trusted-list = {{ "{friend}", "{noisy}" }}
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5100"  listen-non-secure = "{cube}:5060" }}
"""

EVENT = """event_route[cube:handshake-failed] {
	xlog("L_NOTICE", "event: tenant $cube(tenant) failure $cube(failure) from $si at $Ri:$Rp\\n");
}
"""


class Made:
    def __init__(self, run):
        self.run = run
        self.at = {name: run.addresses.host() for name in ("cube", "friend", "noisy", "stranger")}
        self.tenant = (self.at["cube"], 5100)
        self.conf = CONF.format(**self.at) + cube.trustpoint("tenant100")
        script = cube.script(run)
        script.write_text(script.read_text() + EVENT)
        self.cube = cube.Cube(run, self.conf, config=script).start()


def setup(run, _stack):
    return Made(run)


def test_event_route(t):
    """event_route[cube:handshake-failed] runs once for each failed handshake, with its tenant, class and addresses."""
    try_options(client_context(None), t.made.at["friend"], t.made.tenant)
    try_options(client_context("other"), t.made.at["friend"], t.made.tenant)
    t.made.cube.wait_log("failure certificate")
    at = f"from {t.made.at['friend']} at {t.made.at['cube']}:5100"
    events = [line.split("event: ")[1] for line in t.made.cube.logged("event: ")]
    equal("events", events, [f"tenant 100 failure no-certificate {at}", f"tenant 100 failure certificate {at}"])


def refused(made):
    counted = made.cube.counters("100")[100, "server"]
    return counted.get("no-certificate", 0) + counted.get("limited", 0)


def test_limit(t):
    """A source whose handshakes fail too often is closed before the handshake for the rest of the minute, and that is
    said once; others are served."""
    before = refused(t.made)
    for _ in range(12):
        try_options(client_context(None), t.made.at["noisy"], t.made.tenant)
    failed = [line for line in t.made.cube.logged("TLS_HANDSHAKE_FAILED") if t.made.at["noisy"] in line]
    check(5 <= len(failed) <= 10, f"{len(failed)} failures were logged")  # 10: the minute may have ended in between
    said = [line for line in t.made.cube.logged("handshake-failure-limit") if t.made.at["noisy"] in line]
    check(1 <= len(said) <= 2, f"the limit was named {len(said)} times")
    equal("counted as failed or as limited", refused(t.made) - before, 12)
    equal("a good one", try_options(client_context("ogw"), t.made.at["friend"], t.made.tenant)[0], "200")
    check(try_options(client_context("ogw"), t.made.at["noisy"], t.made.tenant)[0] != "200" or len(said) == 2,
          "the noisy source was served")


def test_fail2ban(t):
    """The filter under cfg/fail2ban finds the sources in the lines that this server wrote, and no others."""
    text = (CONFIG.parent / "fail2ban" / "filter-kamailio-cube.conf").read_text()
    rules = re.search(r"^failregex = (.*?)^\S", text, re.S | re.M).group(1).split("\n")
    rules = [re.compile(r.strip().replace("<ADDR>", r"(?P<a>[0-9a-fA-F:.]+)")) for r in rules if r.strip()]
    try_options(client_context("ogw"), t.made.at["stranger"], t.made.tenant, silence=0.3)
    t.made.cube.wait_log("dropped: the source is")
    found = {m.group("a") for line in t.made.cube.log() for r in rules for m in [r.search(line)] if m}
    equal("banned", found, {t.made.at[name] for name in ("friend", "noisy", "stranger")})
    target = ("%SIP-2-TLS_HANDSHAKE_FAILED: Reason: x, Connection ID: 1, local address : 192.0.2.1:5100 and remote address : "
              "192.0.2.9:5061, tenant=1, role=client")
    check(not any(r.search(target) for r in rules), "our own target would be banned")


def test_daemon(t):
    """It starts as a daemon, as systemd starts it, and serves."""
    at, pid_file = t.run.addresses.host(), t.run.dir / "daemon.pid"
    server = cube.Cube(t.run, t.made.conf.replace(t.made.at["cube"], at), name="daemon", options=("-P", pid_file))
    server.argv.remove("-DD")
    server.process = t.run.spawn("daemon", server.argv)
    equal("exit status of the process that becomes a daemon", server.process.wait(20), 0)
    pid = int(wait_until(lambda: pid_file.exists() and pid_file.read_text(), 10, "the daemon has written its pid"))
    try:
        wait_until(lambda: "tcp main process" in server.kamcmd("core.ps"), 20, "the daemon is up")
        equal("OPTIONS", try_options(client_context("ogw"), t.made.at["friend"], (at, 5100))[0], "200")
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the daemon has ended")
