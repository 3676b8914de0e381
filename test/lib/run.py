# SPDX-License-Identifier: GPL-2.0-or-later
"""One test run: its folder, its addresses, and every process it started. However the run ends (return, exception,
Ctrl-C, SIGTERM), what it started is ended, by process id. Knows nothing of what the processes are."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import net

TREE = pathlib.Path(__file__).resolve().parents[2]
LOG_LINES = 40  # of each log, in the report of a failure


class Failed(Exception):
    """Something is not as it must be; the text says what."""


class Interrupted(BaseException):
    """A signal asked us to end."""

    def __init__(self, signum):
        super().__init__(signal.Signals(signum).name)
        self.status = 128 + signum


def _die_with_parent():
    """In the child: SIGTERM when the parent is gone, even if it was killed."""
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGTERM)


class Process:
    """A process in a process group of its own, with its output in a file."""

    def __init__(self, name, argv, log, detached=False, fds=(), **options):
        self.name, self.argv, self.log = name, [str(a) for a in argv], pathlib.Path(log)
        self.logs = [self.log]  # what the report of a failure shows
        with open(self.log, "ab") as out:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                pass_fds=fds, preexec_fn=None if detached else _die_with_parent, **options)
        self.pid = self._popen.pid

    def status(self):
        """The exit status, or None while it runs."""
        return self._popen.poll()

    def wait(self, timeout):
        """The exit status; Failed if it does not end in time."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name}: still running after {timeout} s") from None

    def stop(self, patience=5.0):
        """Asks the process to end, then ends it and what is left of its group."""
        if self.status() is None:
            try:
                os.kill(self.pid, signal.SIGTERM)
                self._popen.wait(patience)
            except ProcessLookupError:
                pass
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self._popen.wait()

    def tail(self, lines=LOG_LINES):
        return tail(self.log, lines)


def tail(path, lines=LOG_LINES):
    """The last lines of a file; none if it is not there."""
    try:
        return path.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        return []


class Run:
    """with Run("name") as run: ...   Prints configurations and logs if the block ends in an exception."""

    def __init__(self, name, keep_on_failure=False):
        self.name = name
        self.keep_on_failure = keep_on_failure or bool(os.environ.get("CUBE_TEST_KEEP"))
        self.processes = []
        self.files = []  # configurations, for the report
        self.servers = set()  # (host, port) of servers under test, see wire.py
        self._kept = False
        self._detached = False

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"cube-{self.name}-"))
        self.addresses = net.Addresses()
        self.began = time.time()
        self._old = {s: signal.signal(s, self._interrupt) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        return self

    def _interrupt(self, signum, _frame):
        for s in self._old:
            signal.signal(s, signal.SIG_IGN)  # one is enough; the clean-up must not be cut short
        raise Interrupted(signum)

    def __exit__(self, kind, error, _trace):
        for s in self._old:
            signal.signal(s, signal.SIG_IGN)
        failed = kind is not None and not issubclass(kind, (Interrupted, SystemExit))
        try:
            if failed:
                self.report(sys.stdout)
        finally:
            if not self._kept:
                self._end(remove=not (failed and self.keep_on_failure))
            self.addresses.close()
            for s, handler in self._old.items():
                signal.signal(s, handler)
        return False

    def _end(self, remove):
        for process in reversed(self.processes):
            process.stop()
        if remove:
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            print(f"{self.name}: files are kept in {self.dir}")

    def write(self, name, text):
        """A file in the run's folder, shown if the run fails."""
        path = self.dir / name
        path.write_text(text)
        self.files.append(path)
        return path

    def detach(self):
        """From now on processes are started so that they can outlive us; see keep()."""
        self._detached = True

    def spawn(self, name, argv, **options):
        fds = (self.addresses.keep(),) if self._detached else ()
        process = Process(name, argv, self.dir / f"{name}.log", detached=self._detached, fds=fds, **options)
        self.processes.append(process)
        return process

    def keep(self):
        """Leaves everything running after the block. Returns the path of a script that ends it."""
        self._kept = True
        pids = [p for p in self.processes if p.status() is None]
        lines = ["#!/bin/sh", f"# Ends what `{self.name}` left running, and removes its folder."]
        # A process id may be somebody else's by then: it is ours only while it still has our folder in its arguments.
        lines += [f"ours() {{ tr '\\0' ' ' <\"/proc/$1/cmdline\" 2>/dev/null | grep -qF '{self.dir}'; }}"]
        for p in reversed(pids):
            lines.append(f"if ours {p.pid}; then kill {p.pid}; for i in 1 2 3 4 5 6 7 8 9 10; do "
                         f"ours {p.pid} && sleep 0.5; done; ours {p.pid} && kill -9 -{p.pid}; fi # {p.name}")
        lines.append(f"rm -rf '{self.dir}'")
        stop = self.dir / "stop"
        stop.write_text("\n".join(lines) + "\n")
        stop.chmod(0o755)
        return stop

    def report(self, out):
        for path in self.files:
            print(f"---------- {path.name}", file=out)
            print(path.read_text(errors="replace").rstrip(), file=out)
        for process in self.processes:
            status = process.status()
            state = "running" if status is None else f"ended with status {status}"
            print(f"---------- {process.name} ({state}): {' '.join(process.argv)}", file=out)
            for log in process.logs:
                print(f"---------- the last lines of {log.name}", file=out)
                print("\n".join(tail(log)), file=out)
        print("----------", file=out, flush=True)


def wait_until(condition, timeout, what, pause=0.05):
    """What condition() returns once it is true; Failed with `what` if it is not in time."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"not within {timeout} s: {what}")
        time.sleep(pause)


def main(function):
    """Runs function() as a program: exit status 0, or 1 with the reason, or 128 + signal."""
    try:
        status = function()
    except Failed as error:
        print(f"FAILED: {error}", flush=True)
        status = 1
    except Interrupted as signum:
        print(f"ended by {signum}", flush=True)
        status = signum.status
    sys.exit(status or 0)
