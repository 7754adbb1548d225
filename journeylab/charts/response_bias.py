"""Who answers by value, how they score, and what a reward changes."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme


def who(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw the share that answers by fifth of value, with its interval.

    Args:
        rows: A row a fifth with fifth, n, of, rate, lower, upper.
    """
    base = alt.Chart(rows[["fifth", "n", "of", "rate", "lower", "upper"]]).encode(
        x=alt.X("fifth:N", sort=list(rows["fifth"]), title="customers by net value", axis=alt.Axis(labelAngle=0)),
        tooltip=[
            "fifth:N",
            alt.Tooltip("rate:Q", format=".1%"),
            alt.Tooltip("n:Q", title="answered", format=","),
            alt.Tooltip("of:Q", title="customers", format=","),
        ],
    )
    y = alt.Y("rate:Q", title="share that answered", axis=alt.Axis(format=".0%"))
    return alt.layer(
        base.mark_bar(color=theme.MAIN, width={"band": 0.6}).encode(y=y),
        base.mark_rule(color=theme.QUIET, strokeWidth=2).encode(y="lower:Q", y2="upper:Q"),
    ).properties(height=260)


def scores(rows: pd.DataFrame, *, whole: float, title: str) -> alt.LayerChart:
    """Draw the score by fifth of value with its interval, beside the score of all answers.

    Args:
        rows: A row a fifth with fifth, score, score_lower, score_upper, answers.
        whole: The score of all.
        title: What the score is.
    """
    base = alt.Chart(rows[["fifth", "score", "score_lower", "score_upper", "answers"]].dropna()).encode(
        x=alt.X("fifth:N", sort=list(rows["fifth"]), title="customers by net value", axis=alt.Axis(labelAngle=0)),
        tooltip=["fifth:N", alt.Tooltip("score:Q", format=".2f"), alt.Tooltip("answers:Q", format=",")],
    )
    line = alt.Chart(pd.DataFrame({"whole": [whole]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4])
    return alt.layer(
        line.encode(y="whole:Q"),
        base.mark_rule(color=theme.MAIN, strokeWidth=3).encode(
            y=alt.Y("score_lower:Q", title=title, scale=alt.Scale(zero=False)), y2="score_upper:Q"
        ),
        base.mark_point(filled=True, size=90, color=theme.MAIN, opacity=1).encode(y="score:Q"),
    ).properties(height=260)


def reward(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw rewarded and other answers side by side, a panel a measure with an axis of its own.

    Args:
        rows: As `ResponseBias.incentive`.
    """
    if rows.empty:
        text = alt.Chart(pd.DataFrame({"why": ["No answer says whether it was rewarded."]}))
        return text.mark_text(color=theme.QUIET, fontSize=13).encode(text="why:N").properties(height=80)
    panels = []
    for row in rows.to_dict("records"):
        data = pd.DataFrame(
            {"who": ["rewarded", "others"], "value": [row["rewarded"], row["other"]],
             "n": [row["n_rewarded"], row["n_other"]]}
        )  # fmt: skip
        share = not str(row["measure"]).startswith("score")
        said = f"{row['difference']:+.3g} ({row['lower']:+.3g} to {row['upper']:+.3g})"
        base = alt.Chart(data).encode(
            y=alt.Y("who:N", sort=["rewarded", "others"], title=None),
            tooltip=["who:N", alt.Tooltip("value:Q", format=".1%" if share else ".2f"), alt.Tooltip("n:Q", format=",")],
        )
        x = alt.X("value:Q", title=None, axis=alt.Axis(format=".0%" if share else "~g"))
        panels.append(
            alt.layer(
                base.mark_bar(height={"band": 0.6}).encode(
                    x=x, color=alt.Color("who:N", legend=None, scale=alt.Scale(range=[theme.MAIN, theme.QUIET]))
                ),
                base.mark_text(align="left", dx=6, color=theme.QUIET).encode(
                    x=x, text=alt.Text("value:Q", format=".1%" if share else ".3g")
                ),
            ).properties(height=alt.Step(26), title=alt.Title(f"{row['measure']}: {said}", anchor="start", fontSize=12))
        )
    return alt.vconcat(*panels)
