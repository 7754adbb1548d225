"""Effects by segment: each segment's own estimate, pale, beside the partially pooled one."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST = 25


def pooled(rows: pd.DataFrame, *, metric: str) -> alt.TopLevelMixin:
    """Draw both effects of each segment with their intervals; the 25 largest segments are drawn.

    Args:
        rows: As `Segments.rows`.
        metric: What was compared.
    """
    shown = rows.head(_MOST)
    kinds = {
        "as measured": ("effect", "lower", "upper"),
        "partially pooled": ("pooled", "pooled_lower", "pooled_upper"),
    }
    data = pd.concat(
        [
            pd.DataFrame(
                {
                    "segment": shown["segment"],
                    "estimate": kind,
                    "effect": shown[columns[0]],
                    "lower": shown[columns[1]],
                    "upper": shown[columns[2]],
                    "n": shown["n"] + shown["n_control"],
                }
            )
            for kind, columns in kinds.items()
        ],
        ignore_index=True,
    )
    domain = list(kinds)
    base = alt.Chart(data).encode(
        y=alt.Y("segment:N", sort=list(shown["segment"]), title=None, axis=alt.Axis(labelLimit=220)),
        yOffset=alt.YOffset("estimate:N", sort=domain),
        color=alt.Color("estimate:N", title=None, scale=alt.Scale(domain=domain, range=[theme.QUIET, theme.MAIN])),
        tooltip=[
            alt.Tooltip("segment:N"),
            alt.Tooltip("estimate:N"),
            alt.Tooltip("effect:Q", format="+.4g"),
            alt.Tooltip("lower:Q", format="+.4g"),
            alt.Tooltip("upper:Q", format="+.4g"),
            alt.Tooltip("n:Q", title="units", format=","),
        ],
    )
    shape = alt.Shape("estimate:N", title=None, scale=alt.Scale(domain=domain, range=["circle", "diamond"]))
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(x="zero:Q")
    return alt.layer(
        zero,
        base.mark_rule(strokeWidth=2).encode(x=alt.X("lower:Q", title=f"difference in {metric}"), x2="upper:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(x="effect:Q", shape=shape),
    ).properties(height=alt.Step(18))
