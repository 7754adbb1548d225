"""The engine's part of feedback: answers put on the scale of their kind, and counted by group and day.

Every kind of answer becomes points: NPS -100, 0 or 100; CSAT and yes / no 0 or 100; effort on 1 to 7, stars on 1 to 5.
A score is then the mean of the points, and all that Python needs are their number, sum and sum of squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from journeylab.checks import one_of
from journeylab.customers import respondents
from journeylab.errors import BadParameter, NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

ALL, OTHER, UNKNOWN = "all", "other", "not known"
#: Groups beyond this many, the largest first, are put together as 'other'.
MAX_GROUPS = 60
_ORDERED = ("sales_channel", "marketing_channel", "device", "country", "shipping_method")


@dataclass(frozen=True)
class Kind:
    """One kind of answer.

    Args:
        name: As in the table of surveys.
        title: As people call it.
        unit: What its points are, after a number.
        lowest: The lowest score a respondent can give.
        usual: The highest, where the file does not say.
        points: The points an answer can get, each with the share of the interval's pseudo-answers that has it.
    """

    name: str
    title: str
    unit: str
    lowest: float
    usual: float
    points: tuple[tuple[float, float], ...]

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest points."""
        return self.points[0][0], self.points[-1][0]


_THREE = ((-100.0, 0.25), (0.0, 0.5), (100.0, 0.25))
_TWO = ((0.0, 0.5), (100.0, 0.5))
KINDS = {
    kind.name: kind
    for kind in (
        Kind("nps", "NPS", "", 0, 10, _THREE),
        Kind("csat", "CSAT", "% satisfied", 1, 5, _TWO),
        Kind("ces", "Ease (CES)", "of 7", 1, 7, tuple((float(p), 1 / 7) for p in range(1, 8))),
        Kind("stars", "Stars", "of 5", 1, 5, tuple((float(p), 1 / 5) for p in range(1, 6))),
        Kind("yes_no", "Yes / no", "% yes", 0, 1, _TWO),
        Kind("enps", "Employees' NPS", "", 0, 10, _THREE),
    )
}


#: The kinds that customers are asked, and not the staff.
OF_CUSTOMERS = tuple(name for name in KINDS if name != "enps")


def kinds_of(shop: Dataset) -> dict[str, int]:
    """Return the kinds of answers this shop has in its period, with how many, the commonest first.

    >>> from journeylab.data.examples import answers_shop
    >>> kinds_of(answers_shop())
    {'nps': 180, 'csat': 90, 'stars': 30}
    """
    if not shop.has("surveys"):
        return {}
    answers = shop.table("surveys").filter(_.kind.isin(list(KINDS)), _.score.notnull())
    rows = shop.run(answers.group_by("kind").agg(n=_.count())).sort_values(["n", "kind"], ascending=[False, True])
    return {str(kind): int(n) for kind, n in zip(rows["kind"], rows["n"], strict=True)}


def splits(shop: Dataset) -> tuple[str, ...]:
    """Return what answers can be broken down by in this shop, without what must be worked out first.

    >>> from journeylab.data.examples import answers_shop
    >>> splits(answers_shop())
    ('touchpoint', 'incentive')
    """
    if not shop.has("surveys"):
        return ()
    found = [name for name in ("touchpoint", "incentive") if shop.has(f"surveys.{name}")]
    if not shop.has("surveys.customer_id"):
        return tuple(found)
    if shop.has("orders.customer_id"):
        found += ["rfm", *(name for name in _ORDERED if shop.has(f"orders.{name}"))]
        found += ["delivery"] if shop.has("orders.delivered_at") else []
    return (*found, *traits(shop))


def traits(shop: Dataset) -> tuple[str, ...]:
    """Return the traits of customers that are words or yes and no, as 'customers.…'."""
    if not shop.has("customers"):
        return ()
    no = {"customer_id", "referred_by", "acquired_at"}
    return tuple(
        f"customers.{name}"
        for name, kind in shop.table("customers").schema().items()
        if name not in no and (kind.is_string() or kind.is_boolean())
    )


