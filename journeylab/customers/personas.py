"""Personas: kinds of customers found in what they do, each with its size, its figures, and how sure we are.

Method and limits: docs/methods/personas.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
from ibis import _

from journeylab import words
from journeylab.checks import whole
from journeylab.customers import persona_figures, persona_words, stability
from journeylab.customers.persona_count import LEAST_RAND, PersonaCount, persona_count
from journeylab.customers.persona_figures import unknown_margin
from journeylab.customers.rfm import scores
from journeylab.customers.roster import Roster
from journeylab.errors import BadParameter
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd
    from numpy.typing import NDArray

    from journeylab.customers.clusters import Model
    from journeylab.data.dataset import Dataset

ALIKE = "All customers"
SLICE, CUT = "slice by value", "a cut, not a group"
_SLICES = ("Top quarter by value", "Second quarter by value", "Third quarter by value", "Last quarter by value")


@dataclass(frozen=True, eq=False, kw_only=True)
class Personas(Result):
    """Kinds of customers, the largest first; or slices by value where there are none.

    Args:
        cards: A row a persona: persona (its number), name, badge, jaccard (mean over bootstrap samples), n, of, share,
            probability (mean membership), net and margin with their shares, each with its interval, margin_n (customers
            whose margin is known), and products (those of which it has the largest part of the lines, with that part
            and its interval).
        figures: A row a persona and figure: value with lower and upper, n, and base, the value over all customers.
        count: What was looked at to find them.
        sliced: Whether these are slices by value instead of groups found.
        rand: Mean adjusted Rand index over bootstrap samples; NaN for slices.
        model: The fitted clusters; None for slices.
        roster: Every customer with persona, name and probability, in the engine.
        suggested: The name that each persona was found with, by its number, whatever it is called.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("size and money", "profile")

    cards: pd.DataFrame
    figures: pd.DataFrame
    count: PersonaCount = field(repr=False)
    sliced: bool
    rand: float
    model: Model | None = field(repr=False)
    roster: Roster = field(repr=False)
    suggested: Mapping[int, str] = field(repr=False)
    currency: str

    @property
    def assignments(self) -> ir.Table:
        """Every customer's persona as an expression: customer_id, persona, name, probability."""
        return self.roster.rows

    def trait(self, names: Mapping[str, str] | None = None) -> ir.Table:
        """Return every customer with the column `persona`, as `Dataset.with_trait` takes it.

        Args:
            names: What to call personas, by their names in `cards`; those that are not in it keep theirs.
        """
        said = {number: (names or {}).get(name, name) for number, name in self.cards[["persona", "name"]].to_numpy()}
        rows = self.assignments
        name = ibis.cases(*((rows.persona == int(number), text) for number, text in said.items()), else_=rows.name)
        return rows.select("customer_id", persona=name)

    def labels(self) -> NDArray[np.int64]:
        """Return the persona of each customer of the sample, from 1."""
        if self.model is not None:
            return self.model.labels(self.count.data) + 1
        money = self.count.sample["customer_id"].to_frame()
        return np.ones(len(money), dtype=np.int64)

    def table(self) -> pd.DataFrame:
        """Return a row a persona."""
        return self.cards

    def headline(self) -> str:
        """Say how many there are, which brings most, and how steady they are."""
        best = self.cards.loc[self.cards["net"].idxmax()]
        brings = (
            f"“{best['name']}” is {words.percent(best['share'])} of {words.count(best['of'], 'customer')} and "
            f"{words.brings(best['share_of_net'], 'net value')}"
        )
        if len(self.cards) == 1:
            return f"No real groups here, and {words.count(best['of'], 'customer')} of one net value: nothing to slice."
        if self.sliced:
            return f"No real groups here, so {len(self.cards)} slices by value: {brings}."
        steady = int((self.cards["badge"] == stability.STEADY).sum())
        return f"{len(self.cards)} personas, {steady} of them steady: {brings}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import persona

        if view == "profile":
            return persona.profile(self.figures, self.cards)
        return persona.sizes(self.cards)


@analysis("orders.customer_id")
def personas(
    shop: Dataset,
    *,
    count: PersonaCount | None = None,
    k: int | None = None,
    features: Sequence[str] | None = None,
    method: str = "kmeans",
    as_of: date | str | None = None,
    names: Mapping[str, str] | None = None,
    seed: int = 1,
    level: float = 0.95,
) -> Personas:
    """Put every customer into one of `k` personas, and describe each.

    Clusters are fitted on a seeded sample and everyone is assigned in the engine. Without `k` the suggested number is
    taken; where there are no real groups, customers are cut into four slices by value instead, and called slices.

    Args:
        shop: A Dataset whose orders name their customers.
        count: What `persona_count` gave for this shop; it then also gives features, method, as_of and seed.
        k: How many, 2 to 10.
        features: As in `persona_count`.
        method: 'kmeans' (MacQueen 1967) or 'mixture' (Gaussian mixture by EM).
        as_of: The day the features stand at.
        names: What to call personas, by the names they are found with; those that are not in it keep theirs.
        seed: Of the sample and of everything drawn.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: with fewer than 50 customers, or customers who do not differ in any feature.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> try:
        ...     jl.customers.personas(tiny_shop(), k=2)
        ... except jl.NotEnoughData as error:
        ...     print(error.what)
        2 customers are too few to find groups among them.
    """
    if count is None:
        count = persona_count(shop, features=features, method=method, as_of=as_of, seed=seed)
    elif not isinstance(count, PersonaCount):
        raise BadParameter("count must be what persona_count gave.")
    k = count.suggested if k is None else whole(k, "k", lowest=2, highest=10)
    if k is None:
        return _slices(shop, count, names or {}, level)
    return _groups(shop, count, k, names or {}, level)


