"""The decision memo of a test, as Markdown: what was asked, what was found, how sure, and what speaks against it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from journeylab import words
from journeylab.growth.verdict import is_money

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.growth.experiment import Experiment

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_SAID = {
    "better": "Keep the variant.",
    "mixed": "Decide which measure counts: what was asked for got better, and something else clearly worse.",
    "worse": "Stay with the control.",
    "same": "Choose by cost or taste: there is no difference worth having.",
    "open": "Let it run on, or stop and say that it is not known.",
    "refused": "Repair the test and run it again.",
}


def escape(text: object) -> str:
    r"""Return `text` on one line, without a meaning to Markdown, and still easy to read as plain text.

    >>> escape("a|b *c*")
    'a\\|b \\*c\\*'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def write(result: Experiment) -> str:
    """Write the memo of a test that was read."""
    parts = [f"# Decision memo: {escape(result.name)}", "", f"**{escape(result.verdict.sentence)}**", ""]
    parts += [f"Decision: {_SAID[result.verdict.kind]}", "", "## Units", ""]
    rows = result.rows
    if len(rows):
        first = rows[rows["metric"] == rows["metric"].iloc[0]]
        arms = [(result.control, first["n_control"].iloc[0]), *zip(first["variant"], first["n"], strict=True)]
        parts += [f"- {escape(v)}: {words.count(n, result.unit)}" for v, n in arms]
    if len(result.days):
        days = result.days["day"]
        parts.append(f"- exposed {words.span(days.min().date(), days.max().date())}")
    parts += ["", "## Is the test fit to be read?", ""]
    parts += [f"- **{c.status}** · {escape(c.check)}: {escape(c.finding)}" for c in result.checks.itertuples()]
    parts += ["", "## Effects", "", *_effects(result, rows)]
    if len(result.guardrails):
        parts += ["", "## Guardrails", ""]
        parts += [
            f"- **{g.reading}** · {escape(g.variant)}: {escape(g.finding)}" for g in result.guardrails.itertuples()
        ]
    if result.caveats:
        parts += ["", "## What speaks against it", "", *[f"- {escape(c)}" for c in result.caveats]]
    if result.call is not None:
        parts += ["", "## The exact call", "", "```python", result.call.python().rstrip(), "```"]
    return "\n".join(parts) + "\n"


def _effects(result: Experiment, rows: pd.DataFrame) -> list[str]:
    level = f"{result.level:.0%}"
    lines = [
        (
            f"| metric | variant | {escape(result.control)} | variant's | change ({level} interval) | adjusted p | "
            "chance to win | always valid |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows.to_dict("records"):
        kind = row["kind"]

        def said(value: float, points: str = "%", kind: str = kind, metric: str = row["metric"]) -> str:
            if math.isnan(value):
                return "not known"
            if math.isinf(value):
                return "open"
            if kind == "proportion":
                return f"{100 * value:.2f}{points}"
            return words.money(value, result.currency) if is_money(metric) and kind == "mean" else f"{value:.4g}"

        change = f"{said(row['effect'], ' points')} ({said(row['lower'], '')} to {said(row['upper'], '')})"
        always = f"{said(row['always_lower'], '')} to {said(row['always_upper'], '')}"
        values = f"{said(row['value_control'])} | {said(row['value'])}"
        lines.append(
            f"| {escape(row['metric'])} | {escape(row['variant'])} | {values} | {change} "
            f"| {row['pvalue_adjusted']:.3g} | {row['chance_to_win']:.1%} | {always} |"
        )
    return lines
