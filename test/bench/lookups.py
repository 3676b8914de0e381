# SPDX-License-Identifier: GPL-2.0-or-later
"""One number among many patterns: our dial-plan, and the modules of Kamailio that find something by a number. All are asked in
the same process of one server, by lookups_mod.c."""

import json
import subprocess

from binrpc import BinRpc
from run import Failed
from servers import Pinned

OTHERS = ("mtree", "pdt", "drouting", "dialplan")
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
{modules}
loadmodule "{bench}"
{params}
request_route {{ exit; }}
"""
DATABASE = 'modparam("{module}", "db_url", "text://{folder}")\n'
TREE = 'modparam("mtree", "mtree", "name=bench;dbtable=mtree;type=2")\n'
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


def write_tables(folder, patterns):
    """Those of mtree, pdt and drouting are empty, and filled by lookups_mod.c. A pattern's number in the list, from 1, is what
    shall be found; dialplan takes the first that matches: longest match first."""
    order = sorted(enumerate(patterns, 1), key=lambda item: (-_explicit(item[1]), item[0]))
    rows = {"version": [f"{name}:{version}" for name, (version, _) in TABLES.items()],
            "dialplan": [f"1:{place}:1:^{p.rstrip('T')}:0:^1:1:{tag}" for place, (tag, p) in enumerate(order, 1)]}
    folder.mkdir()
    for name, (_, columns) in TABLES.items():
        (folder / name).write_text("".join(f"{line}\n" for line in (columns, *rows.get(name, ()))))


class Server:
    """with Server(...) as server: server.others, server.look(whom). Failed if one finds something else than ours."""

    def __init__(self, run, build, program, kind, n):
        name = f"{kind}-{n}"
        db = run.dir / f"{name}-db"
        self.others = [m for m in OTHERS if (n <= DIALPLAN_MAX if m == "dialplan" else kind == "literal")]
        write_tables(db, program.patterns(kind, n) if "dialplan" in self.others else ())
        at = run.addresses.host()
        text = SCRIPT.format(at=at, bench=build / "bench" / "modules" / "bench_lookups.so",
                             modules="\n".join(f'loadmodule "{m}.so"' for m in self.others),
                             params="".join(DATABASE.format(module=m, folder=db) for m in self.others)
                             + TREE * ("mtree" in self.others))
        self._server = Pinned(run, name, at, text, shm_mb=256 + n // 400, options=("-M", 64))
        self._kind, self._n, self._sums = kind, n, {}

    def __enter__(self):
        self._server.start()
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
