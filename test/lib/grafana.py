# SPDX-License-Identifier: GPL-2.0-or-later
"""Is a dashboard's JSON what Grafana 9 and later import without a word and show as it is meant? There is no Grafana in Debian to
ask: these are the rules of its JSON model, as far as cfg/monitoring's dashboard uses it. Knows nothing of the queries' meaning."""

import itertools
import re

SCHEMA = 36  # of Grafana 9.0; older ones are migrated at import, and may look different
COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"short", "none", "s", "ops", "Bps", "bytes", "percent", "percentunit"}
# type of panel: its targets' (instant, format)
PANELS = {"stat": (True, "time_series"), "timeseries": (False, "time_series"), "table": (True, "table")}
BUILT_IN = {"__rate_interval", "__range", "__interval"}


def _variables(board):
    found = {v["name"]: v for v in board["templating"]["list"]}
    if len(found) != len(board["templating"]["list"]):
        yield "two variables have one name"
    sources = [name for name, v in found.items() if (v["type"], v["query"]) == ("datasource", "prometheus")]
    if sources != ["datasource"]:
        yield f"variables for the data source: {sources}"
    for name, v in found.items():
        if v["type"] == "query" and (v["datasource"] != SOURCE or v["query"]["query"] != v["definition"]):
            yield f"variable {name}: another data source, or two definitions"
        elif v["type"] not in ("query", "datasource"):
            yield f"variable {name}: type {v['type']}"


def _places(panels):
    for panel in panels:
        at = panel["gridPos"]
        if at["x"] < 0 or at["y"] < 0 or at["w"] < 1 or at["h"] < 2 or at["x"] + at["w"] > COLUMNS:
            yield f"{panel['title']}: not on the grid: {at}"
    for one, other in itertools.combinations(panels, 2):
        a, b = one["gridPos"], other["gridPos"]
        if a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]:
            yield f"{one['title']} lies over {other['title']}"


def _targets(panel, known):
    instant, form = PANELS[panel["type"]]
    if not panel["targets"]:
        yield "no targets"
    if len({target["refId"] for target in panel["targets"]}) != len(panel["targets"]):
        yield "two targets have one refId"
    for target in panel["targets"]:
        expr = target["expr"]
        if target["datasource"] != SOURCE:
            yield f"target {target['refId']}: data source {target['datasource']}"
        if (target["instant"], target["range"], target.get("format", "time_series")) != (instant, not instant, form):
            yield f"target {target['refId']}: not what a {panel['type']} shows"
        unknown = set(re.findall(r"\$\{?(\w+)", expr)) - known
        if unknown:
            yield f"target {target['refId']}: unknown variables {sorted(unknown)}"
        labels = {label for group in re.findall(r"\bby \(([^)]*)\)", expr) for label in group.split(", ")}
        missing = set(re.findall(r"{{(\w+)}}", target["legendFormat"])) - labels
        if missing:
            yield f"target {target['refId']}: its legend has {sorted(missing)}, which the query drops"


def _fields(panel):
    defaults = panel["fieldConfig"]["defaults"]
    if defaults.get("unit") not in UNITS:
        yield f"unit {defaults.get('unit')}"
    steps = [step["value"] for step in defaults["thresholds"]["steps"]]
    if steps[:1] != [None] or None in steps[1:] or steps[1:] != sorted(set(steps[1:])):
        yield f"thresholds {steps}"
    columns = {new for t in panel.get("transformations", []) for new in t["options"]["renameByName"].values()}
    named = {o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"] if o["matcher"]["id"] == "byName"}
    named |= {by["displayName"] for by in panel["options"].get("sortBy", [])}
    if named - columns:
        yield f"no column is called {sorted(named - columns)}"


def flaws(board):
    """What is wrong, in words."""
    panels = board["panels"]
    found = [*_variables(board), *_places(panels)]
    if board["schemaVersion"] < SCHEMA or board["id"] is not None or not re.fullmatch(r"[\w-]{1,40}", board["uid"]):
        found.append(f"schemaVersion {board['schemaVersion']}, id {board['id']}, uid {board['uid']}")
    for what in ("id", "title"):
        if len({panel[what] for panel in panels}) != len(panels):
            found.append(f"two panels have one {what}")
    known = BUILT_IN | {v["name"] for v in board["templating"]["list"]}
    for panel in panels:
        if panel["type"] not in PANELS or panel["datasource"] != SOURCE:
            found.append(f"{panel['title']}: type {panel['type']}, data source {panel['datasource']}")
        else:
            found += [f"{panel['title']}: {text}" for text in (*_targets(panel, known), *_fields(panel))]
    return found
