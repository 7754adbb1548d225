"""How many kinds of customers there are, and whether there are any: separation, BIC and stability by number of groups.

Method and limits: docs/methods/personas.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import day as check_day
from journeylab.checks import one_of, whole
from journeylab.customers import clusters, feature_parts, lots, scaling, stability, structure
from journeylab.customers.features import chosen
from journeylab.customers.persona_figures import Ground, bought, ground
from journeylab.data.coverage import orders_end
from journeylab.errors import NotEnoughData
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from journeylab.customers.features import Column
    from journeylab.data.dataset import Dataset

FEWEST_CUSTOMERS = 50
SAMPLE = 4000
LEAST_RAND = 0.6
METHOD_WORDS = {"kmeans": "k-means", "mixture": "mixture"}
_ROUNDS = 8


class Fit(NamedTuple):
    """Clusters fitted to the sample, and how they come back."""

    model: clusters.Model
    again: stability.Stability


@dataclass(frozen=True, eq=False, kw_only=True)
class PersonaCount(Result):
    """Figures by number of groups, and what they suggest.

    Args:
        counts: A row a number of groups: k, silhouette with reference, reference_lower and reference_upper (two
            standard deviations) and z, all three of Ward's clustering, and own_silhouette, of the clusters of `method`,
            of the same n customers; bic, of n_bic; stability (mean adjusted Rand index) with stability_lower and
            stability_upper (least and largest over the bootstrap samples) and weakest (mean Jaccard similarity of the
            group that comes back least), of n_stability.
        suggested: The number of groups to take; None for no real groups.
        features: The names of the features used.
        scales: How each column is scaled.
        n: Customers looked at: all, or a seeded sample of them.
        of: Customers there are.
        as_of: The day the features stand at.
        method: 'kmeans' or 'mixture'.
        seed: Of the sample and of everything drawn.
        fits: For each number of groups, the clusters and how they come back from bootstrap samples.
        space: The scaled features of every customer, in the engine.
        sample: The features of those looked at.
        ground: What the figures of any personas rest on.
        bought: What everyone bought, as `persona_figures.bought`.
    """

    views: ClassVar[tuple[str, ...]] = ("separation", "information criterion", "stability")

    counts: pd.DataFrame
    suggested: int | None
    features: tuple[str, ...]
    scales: tuple[scaling.Scale, ...]
    n: int
    of: int
    as_of: date
    method: str
    seed: int
    fits: Mapping[int, Fit] = field(repr=False)
    space: ir.Table = field(repr=False)
    sample: pd.DataFrame = field(repr=False)
    ground: Ground = field(repr=False)
    bought: ir.Table | None = field(repr=False)

    @property
    def data(self) -> NDArray[np.float64]:
        """The scaled sample."""
        return scaling.matrix(self.scales, self.sample)

    def table(self) -> pd.DataFrame:
        """Return a row a number of groups."""
        return self.counts

    def headline(self) -> str:
        """Say how many groups there are, or that there are none."""
        looked = int(self.counts["n"].iloc[0])
        seen = f"{words.count(looked)} of " if looked < self.of else ""
        if self.suggested is None:
            return (
                f"No real groups here: {seen}{words.count(self.of, 'customer')} separate no better than customers of "
                "one kind."
            )
        row = self.counts.set_index("k").loc[self.suggested]
        return (
            f"{words.count(self.suggested, 'group')} stand out among {seen}{words.count(self.of, 'customer')}: "
            f"silhouette {row['silhouette']:.2f} by Ward's clustering, where customers of one kind would reach "
            f"{row['reference']:.2f}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import persona

        return persona.counts(self.counts, suggested=self.suggested, first=view)


@analysis("orders.customer_id")
def persona_count(
    shop: Dataset,
    *,
    features: Sequence[str] | None = None,
    method: str = "kmeans",
    as_of: date | str | None = None,
    seed: int = 1,
) -> PersonaCount:
    """Look for 2 to 10 groups of customers, and say whether there are any.

    A number of groups is a candidate when the silhouette lies at least four standard deviations above what customers
    of one kind reach (structure.py) and bootstrap refits agree with an adjusted Rand index of at least 0.6. Candidates
    whose every group is steady go first, then those whose every group is fair; among equals the one with the largest
    product of its distance to the reference and its stability is suggested. Without a candidate there are no real
    groups.

    Args:
        shop: A Dataset whose orders name their customers.
        features: Names of features (`journeylab.customers.features.CATALOGUE`); by default frequency, value an order,
            discounts and categories, as far as the files have them.
        method: 'kmeans' or 'mixture'.
        as_of: The day the features stand at; the last day of the period by default.
        seed: Of the sample and of everything drawn.

    Raises:
        NotEnoughData: with fewer than 50 customers, or customers who do not differ in any feature.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.customers.persona_count(tiny_shop())
        Traceback (most recent call last):
        ...
        journeylab.errors.NotEnoughData: 2 customers are too few to find groups among them. Below 50 ...
    """
    one_of(method, "method", clusters.METHODS)
    whole(seed, "seed", highest=2**31 - 1)
    until = check_day(as_of, "as_of") or orders_end(shop)
    if until is None:
        raise NotEnoughData("The orders carry no days, so nobody's history is known.")
    names = chosen(shop, features)
    on = ground(shop, until)
    columns = [column for column in on.columns if column.feature in names]
    used = dict.fromkeys((*feature_parts.BASE, *(part for column in columns for part in column.parts)))
    space = on.people.select("customer_id", *used)
    sample = shop.run(lots.sample(space, SAMPLE, seed, "personas"))
    everyone = len(sample) if len(sample) < SAMPLE else int(shop.run(space.agg(n=space.count()))["n"].iloc[0])
    if everyone < FEWEST_CUSTOMERS:
        raise NotEnoughData(
            f"{words.count(everyone, 'customer')} are too few to find groups among them.",
            why=f"Below {FEWEST_CUSTOMERS} a handful of people decides what a group looks like.",
            do="Look at RFM groups instead, or choose a longer period.",
        )
    scales, alike = scaling.fit(columns, sample)
    if not scales:
        raise NotEnoughData(
            f"The customers are alike in {words.listed(c.label for c in alike)}.",
            why="Nothing that was chosen tells them apart beyond chance.",
            do="Choose other features.",
        )
    counts, fits = _scan(scales, sample, method, seed)
    return PersonaCount(
        counts=counts,
        suggested=_suggested(counts),
        features=names,
        scales=scales,
        n=len(sample),
        of=everyone,
        as_of=until,
        method=method,
        seed=seed,
        fits=fits,
        space=shop.engine.keep(scaling.scaled(scales, space)),
        sample=sample,
        ground=on,
        bought=bought(shop, until),
        caveats=(_looked(counts, method), *_caveats(sample, scales, alike, everyone)),
    )


def _scan(
    scales: Sequence[scaling.Scale], sample: pd.DataFrame, method: str, seed: int
) -> tuple[pd.DataFrame, dict[int, Fit]]:
    rows, fits = [], {}
    data = scaling.matrix(scales, sample)
    with clusters.one_thread():
        found = structure.examine(data, seed=seed, parts=feature_parts.take(scales, sample))
        for place, k in enumerate(structure.COUNTS):
            model = clusters.fit(data, k, method=method, seed=seed)
            again = stability.bootstrap(data, model, rounds=_ROUNDS, seed=seed)
            rand, fits[k] = again.rand, Fit(model, again)
            rows.append(
                {
                    "k": k,
                    "silhouette": found.silhouette[place],
                    "own_silhouette": structure.of_labels(data, model.labels(data)),
                    "reference": found.reference[place],
                    "reference_lower": found.reference[place] - 2 * found.spread[place],
                    "reference_upper": found.reference[place] + 2 * found.spread[place],
                    "z": found.z[place],
                    "bic": model.bic,
                    "stability": rand.mean(),
                    "stability_lower": rand.min(),
                    "stability_upper": rand.max(),
                    "weakest": again.jaccard.mean(axis=0).min(),
                    "n": found.n,
                    "n_bic": len(data),
                    "n_stability": min(len(data), stability.LARGEST_SAMPLE),
                }
            )
    return pd.DataFrame(rows), fits


def _suggested(counts: pd.DataFrame) -> int | None:
    """Return the number of groups to take, steady ones before others; None without a candidate.

    Where most customers have few orders, each number of orders is a small cluster of its own within each kind, and the
    silhouette alone would go on rising with every one of them that is cut off.
    """
    real = counts[(counts["z"] >= structure.LEAST_Z) & (counts["stability"] >= LEAST_RAND)]
    if real.empty:
        return None
    for least in stability.LIMITS:
        held = real[real["weakest"] >= least]
        if len(held):
            real = held
            break
    return int(real.loc[((real["silhouette"] - real["reference"]) * real["stability"]).idxmax(), "k"])


def _looked(counts: pd.DataFrame, method: str) -> str:
    """Say on whom each figure rests, and whose silhouette it is."""
    row = counts.iloc[0]
    return (
        f"Whether there are groups is judged by the silhouette of Ward's clustering of "
        f"{words.count(int(row['n']), 'customer')}, the same for each method; the {METHOD_WORDS[method]} clusters that "
        f"personas are made of are fitted on {words.count(int(row['n_bic']))}, and refitted on bootstrap samples of "
        f"{words.count(int(row['n_stability']))}."
    )


def _caveats(
    sample: pd.DataFrame, scales: Sequence[scaling.Scale], alike: Sequence[Column], everyone: int
) -> tuple[str, ...]:
    said = []
    if everyone > len(sample):
        said.append(f"Looked at a seeded sample of {words.count(len(sample))} of {words.count(everyone, 'customer')}.")
    if alike:
        said.append(
            f"Left out, because customers differ in it no more than chance makes them: "
            f"{words.listed(column.label for column in alike)}."
        )
    for scale in scales:
        if scale.column.kind == "amount":
            unseen = int(sample[scale.column.id].isna().sum())
            if unseen:
                of = words.percent(unseen / len(sample))
                said.append(
                    f"{scale.column.label.capitalize()} cannot be observed for {of} of them, who stand in the middle; "
                    "customers of one kind lack it too, so that this alone makes no groups."
                )
    amounts = [scale for scale in scales if scale.column.kind == "amount"]
    if amounts:
        held = int(np.any([scale.held(sample) for scale in amounts], axis=0).sum())
        said.append(
            "Amounts are compared by their logarithm, less the median and over the spread of the middle half, held to "
            f"±{scaling.FARTHEST:g}: {words.count(held)} of {words.count(len(sample), 'customer')} would lie farther "
            "out in some amount."
        )
    return tuple(said)