def _groups(shop: Dataset, count: PersonaCount, k: int, called: Mapping[str, str], level: float) -> Personas:
    model, again = count.fits[k]
    suggested = persona_words.names(model.centres, count.scales)
    names = persona_words.called(suggested, called)
    roster = _roster(shop, model.assign(count.space), names)
    sizes, figures = persona_figures.collect(shop, roster, level, count.ground)
    row = count.counts.set_index("k").loc[k]
    real = count.suggested is not None and row["stability"] >= LEAST_RAND
    jaccard = again.jaccard.mean(axis=0)
    badges = [stability.badge(value) if real else CUT for value in jaccard]
    cards = _cards(sizes, names, badges, jaccard, persona_figures.products(shop, roster, count.bought, level))
    return Personas(
        cards=cards,
        figures=figures,
        count=count,
        sliced=False,
        rand=float(again.rand.mean()),
        model=model,
        roster=Roster(roster, shop.engine),
        suggested=dict(enumerate(suggested, start=1)),
        currency=shop.currency,
        caveats=(*_doubts(count, cards, float(again.rand.mean()), real=real), *unknown_margin(cards), *count.caveats),
    )


def _slices(shop: Dataset, count: PersonaCount, called: Mapping[str, str], level: float) -> Personas:
    scored, _until = scores(shop, bins=len(_SLICES), as_of=count.as_of)
    persona = (len(_SLICES) + 1 - scored.m).cast("int64")
    numbered = shop.engine.keep(scored.select("customer_id", persona=persona, probability=ibis.null("float64")))
    alike = int(shop.run(numbered.agg(n=numbered.persona.nunique()))["n"].iloc[0]) == 1
    suggested = [ALIKE] * len(_SLICES) if alike else list(_SLICES)
    known = persona_words.called([ALIKE] if alike else _SLICES, called)
    known = known * len(_SLICES) if alike else known
    roster = _roster(shop, numbered, known)
    sizes, figures = persona_figures.collect(shop, roster, level, count.ground)
    names = [known[number - 1] for number in sizes["persona"]]
    nothing = np.full(len(sizes), np.nan)
    products = persona_figures.products(shop, roster, count.bought, level)
    return Personas(
        cards=_cards(sizes, names, [SLICE] * len(sizes), nothing, products),
        figures=figures,
        count=count,
        sliced=True,
        rand=float("nan"),
        model=None,
        roster=Roster(roster, shop.engine),
        suggested=dict(enumerate(suggested, start=1)),
        currency=shop.currency,
        caveats=(
            "No real groups were found: these slices cut customers by their net value, where no gap is.",
            *unknown_margin(sizes),
            *count.caveats,
        ),
    )


def _roster(shop: Dataset, assigned: ir.Table, names: Sequence[str]) -> ir.Table:
    name = ibis.cases(*((_.persona == number, name) for number, name in enumerate(names, start=1)), else_="none")
    return shop.engine.keep(assigned.select("customer_id", "persona", name=name, probability=_.probability))


def _cards(
    sizes: pd.DataFrame,
    names: Sequence[str],
    badges: Sequence[str],
    jaccard: NDArray[np.float64],
    products: pd.DataFrame,
) -> pd.DataFrame:
    """Put sizes, names and badges together; a persona that nobody outside the sample joined keeps its number."""
    numbers = sizes["persona"].to_numpy()
    places = [int(place) for place in (numbers - 1 if len(names) != len(sizes) else range(len(sizes)))]
    cards = sizes.copy()
    cards.insert(1, "name", [names[place] for place in places])
    cards.insert(2, "badge", [badges[place] for place in places])
    cards.insert(3, "jaccard", [float(jaccard[place]) for place in places])
    named = products.assign(text=[_product(row) for row in products.to_dict("records")])
    bought = named.groupby("persona")["text"].agg(list) if len(products) else {}
    cards["products"] = [", ".join(bought[number]) if number in bought else "" for number in numbers]
    return cards


def _product(row: dict[str, Any]) -> str:
    low, high = (words.percent(row[f"part_{end}"], digits=0) for end in ("lower", "upper"))
    part = f"{words.percent(row['part'], digits=0)} of {words.count(row['of'], 'line')}"
    return f"{row['product']} ({part}, {low} to {high})"


def _doubts(count: PersonaCount, cards: pd.DataFrame, rand: float, *, real: bool) -> tuple[str, ...]:
    said = [f"Refitted on bootstrap samples, the personas agree with an adjusted Rand index of {rand:.2f}."]
    if count.suggested is None:
        said.insert(0, "No real groups were found: these personas cut customers where no gap is.")
    elif not real:
        said.insert(0, f"{len(cards)} groups do not hold: {count.suggested} are suggested.")
    shaky = list(cards.loc[cards["badge"] == stability.WEAK, "name"])
    if shaky:
        said.append(f"Would not reliably come back from other customers: {words.listed(shaky)}.")
    return tuple(said)
