"""Where customers lie on two features of the user's own choice: a map with axes one can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import one_of
from journeylab.errors import BadParameter
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

SHOWN = 1200


@dataclass(frozen=True, eq=False, kw_only=True)
class PersonaMap(Result):
    """A sample of customers on two features.

    Args:
        points: A row a customer of the sample: persona, name, x, y, in the features' own units.
        x: The label of the first axis, with its kind in `x_kind`.
        y: The label of the second, with its kind in `y_kind`.
        of: Customers there are.
    """

    views: ClassVar[tuple[str, ...]] = ("map",)

    points: pd.DataFrame
    x: str
    y: str
    x_kind: str
    y_kind: str
    of: int

    def table(self) -> pd.DataFrame:
        """Return a row a persona: n of those drawn, and the quartiles of both features."""
        groups = self.points.groupby(["persona", "name"])
        quartiles = {f"{axis}_{q}": groups[axis].quantile(q / 100) for axis in "xy" for q in (25, 50, 75)}
        return pd.DataFrame({"n": groups.size(), **quartiles}).reset_index()

    def headline(self) -> str:
        """Say what is drawn."""
        shown = f"{words.count(len(self.points))} of {words.count(self.of)} customers"
        return f"{self.x.capitalize()} against {self.y}: {shown}."

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one
        from journeylab.charts import persona

        return persona.scatter(self.points, x=self.x, y=self.y, x_kind=self.x_kind, y_kind=self.y_kind)


def axes(personas: Personas) -> dict[str, str]:
    """Return the features that can be axes: their labels, and the names to call them by."""
    return {scale.column.label: scale.column.id for scale in personas.count.scales}


@analysis("orders.customer_id")
def persona_map(shop: Dataset, *, personas: Personas, x: str | None = None, y: str | None = None) -> PersonaMap:  # noqa: ARG001 - reads the sample
    """Draw at most 1,200 customers of the sample on two features, coloured by persona.

    Args:
        shop: The shop the personas were found in.
        personas: What `personas` gave.
        x: The feature of the first axis (`axes` names them); by default the amount the personas differ in most.
        y: The feature of the second axis.
    """
    count = personas.count
    if personas.model is None:
        raise BadParameter("Slices by value are cut along one feature; a map of two would show no groups.")
    known = [scale.column.id for scale in count.scales]
    if len(known) < 2:
        raise BadParameter("A map needs two features.", do="Choose one more feature.")
    # Amounts first: shares of few orders fall on few places, and hide customers behind each other.
    spread = personas.model.centres.std(axis=0) + [100.0 * (scale.column.kind == "amount") for scale in count.scales]
    apart = [known[place] for place in np.argsort(-spread, kind="stable")]
    x = one_of(x or next(name for name in apart if name != y), "x", known)
    y = one_of(y or next(name for name in apart if name != x), "y", known)
    if x == y:
        raise BadParameter(f"A map of {x} against itself is a line.", do="Choose two different features.")
    first, second = (count.scales[known.index(name)] for name in (x, y))
    labels = personas.labels()[:SHOWN]
    names = dict(zip(personas.cards["persona"], personas.cards["name"], strict=True))
    points = pd.DataFrame(
        {
            "persona": labels,
            "name": [names.get(label, "none") for label in labels],
            "x": first.natural(count.sample)[:SHOWN],
            "y": second.natural(count.sample)[:SHOWN],
        }
    )
    return PersonaMap(
        points=points,
        x=first.column.label,
        y=second.column.label,
        x_kind=first.column.kind,
        y_kind=second.column.kind,
        of=count.of,
        caveats=("Two of the features that were used; groups that touch here may lie apart in the others.",),
    )