def placed(shop: Dataset, kinds: Sequence[str]) -> ir.Table:
    """Return the answers of some kinds with `top`, the highest score they could get, and their `place` up to it.

    The place is 0 to 1, and null where a score lies outside its scale.
    """
    answers = shop.table("surveys").filter(_.kind.isin(list(kinds)), _.score.notnull())
    lowest, usual = (
        ibis.cases(*((_.kind == name, getattr(KINDS[name], field)) for name in kinds), else_=0.0)
        for field in ("lowest", "usual")
    )
    answers = answers.mutate(_lowest=lowest.cast("float64"), _usual=usual.cast("float64"))
    given = _.scale.fill_null(_["_usual"]) if "scale" in answers.columns else _["_usual"]
    answers = answers.mutate(top=given).mutate(top=ibis.ifelse(_.top > _["_lowest"], _.top, _["_usual"]))
    place = (_.score - _["_lowest"]) / (_.top - _["_lowest"])
    possible = (_.score >= _["_lowest"]) & (_.score <= _.top)
    return answers.mutate(place=ibis.ifelse(possible, place, ibis.null("float64"))).drop("_lowest", "_usual")


def asked(shop: Dataset, kind: str) -> ir.Table:
    """Return the answers of a kind with `place` and `points`, null where a score cannot be one.

    Raises:
        BadParameter: if there is no such kind.
    """
    one_of(kind, "kind", tuple(KINDS))
    return placed(shop, [kind]).mutate(points=_points(KINDS[kind]))


def _points(kind: Kind) -> Any:
    """Put the place on its scale into the points of the kind."""
    nothing = _.place.isnull(), ibis.null("float64")
    if kind.points == _THREE:  # of ten: nine and ten promote, six and less detract
        return ibis.cases(nothing, (_.place >= 0.9, 100.0), (_.place <= 0.6, -100.0), else_=0.0)
    if kind.name == "csat":  # of five: four and five are satisfied
        return ibis.cases(nothing, (_.place >= 0.75, 100.0), else_=0.0)
    if kind.name == "yes_no":
        return ibis.cases(nothing, (_.place >= 0.5, 100.0), else_=0.0)
    low, high = kind.span
    return low + (high - low) * _.place


def with_group(shop: Dataset, answers: ir.Table, by: str | None, personas: Personas | None = None) -> ir.Table:
    """Add `group` to answers, as text: a column of theirs, of their customer, or of the order before the answer.

    Raises:
        BadParameter: if this shop's answers cannot be broken down so.
    """
    if by is None and personas is None:
        return answers.mutate(group=ibis.literal(ALL))
    if personas is not None:
        if by not in {None, "persona"}:
            raise BadParameter("Answers are broken down by persona or by something else, not by both.")
        if "customer_id" not in answers.columns:
            raise BadParameter("The answers do not say whose they are, so they have no persona.")
        found = personas.assignments.select("customer_id", group=_.name)
        return named(shop, joined(answers, found))
    if by not in splits(shop):
        known = ", ".join(splits(shop))
        raise BadParameter(
            f"The answers cannot be broken down by {by!r}.",
            do=f"They can by {known}." if known else "They have no column to break down by.",
        )
    if by in {"touchpoint", "incentive"}:
        return named(shop, answers.mutate(group=_said(answers[by])))
    if by == "rfm":
        from journeylab.customers.rfm_groups import rfm_groups

        rows = rfm_groups(shop).roster.rows
        return named(shop, joined(answers, rows.select("customer_id", group=_.group)))
    if by.startswith("customers."):
        return named(shop, joined(answers, trait(shop, by)))
    return named(shop, _after_order(shop, answers, by))


def _said(column: Any) -> Any:
    """Return a column as text, yes and no for a boolean."""
    if column.type().is_boolean():
        return ibis.cases((column, "yes"), (~column, "no"), else_=ibis.null("string"))
    return column.cast("string")


