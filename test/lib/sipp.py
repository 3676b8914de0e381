# SPDX-License-Identifier: GPL-2.0-or-later
"""SIPp as a calling or a called party. It stays in the foreground of its own process group, so that it ends with the
run. Debian's SIPp has no TLS: it stands behind a gateway or a bridge.Bridge, or talks UDP or TCP."""

import csv
import re

from kamailio import program
from run import Failed


class Sipp:
    """scenario: a path, or "uac" or "uas". calls: after so many it ends. keys: -key name value in the scenario.
    call_id: of its calls (-cid_str: %u is the call's number, %p the process, %s the address). core: the only one it runs on.
    rows: [field0] of each call."""

    def __init__(self, run, name, scenario, host, port, target=None, calls=1, service=None, rate=10, limit=None,
                 keys=None, transport="u1", call_id=None, timeout=30, core=None, rows=None):
        self.run, self.name, self.calls = run, name, calls
        self._stat = run.dir / f"{name}.csv"
        self._errors = run.dir / f"{name}.err"
        self._messages = run.dir / f"{name}.msg"
        which = ["-sn", scenario] if scenario in ("uac", "uas") else ["-sf", scenario]
        argv = [program("sipp"), *which, "-i", host, "-p", str(port), "-t", transport, "-m", str(calls), "-nostdin",
                "-timeout", f"{timeout}s", "-timeout_error", "-trace_stat", "-stf", self._stat, "-fd", "1",
                "-trace_err", "-error_file", self._errors, "-r", str(rate)]
        if calls <= 10:
            argv += ["-trace_msg", "-message_file", self._messages]
        if call_id is not None:
            argv += ["-cid_str", call_id]
        if limit is not None:
            argv += ["-l", str(limit)]
        if service is not None:
            argv += ["-s", service]
        for key, value in (keys or {}).items():
            argv += ["-key", key, str(value)]
        if rows is not None:
            argv += ["-inf", run.write(f"{name}.rows", "\n".join(["SEQUENTIAL", *rows]) + "\n")]
        if target is not None:
            argv.append(target)
        if core is not None:
            argv[:0] = [program("taskset"), "-c", str(core)]
        self.process = run.spawn(name, argv, cwd=run.dir, env={"TERM": "dumb", "PATH": "/usr/bin:/bin"})
        self.process.logs = [self._errors, self._messages]  # its own output is a screen
        self._timeout = timeout

    def wait(self):
        """Waits for the last call; Failed unless all of them succeeded. Returns the counters."""
        status = self.process.wait(self._timeout + 5)
        counters = self.counters()
        good, bad = int(counters["SuccessfulCall(C)"]), int(counters["FailedCall(C)"])
        if status != 0 or good != self.calls or bad:
            raise Failed(f"{self.name}: {good} of {self.calls} calls succeeded, {bad} failed, status {status}"
                         + self._why())
        return counters

    def counters(self):
        """The last line of its statistics; "(C)" is since the start."""
        try:
            with open(self._stat, newline="") as file:
                rows = list(csv.DictReader(file, delimiter=";"))
        except OSError:
            rows = []
        if not rows:
            raise Failed(f"{self.name}: no statistics{self._why()}")
        return rows[-1]

    def messages(self):
        """Every message, in order, as ("sent" or "received", its text). Only recorded for few calls."""
        text = self._messages.read_text(errors="replace").replace("\r\n", "\n")
        found = []
        for part in re.split(r"^-{40,} .*\n", text, flags=re.M)[1:]:
            head, _, message = part.partition("\n\n")
            found.append(("sent" if "message sent" in head else "received", message.strip() + "\n"))
        return found

    def _why(self):
        try:
            lines = [line for line in self._errors.read_text(errors="replace").splitlines() if line.strip()]
        except OSError:
            return ""
        return ": " + " ".join(line.strip() for line in lines[:6]) if lines else ""
