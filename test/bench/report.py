# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of the bench: ratios between servers, round by round, and whether each bound is reached."""

import statistics


TITLES = {"haproxy": "HAProxy"}


class Row:
    """One figure. unit: how to print a value. fewer: less is better, and the ratio is still ours / the other's. others: with whom
    it is compared; rows with the same ones make one table."""

    def __init__(self, name, unit, fewer=False, others=("stock", "haproxy")):
        self.name, self.unit, self.fewer, self.others = name, unit, fewer, tuple(others)
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


def spread(values, unit="{:.2f}".format):
    if not values:
        return "-"
    texts = [unit(v) for v in (statistics.median(values), min(values), max(values))]
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


def tables(rows, slack):
    """The Markdown tables."""
    groups = {}
    for row in rows:
        groups.setdefault(row.others, []).append(row)
    return "\n\n".join(_table(group, others, slack) for others, group in groups.items())


def _table(rows, others, slack):
    names = [TITLES.get(other, other) for other in others]
    head = ["figure", *(f"ours / {name}" for name in names), "bound", "ours", *names]
    if others:
        head.insert(2, "best rounds")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [row.name, *(spread(row.ratios(other)) for other in others), _bounds(row, slack)]
        if others:
            best = row.best(others[0])
            cells.insert(2, f"{best:.2f}" if best else "-")
            cells += [_value(row, server) for server in ("cube", *others)]
        else:
            cells.append(spread(row.values("cube"), row.unit))
        lines.append("| " + " | ".join(cells) + " |")
        lines += [f"| - {note} " + "| " * (len(head) - 1) + "|" for note in row.notes]
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


def microseconds(value):
    return f"{value * 1e6:,.2f} us" if value < 1e-5 else f"{value * 1e6:,.0f} us"


def number_of_bytes(value):
    return f"{value:,.0f} bytes"


def times(value):
    return f"{value:.1f}"