def trait(shop: Dataset, by: str) -> ir.Table:
    """Return a row a customer with a trait ('customers.…') as `group`."""
    people = shop.table("customers", whole=True)
    return people.group_by("customer_id").agg(group=_said(people[by.removeprefix("customers.")]).min())


def joined(answers: ir.Table, groups: ir.Table) -> ir.Table:
    """Add the `group` of its customer to each row."""
    groups = groups.rename(_whose="customer_id")
    return answers.left_join(groups, answers.customer_id == groups["_whose"]).drop("_whose")


def _after_order(shop: Dataset, answers: ir.Table, by: str) -> ir.Table:
    """Add a column of the customer's last counted order placed before the answer.

    With 'delivery', whether that order had arrived when the answer was given.
    """
    column = "delivered_at" if by == "delivery" else by
    orders = shop.sales(whole=True).filter(_.customer_id.notnull())
    orders = orders.select(_whose="customer_id", _at="ordered_at", _order="order_id", _value=orders[column])
    pairs = answers.select("response_id", "customer_id", "answered_at")
    pairs = pairs.join(orders, [pairs.customer_id == orders["_whose"], orders["_at"] <= pairs.answered_at])
    last = ibis.window(group_by="response_id", order_by=[_["_at"].desc(), _["_order"].desc()])
    found = pairs.mutate(_place=ibis.row_number().over(last)).filter(_["_place"] == 0)
    if by == "delivery":
        there = (_["_value"] <= _.answered_at).fill_null(False)
        group = ibis.ifelse(there, "after delivery", "before delivery")
    else:
        group = _["_value"].cast("string")
    found = found.select(_about="response_id", group=group)
    return answers.left_join(found, answers.response_id == found["_about"]).drop("_about")


def named(shop: Dataset, answers: ir.Table) -> ir.Table:
    """Keep the commonest groups by their name; the rest are 'other', rows without one 'not known'."""
    answers = answers.mutate(group=_.group.nullif(""))
    counted = answers.filter(_.group.notnull()).group_by("group").agg(n=_.count())
    kept = shop.run(counted.order_by(_.n.desc(), _.group).limit(MAX_GROUPS + 1))["group"].tolist()
    group: Any = _.group.fill_null(UNKNOWN)
    if len(kept) > MAX_GROUPS:
        group = ibis.cases((_.group.isnull(), UNKNOWN), (_.group.isin(kept[:MAX_GROUPS]), _.group), else_=OTHER)
    return answers.mutate(group=group)


#: What is added up over answers.
SUMS = {
    "n": _.points.count(),
    "total": _.points.sum(),
    "squares": (_.points * _.points).sum(),
    "positive": (_.points > 0).fill_null(False).sum(),
    "negative": (_.points < 0).fill_null(False).sum(),
    "places": _.place.sum(),
    "left_out": _.points.isnull().sum(),
}


def counted(shop: Dataset, answers: ir.Table, *keys: Any, **named: Any) -> pd.DataFrame:
    """Add the answers up by some keys, in the order of the keys: `SUMS`, and `MOMENTS` over the customers.

    Raises:
        NotEnoughData: if there is none that counts.
    """
    each = answers.group_by(*keys, **named, **respondents.whose(answers)).agg(**SUMS)
    again = {name: _[name].sum() for name in SUMS}
    rows = shop.run(each.group_by(*keys, *named).agg(**again, **respondents.MOMENTS))
    whole = ["n", "positive", "negative", "left_out", "people", "nn"]
    rows = rows.fillna(dict.fromkeys([*SUMS, *respondents.MOMENTS], 0)).astype(dict.fromkeys(whole, "int64"))
    if not rows["n"].sum():
        raise NotEnoughData("No answer of this kind lies in this period.", do="Choose a longer period or another kind.")
    return rows.sort_values([*keys, *named], ignore_index=True)
