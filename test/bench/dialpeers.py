# SPDX-License-Identifier: GPL-2.0-or-later
"""What choosing a dial-peer costs: the look-up alone, beside modules of Kamailio that find something by a number, and in calls."""

import calls as whole
import lookups as beside
import report
from run import Failed

KINDS = {"literal": "literal prefixes", "mix": "patterns with dots, ranges and T"}
LOOKUP_MAX = {"literal": 0.3e-6, "mix": 1e-6}  # seconds, at 100,000 patterns
LENGTHS = (6, 12, 18, 24)
INDEX_MAX = 256  # bytes for a pattern
# With a hundred times as many patterns: a loop over them would be 100, a table that has outgrown the caches is 4 to 12
GROWTH_MAX = 20
ENOUGH = 10000  # from so many patterns on the index's blocks are full
PEER_MAX = 350  # bytes in use for a dial-peer with its pattern, target, tenant, and what it takes of the index
PEAK_MAX = 3  # while a file is read, to what is in use behind it
ON_TARGET = 100  # dial-peers


def patterns(bench):
    """Ours alone. Times have bounds in a whole run only, as something else may run beside a short one."""
    program = beside.Program(bench.build / "bench" / "dialplan")
    times = {(kind, n): _time(program, kind, n, bench.plan.rounds) for kind in KINDS for n in bench.plan.sizes}
    for (kind, n), result in times.items():
        row = bench.row(f"look-up among {n:,} {KINDS[kind]}", report.microseconds, fewer=True, others=())
        for ns in result["ns"]:
            row.add(cube=ns / 1e9)
        row.notes.append(f"patterns that match a number: {result['matches']:.1f} on average")
        if n == 100000 and not bench.plan.short:
            row.bound(LOOKUP_MAX[kind], None)
    for kind in KINDS:
        row = bench.row(f"time of a look-up among 100,000 {KINDS[kind]} to that among 1,000", report.times, fewer=True, others=())
        for few, many in zip(times[kind, 1000]["ns"], times[kind, 100000]["ns"]):
            row.add(cube=many / few)
        row.bound(GROWTH_MAX, None)
    for length in () if bench.plan.short else LENGTHS:
        row = bench.row(f"look-up among 100,000 whole numbers of {length} digits", report.microseconds, fewer=True, others=())
        for ns in _time(program, str(length), 100000, bench.plan.rounds)["ns"]:
            row.add(cube=ns / 1e9)
    for (kind, n), result in times.items():
        if n >= ENOUGH:
            row = bench.row(f"memory of the index for one of {n:,} {KINDS[kind]}", report.number_of_bytes, fewer=True, others=())
            row.add(cube=result["index"])
            row.bound(INDEX_MAX, None)
    for n in (n for n in bench.plan.sizes if n >= ENOUGH):
        _memory(bench, program, n)


def _memory(bench, program, n):
    """Of a configuration, most of which are dial-peers."""
    for targets, whose in ((n // ON_TARGET, f"{ON_TARGET} of them with one target"), (n, "each with a target of its own")):
        took = program.load("literal", n, targets)
        row = bench.row(f"memory for one of {n:,} dial-peers, {whose}", report.number_of_bytes, fewer=True, others=())
        row.add(cube=took["used"] / n)
        row.notes.append(f"read in {took['seconds']:.1f} s from {took['file'] / 1e6:.0f} MB; a dial-peer's struct: {took['peer']} bytes")
        if targets < n:
            row.bound(PEER_MAX, None)
        row = bench.row("- while it is read, at most, to that", report.times, fewer=True, others=())
        row.add(cube=took["most"] / took["used"])
        row.bound(PEAK_MAX, None)


def _time(program, kind, n, rounds):
    result = program.time(kind, n, rounds)
    if result["wrong"]:
        raise Failed(f"{n} patterns, {kind}: {result['wrong']} of {result['checked']} numbers find other patterns than a loop does")
    return result


def lookups(bench):
    """In one process of one server, in turns."""
    program = beside.Program(bench.build / "bench" / "dialplan")
    for kind, title in KINDS.items():
        for n in [n for n in bench.plan.sizes if kind == "literal" or n <= beside.DIALPLAN_MAX]:
            row = bench.row(f"look-up among {n:,} {title}", report.microseconds, fewer=True, others=beside.OTHERS)
            with beside.Server(bench.run, bench.build, program, kind, n) as server:
                whom = ("cube", *server.others)
                for name in whom:
                    server.look(name)
                for _ in range(bench.plan.rounds):
                    row.add(**{name: server.look(name) for name in whom})
            for name in server.others:
                row.bound(1.0, name)


def calls(bench):
    """Calls for one second of the server's CPU time. Servers are new in each round: how their memory lies in the machine's caches is
    chance, lasts as long as they run, and makes a fifth of the rates."""
    at = {name: whole.places(bench.run) for name in ("path", "stock", "cube", "script")}
    for transport in ("udp", "tcp"):
        shortest = bench.row(f"calls, {transport.upper()}, shortest scripts", report.per_second, others=("stock",))
        whole_script = bench.row(f"calls, {transport.upper()}, by cfg/kamailio.cfg", report.per_second, others=("script", "stock"))
        for turn in range(bench.plan.rounds):
            trunks = {name: whole.Trunk(bench.run, name, transport, at[name], turn).start() for name in at}
            for trunk in trunks.values():
                trunk.calls(100, bench.plan.call_rate)
            rate = {name: 1 / trunk.calls(bench.plan.calls, bench.plan.call_rate) for name, trunk in trunks.items()}
            shortest.add(cube=rate["path"], stock=rate["stock"])
            whole_script.add(cube=rate["cube"], script=rate["script"], stock=rate["stock"])
            for trunk in trunks.values():
                trunk.stop()
        shortest.bound(0.9)
        whole_script.bound(0.9, "script")
