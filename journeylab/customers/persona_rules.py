"""A persona in at most three plain conditions, and how often they are right.

For each persona a decision tree of depth three (CART; Breiman et al. 1984) tells it from the rest on two thirds of the
sample; the leaf that catches it best (F1) gives the conditions. Precision and recall are counted on the other third.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.errors import BadParameter
from journeylab.intervals import wilson
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    from numpy.typing import NDArray

    from journeylab.customers.personas import Personas
    from journeylab.customers.scaling import Scale
    from journeylab.data.dataset import Dataset

MOST_CONDITIONS = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class PersonaRules(Result):
    """Personas in words.

    Args:
        rules: A row a persona: persona, name, rule, conditions; picked, rate (of those picked, how many are of the
            persona) with lower and upper; of and share_caught (of the persona, how many are picked) with
            share_caught_lower and share_caught_upper.
        n: Customers the rules were counted on.
    """

    views: ClassVar[tuple[str, ...]] = ("fidelity",)

    rules: pd.DataFrame
    n: int

    def table(self) -> pd.DataFrame:
        """Return a row a persona."""
        return self.rules

    def headline(self) -> str:
        """Say the rule that is right most often."""
        best = self.rules.loc[self.rules["rate"].fillna(0).idxmax()]
        return f"“{best['name']}”: {best['rule']} is right for {words.percent(best['rate'])} (n = {best['picked']:,})."

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one
        from journeylab.charts import persona

        return persona.fidelity(self.rules)


@analysis("orders.customer_id")
def persona_rules(shop: Dataset, *, personas: Personas, level: float = 0.95) -> PersonaRules:  # noqa: ARG001 - reads the sample
    """Put each persona into at most three conditions on its features, and count how often they are right.

    Args:
        shop: The shop the personas were found in.
        personas: What `personas` gave; slices by value are their own rule and are refused.
        level: Coverage of the intervals.
    """
    if personas.model is None:
        raise BadParameter("Slices by value need no rule: each is a quarter of the customers by net value.")
    count = personas.count
    natural = np.column_stack([scale.natural(count.sample) for scale in count.scales])
    labels = personas.labels()
    learn = np.arange(len(labels)) % 3 != 2
    rows = []
    for number, name in zip(personas.cards["persona"], personas.cards["name"], strict=True):
        conditions = _conditions(natural[learn], labels[learn] == number, count.seed)
        picked, true = _picked(natural[~learn], conditions), labels[~learn] == number
        right = int((picked & true).sum())
        low, high = wilson(right, picked.sum(), level=level)
        recall_low, recall_high = wilson(right, true.sum(), level=level)
        rows.append(
            {
                "persona": int(number),
                "name": name,
                "rule": _sentence(conditions, count.scales),
                "conditions": len(conditions),
                "picked": int(picked.sum()),
                "rate": right / picked.sum() if picked.any() else np.nan,
                "lower": float(low),
                "upper": float(high),
                "of": int(true.sum()),
                "share_caught": right / true.sum() if true.any() else np.nan,
                "share_caught_lower": float(recall_low),
                "share_caught_upper": float(recall_high),
            }
        )
    held_out = int((~learn).sum())
    return PersonaRules(
        rules=pd.DataFrame(rows),
        n=held_out,
        caveats=(f"Counted on {words.count(held_out, 'customer')} that the rules were not made from.",),
    )


def _conditions(data: NDArray[np.float64], wanted: NDArray[np.bool_], seed: int) -> list[tuple[int, str, float]]:
    """Return the conditions (feature, '>' or '≤', limit) of the leaf that catches the wanted best."""
    from sklearn.tree import DecisionTreeClassifier

    if wanted.all() or not wanted.any():
        return []
    fitted = DecisionTreeClassifier(max_depth=MOST_CONDITIONS, min_samples_leaf=5, random_state=seed).fit(data, wanted)
    leaf_of = fitted.apply(data)
    best, score = 0, -1.0
    for leaf in np.unique(leaf_of):
        inside = leaf_of == leaf
        f1 = 2 * (inside & wanted).sum() / (inside.sum() + wanted.sum())
        if f1 > score:
            best, score = int(leaf), float(f1)
    return _merged(_path(fitted.tree_, best))


def _path(tree: Any, leaf: int) -> list[tuple[int, str, float]]:
    parent = {
        int(child): (node, sign)
        for node in range(tree.node_count)
        for child, sign in ((tree.children_left[node], "≤"), (tree.children_right[node], ">"))
        if child >= 0
    }
    path, node = [], leaf
    while node in parent:
        node, sign = parent[node]
        path.append((int(tree.feature[node]), sign, float(tree.threshold[node])))
    return path[::-1]


def _merged(path: list[tuple[int, str, float]]) -> list[tuple[int, str, float]]:
    """Keep the tighter of two conditions on one side of one feature."""
    limits: dict[tuple[int, str], float] = {}
    for place, sign, limit in path:
        key = (place, sign)
        limits[key] = limit if key not in limits else (max if sign == ">" else min)(limits[key], limit)
    return [(place, sign, limit) for (place, sign), limit in limits.items()]


def _picked(data: NDArray[np.float64], conditions: list[tuple[int, str, float]]) -> NDArray[np.bool_]:
    picked = np.ones(len(data), dtype=bool)
    for place, sign, limit in conditions:
        # The tree compares in single precision.
        column = data[:, place].astype(np.float32)
        picked &= column > limit if sign == ">" else column <= limit
    return picked


def _sentence(conditions: list[tuple[int, str, float]], scales: tuple[Scale, ...]) -> str:
    said = []
    for place, sign, limit in conditions:
        column = scales[place].column
        written = words.percent(limit, digits=0) if column.kind == "share" else f"{limit:,.4g}"
        said.append(f"{column.label} {sign} {written}")
    return " and ".join(said) if said else "everyone"
