"""For whom a test works: the effect in each segment, corrected for how many were looked at, and partially pooled.

Method, sources and limits: docs/methods/experiment.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import duration, number, one_of
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth import health, known_before
from journeylab.growth.corrections import CORRECTIONS, adjust
from journeylab.growth.effects import compare, difference
from journeylab.growth.measures import MOST_PARTS, OTHERS
from journeylab.growth.shrinkage import partial_pooling
from journeylab.growth.trial import Asked, read_trial
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    import altair as alt

    from journeylab.data.dataset import Dataset

SMALLEST = 30


@dataclass(frozen=True, eq=False, kw_only=True)
class Segments(Result):
    """The effect of one variant by segment.

    Args:
        rows: A row a segment: segment, n_control, n, value_control, value, effect with lower and upper as they are,
            pvalue, pvalue_adjusted, pooled with pooled_lower and pooled_upper (partially pooled), share_kept (how much
            of its own estimate is left), largest segment first.
        metric: What was compared.
        variant: The variant.
        control: The control.
        by: What the segments come from.
        differ: P-value of the test that all segments have the same effect (Cochran's Q).
        left_out: Units in segments too small to be read.
        fit: Whether the split is even among all variants, or as planned, and hardly any unit saw several of them;
            without that there is no verdict.
    """

    views: ClassVar[tuple[str, ...]] = ("segments",)

    rows: pd.DataFrame
    metric: str
    variant: str
    control: str
    by: str
    differ: float
    left_out: int
    fit: bool
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a segment: its own effect and the pooled one, each with its interval and counts."""
        return self.rows

    def headline(self) -> str:
        """Say whether segments differ, and which one stands out."""
        if not self.fit:
            return f"No verdict: {self.caveats[0][0].lower()}{self.caveats[0][1:]}"
        clear = self.rows[(self.rows["pooled_lower"] > 0) | (self.rows["pooled_upper"] < 0)]
        what = f"{self.metric} by {self.by.removeprefix(known_before.PREFIX).replace('_', ' ')}"
        if math.isnan(self.differ) or self.differ >= 1 - self.level:
            looked = words.count(len(self.rows), "segment")
            return f"No sign that {self.variant} works differently for some than for others ({what}, {looked})."
        if clear.empty:
            return f"{self.variant} seems to work differently ({what}), but for no segment is the effect clear."
        top = clear.loc[(clear["pooled"] / (clear["pooled_upper"] - clear["pooled_lower"])).abs().idxmax()]
        way = "raises" if top["pooled"] > 0 else "lowers"
        return f"{self.variant} works differently: it {way} {what} most clearly for {top['segment']}."

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one view
        from journeylab.charts import segments

        return segments.pooled(self.rows, metric=self.metric)


@analysis(name="jl.growth.experiment_segments")
def experiment_segments(
    shop: Dataset,
    *,
    by: str,
    name: str | None = None,
    metric: str | None = None,
    variant: str | None = None,
    control: str | None = None,
    window: str | timedelta | None = "14d",
    measured_by: Literal["outcomes", "orders"] | None = None,
    split: Mapping[str, float] | None = None,
    level: float = 0.95,
    correction: Literal["holm", "benjamini-hochberg", "none"] = "holm",
) -> Segments:
    """Read one metric of one variant by segment.

    P-values are adjusted for the number of segments. The pooled effects borrow strength from each other (the normal
    hierarchical model), which takes out most of the luck of the most striking segment. Whether segments differ at all
    is Cochran's Q, Σ wᵢ(yᵢ − ȳ)² with weights 1/seᵢ², against χ² with one degree less than segments (Cochran 1954).

    Args:
        shop: A Dataset with a test.
        by: What to split by, known before or at the exposure: a text column of the outcomes, a trait of customers, or
            device, marketing_channel or country of a visitor's first event. Of visitors, 'customers.…' is the trait of
            the customer whom a login or order had told before the exposure; all others are 'not known before'.
        name: Which test; the one with the most units by default.
        metric: What to compare, as in `experiment`; the first one by default.
        variant: Which variant; the first that is not the control by default.
        control: The variant to compare with.
        window: How long after its exposure a unit's orders and events count.
        measured_by: As in `experiment`.
        split: The planned share of each variant, in any scale; equal by default.
        level: Confidence level.
        correction: How p-values are adjusted.

    Raises:
        BadParameter: if the units cannot be split by `by`, or the metric is a quantile.
        NotEnoughData: if no segment has 30 units in both variants.
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    one_of(correction, "correction", CORRECTIONS)
    asked = Asked(
        name=name,
        metrics=None if metric is None else (metric,),
        control=control,
        window=None if window is None else duration(window, "window"),
        measured_by=measured_by,
        by=by,
        level=level,
    )
    trial = read_trial(shop, asked)
    found = trial.metrics[0]
    if found.kind == "quantile":
        raise BadParameter("Quantiles are not compared by segment.", do="Choose a mean, a ratio or a proportion.")
    if len(trial.variants) < 2:
        raise NotEnoughData(f"There is only the variant {trial.variants[0]}.")
    weights = health.planned_weights(split, trial.variants)
    chosen = one_of(variant or trial.variants[1], "variant", trial.variants[1:])
    arms = trial.moments[found.name].total(axis=1)
    v = trial.variants.index(chosen)
    n = np.minimum(arms.n[0], arms.n[v])
    readable = [p for p in np.argsort(-(arms.n[0] + arms.n[v]), kind="stable") if n[p] >= SMALLEST]
    if not readable:
        raise NotEnoughData(f"No segment has {SMALLEST} units in both variants.", do="Split by something coarser.")
    left_out = int(sum(arms.n[0][p] + arms.n[v][p] for p in range(len(n)) if p not in readable))
    effects = [compare(arms[0, p], arms[v, p], found, level=level) for p in readable]
    errors = [float(difference(arms[0, p], arms[v, p], found).se) for p in readable]
    pooled = partial_pooling([e.effect for e in effects], errors, level=level)
    rows = pd.DataFrame(
        {
            "segment": [trial.parts[p] for p in readable],
            "n_control": [int(e.n_control) for e in effects],
            "n": [int(e.n) for e in effects],
            "value_control": [e.value_control for e in effects],
            "value": [e.value for e in effects],
            "effect": [e.effect for e in effects],
            "lower": [e.lower for e in effects],
            "upper": [e.upper for e in effects],
            "pvalue": [e.pvalue for e in effects],
            "pvalue_adjusted": adjust([e.pvalue for e in effects], method=correction),
            "pooled": pooled.effect,
            "pooled_lower": pooled.lower,
            "pooled_upper": pooled.upper,
            "share_kept": pooled.share,
        }
    )
    units = trial.n.sum(axis=(1, 2)).tolist()
    checks = [
        health.check_sample_ratio(units, weights),
        health.check_several_variants(trial.several, sum(units) + trial.several),
    ]
    unfit = [c.sentence for c in checks if c.status == "fail"]
    read = [c.sentence for c in checks if c.status == "warn"]
    return Segments(
        rows=rows,
        metric=found.name,
        variant=chosen,
        control=trial.variants[0],
        by=by,
        differ=_differ(rows["effect"].to_numpy(), np.array(errors)),
        left_out=left_out,
        fit=not unfit,
        level=level,
        caveats=(*unfit, *read, *_caveats(rows, left_out, by)),
    )


def _differ(effects: np.ndarray, errors: np.ndarray) -> float:
    """P-value of Cochran's Q; NaN for fewer than two segments."""
    from scipy.stats import chi2

    known = np.isfinite(effects) & (errors > 0)
    y, w = effects[known], 1 / errors[known] ** 2
    if len(y) < 2:
        return math.nan
    return float(chi2.sf((w * (y - (w * y).sum() / w.sum()) ** 2).sum(), len(y) - 1))


def _caveats(rows: pd.DataFrame, left_out: int, by: str) -> tuple[str, ...]:
    said = []
    if len(rows) > 1:
        said.append(
            f"{words.count(len(rows), 'segment')} were looked at, so the most striking one is mostly also the luckiest "
            "(the winner's curse). The pooled effects are the ones to plan with."
        )
    if left_out:
        said.append(
            f"{left_out:,} units lie in segments with fewer than {SMALLEST} units in a variant, and are left out."
        )
    if OTHERS in set(rows["segment"]):
        said.append(f"'{OTHERS}' are the units of all but the {MOST_PARTS - 1} largest segments together.")
    if "not known" in set(rows["segment"]):
        plain = by.removeprefix(known_before.PREFIX).replace("_", " ")
        said.append(f"'not known' are units whose {plain} was not known.")
    if by.startswith(known_before.PREFIX):
        said.append(
            f"'{known_before.STRANGERS}' are visitors whom no login or order had told before they saw the test. Those "
            "who became known only afterwards stay among them: buying makes known, so the outcome would choose them."
        )
    said.append("Segments must not be formed by anything that the test could have changed.")
    if by.removeprefix(known_before.PREFIX) == "persona":
        said.append(
            "A persona rests on all orders of its period. Where the test falls into it, take a period that ends before."
        )
    return tuple(said)
