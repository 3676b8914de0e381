# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of the bench: ratios between servers, round by round, and whether each bound is reached."""

import statistics


class Row:
    """One figure. unit: how to print a value. fewer: less is better, and the ratio is still ours / the other's."""

    def __init__(self, name, unit, fewer=False):
        self.name, self.unit, self.fewer = name, unit, fewer
        self.rounds, self.bounds, self.notes = [], [], []

    def add(self, **values):
        """A round: the value of each server."""
        self.rounds.append(values)

    def bound(self, limit, other="stock"):
        """ours / other's must be at least limit (at most, where fewer is better). other None: the value itself."""
        self.bounds.append((other, limit))

    def values(self, server):
        return [r[server] for r in self.rounds if server in r]

    def ratios(self, other):
        return [r["cube"] / r[other] for r in self.rounds if r.get(other)]

    def best(self, other):
        """The best round of ours / the other's best: what disturbs the machine makes no round better."""
        pick = min if self.fewer else max
        return pick(self.values("cube")) / pick(self.values(other)) if self.values(other) else None

    def reached(self, other, limit, slack):
        median = statistics.median(self.values("cube") if other is None else self.ratios(other))
        return median <= limit * (1 + slack) if self.fewer else median >= limit * (1 - slack)


def spread(values, form="{:.2f}"):
    if not values:
        return "-"
    texts = [form.format(v) for v in (statistics.median(values), min(values), max(values))]
    return texts[0] if len(values) == 1 else f"{texts[0]} ({texts[1]}..{texts[2]})"


def _value(row, server):
    values = row.values(server)
    return row.unit(statistics.median(values)) if values else "-"


def _bounds(row, slack):
    texts = []
    for other, limit in row.bounds:
        sign = "<=" if row.fewer else ">="
        text = f"{sign} {row.unit(limit)}" if other is None else f"{sign} {limit:g} of {other}"
        texts.append(text + ("" if row.reached(other, limit, slack) else " **missed**"))
    return "; ".join(texts) or "-"


def table(rows, slack):
    """The Markdown table."""
    lines = ["| figure | ours / stock | best rounds | ours / HAProxy | bound | ours | stock | HAProxy |", "|" + "---|" * 8]
    for row in rows:
        best = row.best("stock")
        cells = [row.name, spread(row.ratios("stock")), f"{best:.2f}" if best else "-", spread(row.ratios("haproxy")),
                 _bounds(row, slack)]
        cells += [_value(row, server) for server in ("cube", "stock", "haproxy")]
        lines.append("| " + " | ".join(cells) + " |")
        lines += [f"| - {note} " + "| " * 7 + "|" for note in row.notes]
    return "\n".join(lines)


def count(rows, slack):
    """(bounds reached, bounds missed)"""
    results = [row.reached(other, limit, slack) for row in rows for other, limit in row.bounds]
    return sum(results), len(results) - sum(results)


def per_second(value):
    return f"{value:,.0f}/s"


def kilobytes(value):
    return f"{value / 1000:,.1f} KB"


def seconds(value):
    return f"{value:.2f} s"


def megabytes(value):
    return f"{value / 1e6:,.0f} MB"
