# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts a Kamailio of the installed package for a test, and talks to it with kamcmd."""

import glob
import os
import pathlib
import shutil
import subprocess

from run import TREE, Failed, wait_until
from sockets import sockets

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"
MODULES = pathlib.Path(os.environ.get("CUBE_MODULES", TREE / "build" / "modules"))  # ours
CONFIG = TREE / "cfg" / "kamailio.cfg"


def program(name):
    path = shutil.which(name, path=PATH)
    if path is None:
        raise Failed(f"{name} is not installed")
    return path


def stock_modules():
    """The folder of the installed package's modules."""
    places = ["/usr/lib/*/kamailio/modules", "/usr/lib/kamailio/modules", "/usr/lib64/kamailio/modules",
              "/usr/local/lib*/kamailio/modules"]
    for place in places:
        for folder in sorted(glob.glob(place)):
            if os.path.exists(os.path.join(folder, "tm.so")):
                return folder
    raise Failed("Kamailio's modules are not installed (looked in " + ", ".join(places) + ")")


class RpcError(Failed):
    """kamcmd was answered with a fault; code and text are the server's."""

    def __init__(self, command, text):
        super().__init__(f"kamcmd {command}: {text}")
        self.text = text


class Kamailio:
    """One server. config: the path of a kamailio.cfg, or its text (then {ctl} in it is the control socket's name).
    defines: NAME -> text for -A; CUBE_CTL is added by itself."""

    def __init__(self, run, name, config=CONFIG, defines=None, shm_mb=128, options=()):
        self.run, self.name = run, name
        self.dir = run.dir / name
        self.dir.mkdir()
        self.ctl = f"unix:{self.dir}/ctl.sock"
        if isinstance(config, str) and "\n" in config:
            self.config = run.write(f"{name}.cfg", config.replace("{ctl}", self.ctl))
        else:
            self.config = pathlib.Path(config)
        defines = {"CUBE_CTL": self.ctl, **(defines or {})}
        self.argv = [program("kamailio"), "-f", self.config, "-L", f"{stock_modules()}:{MODULES}", "-Y", self.dir,
                     "-x", "tlsf", "-m", str(shm_mb), "-DD", "-E", *options]
        for key, value in defines.items():
            self.argv += ["-A", f'{key}="{value}"']
        self.process = None

    def check(self):
        """kamailio -c: (exit status, output)."""
        result = subprocess.run([str(a) for a in self.argv if a != "-DD"] + ["-c"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        return result.returncode, result.stdout

    def start(self, timeout=20):
        """Starts it and waits until it answers kamcmd, and all its processes are there: TCP main is forked last, and has what it
        listens on alone."""
        self.process = self.run.spawn(self.name, self.argv)
        wait_until(self._ready, timeout, f"{self.name} answers kamcmd core.uptime")
        wait_until(lambda: "tcp main process" in self.kamcmd("core.ps"), timeout, f"{self.name} has forked TCP main")
        self.note_addresses()
        return self

    def note_addresses(self):
        """Puts its addresses among those of the run's servers; also to be called when a reload has given it others."""
        self.run.servers |= sockets([self.process.pid, *self.processes()])

    def _ready(self):
        status = self.process.status()
        if status is not None:
            lines = [line for line in self.process.tail(200) if "CRITICAL" in line or "ERROR" in line]
            why = lines[0].split(": ", 1)[-1] if lines else "see its log"
            raise Failed(f"{self.name} ended with status {status} at start: {why}")
        try:
            self.kamcmd("core.uptime")
            return True
        except Failed:
            return False

    def processes(self):
        """The process ids of its children."""
        pid = self.process.pid
        return sorted(int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def cpu(self):
        """Seconds that its processes have run so far."""
        pids = [self.process.pid, *self.processes()]
        return sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9

    def stop(self):
        return self.process.stop()

    def alive(self):
        return self.process is not None and self.process.status() is None

    def command(self, *args):
        """The kamcmd command line, for people."""
        return " ".join(["kamcmd", "-s", self.ctl, *args])

    def kamcmd(self, *args, timeout=10):
        """The text of the answer; RpcError if it is a fault."""
        argv = [program("kamcmd"), "-s", self.ctl, *map(str, args)]
        result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, timeout=timeout, check=False)
        text = result.stdout.strip()
        if text.lower().startswith("error:"):
            raise RpcError(" ".join(map(str, args)), text[6:].strip())
        return text

    def rpc(self, *args, **options):
        """The answer as dictionaries and texts; what is repeated in a dictionary is a list."""
        return parse(self.kamcmd(*args, **options))

    def log(self):
        return self.process.log.read_text(errors="replace").splitlines()

    def logged(self, text):
        """The log lines that contain text."""
        return [line for line in self.log() if text in line]

    def wait_log(self, text, timeout=5):
        return wait_until(lambda: self.logged(text), timeout, f"{self.name} logs '{text}'")


def parse(text):
    """kamcmd's output: `{` `}` around a structure, `name: value` in it, `name: {` and `name: [` for inner ones."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    values = []
    position = 0
    while position < len(lines):
        value, position = _value(lines[position], lines, position + 1)
        values.append(value)
    return values[0] if len(values) == 1 else values


def _value(first, lines, position):
    if first == "{":
        return _structure(lines, position, "}")
    if first == "[":
        return _structure(lines, position, "]")
    return first, position


def _structure(lines, position, end):
    result = {}
    items = []
    while position < len(lines) and lines[position] != end:
        line = lines[position]
        key, colon, rest = line.partition(":")
        if line in ("{", "["):
            value, position = _value(line, lines, position + 1)
            items.append(value)
        elif not colon:
            items.append(line)
            position += 1
        else:
            value, position = _value(rest.strip(), lines, position + 1)
            if key not in result:
                result[key] = value
            elif isinstance(result[key], list):
                result[key].append(value)
            else:
                result[key] = [result[key], value]
    return (result if result or not items else items), position + 1


def structures(value):
    """All structures of an answer that have a list of them: a list even if there is one, or none."""
    if isinstance(value, dict):
        return [value] if value else []
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
