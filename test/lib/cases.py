# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs test cases: the functions test_* of a module, in the order in which they are written, each with what the
module's setup(run, stack) made (stack: a contextlib.ExitStack for what must be ended). A case that fails prints its
report, and the next one gets a setup of its own. Knows nothing of what is tested."""

import concurrent.futures
import contextlib
import signal
import time
import traceback

import secrets_in_logs
import wire
from run import Failed, Run

LIMIT = 60  # seconds for one case, where it has no other in its attribute `limit`


class Skipped(Exception):
    """The case cannot be run here; the text says what it takes. It counts as neither passed nor failed."""


class Test:
    """What a case gets. made: the result of the module's setup, the run itself without one."""

    def __init__(self, runner, run, made):
        self.run, self.made, self.full, self.seconds, self.say = run, made, runner.full, runner.seconds, runner.say


def limit(seconds):
    """Another time limit for a case."""
    def decorate(function):
        function.limit = seconds
        return function
    return decorate


def only_full(function):
    """For a case that is run with --full alone, since it takes long."""
    function.only_full = True
    return function


def equal(what, seen, wanted):
    if seen != wanted:
        raise Failed(f"{what}: {seen}, must be {wanted}")


def check(condition, what):
    if not condition:
        raise Failed(what)


def together(function, arguments):
    """function(argument) for all of them at the same time; the first failure is raised when all have ended."""
    with concurrent.futures.ThreadPoolExecutor(max(1, len(arguments))) as pool:
        return [f.result() for f in [pool.submit(function, a) for a in arguments]]


@contextlib.contextmanager
def deadline(seconds):
    def late(_signum, _frame):
        raise Failed(f"not finished within {seconds} s")

    old = signal.signal(signal.SIGALRM, late)
    signal.alarm(int(seconds))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


class Runner:
    def __init__(self, full=False, seconds=None, only=None):
        self.full, self.seconds, self.only = full, seconds, only
        self.passed = self.failed = self.skipped = 0
        self.logs = secrets_in_logs.Search()
        self.wire = wire.watching = wire.Watch()
        self._began = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self._began:6.1f} s] {text}", flush=True)

    def wanted(self, module):
        """Its cases, as (name, function)."""
        of = module.__name__.removeprefix("test_")
        found = [(f"{of}.{n.removeprefix('test_')}", f) for n, f in vars(module).items()
                 if n.startswith("test_") and callable(f)]
        return [(name, f) for name, f in found
                if (not self.only or self.only in name) and (self.full or not hasattr(f, "only_full"))]

    def module(self, module):
        left = self.wanted(module)
        while left:
            left = self._some(module, left)

    def _some(self, module, cases):
        """Runs cases on one setup until one fails. Returns those that are left."""
        failed = None
        try:
            # what setup made ends after the run, so that the report shows the logs as they were
            with contextlib.ExitStack() as stack, Run(module.__name__.removeprefix("test_")) as run:
                try:
                    self._each(module, run, stack, cases)
                finally:
                    self.logs.take(run)
                    self.wire.take(run)
        except Exception as error:  # whatever it is, the other cases still run
            failed = error
        if failed is None:
            return []
        self.failed += 1
        name, _ = cases.pop(0) if cases else (f"the end of {module.__name__}", None)
        if not isinstance(failed, Failed):
            traceback.print_exception(failed)
        self.say(f"FAILED  {name}: {failed}")
        return cases

    def _each(self, module, run, stack, cases):
        with deadline(LIMIT):
            made = module.setup(run, stack) if hasattr(module, "setup") else run
        while cases:
            name, function = cases[0]
            self.say(f"        {name}: {' '.join((function.__doc__ or '').split())}")
            began = time.monotonic()
            try:
                with deadline(getattr(function, "limit", LIMIT) * (4 if self.full else 1)):
                    function(Test(self, run, made))
                self.passed += 1
                self.say(f"passed  {name} in {time.monotonic() - began:.1f} s")
            except Skipped as reason:
                self.skipped += 1
                self.say(f"skipped {name}: {reason}")
            del cases[0]

    def end(self):
        """The last cases: what all servers logged, and what they sent in clear. Returns the exit status."""
        if self.logs.servers and (not self.only or "secrets".startswith(self.only)) or self.logs.found:
            self._last("secrets", self.logs)
        if self.wire.refused:
            self.skipped += 1
            self.say(f"skipped wire: {self.wire.refused}")
        else:
            self._last("wire", self.wire)
        if self.skipped:
            print(f"{self.skipped} skipped, each for the reason above", flush=True)
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0

    def _last(self, name, search):
        self.say(f"        {name}: {search.sentence()}")
        try:
            search.verdict()
        except Failed as error:
            self.failed += 1
            self.say(f"FAILED  {name}: {error}")
        else:
            self.passed += 1
            self.say(f"passed  {name}")
