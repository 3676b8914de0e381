# SPDX-License-Identifier: GPL-2.0-or-later
"""One number among many patterns: our dial-plan, and the modules of Kamailio that find something by a number. All are asked in
the same process of one server, by lookups_mod.c."""

import json
import subprocess

from binrpc import BinRpc
from run import Failed
from servers import Pinned

OTHERS = ("mtree", "pdt", "drouting", "dialplan")
SIZE_MAX = 100000  # patterns; a million of them are not loaded from db_text in minutes
DIALPLAN_MAX = 10000  # patterns; it goes through them one by one
NUMBERS, SLOW_NUMBERS = 65536, 512  # looked up in a round; by dialplan

SCRIPT = """#!KAMAILIO
debug=1
children=1
auto_aliases=no
listen=udp:{at}:5060
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "ctl.so"
modparam("ctl", "binrpc", CUBE_CTL)
loadmodule "db_text.so"
modparam("db_text", "max_result_rows", 200000)
{modules}
loadmodule "{bench}"
{params}
request_route {{ exit; }}
"""
MODULES = {
    "mtree": ('modparam("mtree", "db_url", "{db}")\n'
              'modparam("mtree", "mtree", "name=bench;dbtable=mtree;type=2")\n'),
    "pdt": 'modparam("pdt", "db_url", "{db}")\nmodparam("pdt", "check_domain", 0)\n',
    "drouting": 'modparam("drouting", "db_url", "{empty}")\nmodparam("bench_lookups", "routes", "{db}")\n',
    "dialplan": 'modparam("dialplan", "db_url", "{db}")\n',
}
# name -> version, columns
TABLES = {
    "version": (1, "table_name(string) table_version(int)"),
    "mtree": (1, "tprefix(string) tvalue(string)"),
    "pdt": (1, "sdomain(string) prefix(string) domain(string)"),
    "dr_gateways": (3, "gwid(int) type(int) address(string) strip(int) pri_prefix(string,null) attrs(string,null)"),
    "dr_rules": (3, "ruleid(int) groupid(string) prefix(string) timerec(string) priority(int) routeid(string) gwlist(string)"),
    "dr_gw_lists": (1, "id(int) gwlist(string)"),
    "dialplan": (2, "dpid(int) pr(int) match_op(int) match_exp(string) match_len(int) subst_exp(string) repl_exp(string)"
                    " attrs(string)"),
}


class Program:
    """build/bench/dialplan, on the servers' core."""

    def __init__(self, path):
        self.path = path

    def _run(self, *args):
        result = subprocess.run([str(a) for a in ("taskset", "-c", 0, self.path, *args)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, check=False)
        if result.returncode:
            raise Failed(f"dialplan {args}: {result.stderr.strip()}")
        return result.stdout

    def time(self, kind, n, rounds):
        return json.loads(self._run("time", kind, n, rounds))

    def load(self, kind, n, targets):
        return json.loads(self._run("load", kind, n, targets))

    def patterns(self, kind, n):
        return self._run("list", kind, n).split()


def _explicit(pattern):
    """Its digits outside of brackets."""
    return sum(part.count(d) for part in (p.split("]")[-1] for p in pattern.split("[")) for d in "0123456789")


def write_tables(folder, rows):
    """rows: table -> its lines. The others are there, and empty."""
    folder.mkdir()
    rows = {**rows, "version": [f"{name}:{version}" for name, (version, _) in TABLES.items()]}
    for name, (_, columns) in TABLES.items():
        (folder / name).write_text("".join(f"{line}\n" for line in (columns, *rows.get(name, ()))))


def tables(folder, patterns, literal):
    """Each pattern's number in the list, from 1, is what shall be found."""
    rows = {}
    if literal:
        rows["mtree"] = [f"{p}:{tag}" for tag, p in enumerate(patterns, 1)]
        rows["pdt"] = [f"*:{p}:{tag}" for tag, p in enumerate(patterns, 1)]
        rows["dr_gateways"] = ["1:1:127.0.0.1:0::"]
        rows["dr_rules"] = [f"{tag}:0:{p}:|:{tag}:0:1" for tag, p in enumerate(patterns, 1)]
    if len(patterns) <= DIALPLAN_MAX:  # the first that matches is taken: longest match first
        order = sorted(enumerate(patterns, 1), key=lambda item: (-_explicit(item[1]), item[0]))
        rows["dialplan"] = [f"1:{place}:1:^{p.rstrip('T')}:0:^1:1:{tag}" for place, (tag, p) in enumerate(order, 1)]
    write_tables(folder, rows)
    return [name for name in OTHERS if name in rows or (name == "drouting" and literal)]


class Loading(Pinned):
    """It takes kamcmd's connection, and answers only when all tables are loaded."""

    def kamcmd(self, *args, timeout=300):
        return super().kamcmd(*args, timeout=timeout)


class Server:
    """with Server(...) as server: server.others, server.look(whom). Failed if one finds something else than ours."""

    def __init__(self, run, build, program, kind, n):
        name = f"{kind}-{n}"
        db, empty = run.dir / f"{name}-db", run.dir / f"{name}-empty"
        self.others = tables(db, program.patterns(kind, n), kind == "literal")
        write_tables(empty, {})
        at = run.addresses.host()
        url = {"db": f"text://{db}", "empty": f"text://{empty}"}
        text = SCRIPT.format(at=at, bench=build / "bench" / "modules" / "bench_lookups.so",
                             modules="\n".join(f'loadmodule "{m}.so"' for m in self.others),
                             params="".join(MODULES[m].format(**url) for m in self.others))
        self._server = Loading(run, name, at, text, shm_mb=256 + n // 150, options=("-M", 64 + n // 250))
        self._kind, self._n, self._sums = kind, n, {}

    def __enter__(self):
        self._server.start(300)
        self._rpc = BinRpc(self._server.ctl, timeout=300)
        self._rpc.values("bench.make", self._kind, self._n)
        self._sums[SLOW_NUMBERS] = self._rpc.call("bench.look", "cube", SLOW_NUMBERS)["sum"]
        return self

    def __exit__(self, *_):
        self._rpc.close()
        self._server.stop()

    def look(self, whom):
        """Seconds for one look-up."""
        numbers = SLOW_NUMBERS if whom == "dialplan" else NUMBERS
        answer = self._rpc.call("bench.look", whom, numbers)
        if answer["sum"] != self._sums.setdefault(numbers, answer["sum"]):
            raise Failed(f"{self._kind}, {self._n} patterns: {whom} finds other patterns than those before it")
        return float(answer["ns"]) / 1e9
