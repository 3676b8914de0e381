# SPDX-License-Identifier: GPL-2.0-or-later
"""A Prometheus of the test's own, with a data folder of its own, that scrapes one server each second by what
cfg/monitoring has, with its times made short. Knows how to ask it, not what for."""

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from kamailio import CONFIG, program
from run import Failed, wait_until

MONITORING = CONFIG.parent / "monitoring"
WINDOW = "20s"  # instead of ten minutes


def shortened(text):
    """alerts.yml with `for` and ranges of seconds."""
    return re.sub(r"\[10m\]", f"[{WINDOW}]", re.sub(r"for: \d+[smh]", "for: 2s", text))


def promtool(*argv, text=None):
    """Its output; Failed if it finds fault."""
    result = subprocess.run([program("promtool"), *map(str, argv)], input=text or "", stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    if result.returncode != 0:
        raise Failed(f"promtool {' '.join(map(str, argv))}: {result.stdout.strip()}")
    return result.stdout


class Prometheus:
    def __init__(self, run, host, target):
        """target: address:port of CUBE_HTTP."""
        port = run.addresses.port(host, 9090)
        self.url = f"http://{host}:{port}/api/v1/"
        conf = (MONITORING / "prometheus.yml").read_text()
        for old, new in (('"127.0.0.1:8080"', f'"{target}"'), ("scrape_interval: 15s", "scrape_interval: 1s"),
                         ("scrape_timeout: 10s", "scrape_timeout: 1s")):
            if conf.count(old) != 1:
                raise Failed(f"prometheus.yml has not exactly one '{old}'")
            conf = conf.replace(old, new)
        run.write("alerts.yml", shortened((MONITORING / "alerts.yml").read_text()))
        path = run.write("prometheus.yml", conf + "\nglobal:\n  evaluation_interval: 1s\n")
        self.process = run.spawn("prometheus", [
            program("prometheus"), f"--config.file={path}", f"--storage.tsdb.path={run.dir}/prometheus-data",
            f"--web.listen-address={host}:{port}", "--storage.tsdb.retention.time=1h", "--log.level=warn"])
        wait_until(self._scraped, 20, "Prometheus has scraped the server")

    def _scraped(self):
        if self.process.status() is not None:
            raise Failed("Prometheus ended at start; see its log")
        try:
            return self.query("up == 1")
        except OSError:
            return False

    def _get(self, path, **args):
        try:
            with urllib.request.urlopen(self.url + path + "?" + urllib.parse.urlencode(args), timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code >= 500:  # it has not read its files yet
                raise OSError(error) from None
            raise Failed(f"{args}: {json.load(error)['error']}") from None

    def query(self, text):
        """[(labels, value)] of an instant query; ranges give the last value."""
        found = self._get("query", query=text)["result"]
        return [(r["metric"], float((r["values"][-1] if "values" in r else r["value"])[1])) for r in found]

    def value(self, text):
        """Of a query with one result, None if there is none."""
        found = self.query(text)
        if len(found) > 1:
            raise Failed(f"{text}: {len(found)} results")
        return found[0][1] if found else None

    def names(self):
        """Of all alerts that it has rules for."""
        groups = self._get("rules")["groups"]
        return {rule["name"] for group in groups for rule in group["rules"]}

    def fired(self, state="firing"):
        """Labels of all alerts that have fired up to now."""
        return [labels for labels, _ in self.query(f'ALERTS{{alertstate="{state}"}}[1h]')]
