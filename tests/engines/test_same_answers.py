"""Every analysis gives the same answer on each engine.

An analysis joins the suite with one line in ANALYSES: its public name, its options, and the shop it reads, which is a
fixture (the small one, if it has what the analysis needs).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import ibis.expr.operations as ops
import pytest

import journeylab as jl
from journeylab.customers import purchases
from tests.engines.comparison import same

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from journeylab.data.dataset import Dataset

_STEPS = ["catalog", "cart", "payment_done"]
_CLOSE = [
    "catalog",
    {"event": ["product1", "product2"], "optional": True},
    {"event": "cart", "within": "1h"},
    "payment_done",
]
_WHAT_IF = {"source": "cart", "target": "delivery_choice", "rate": 0.7, "goal": ["payment_done"]}

_POINTS = [{"id": name, "events": [name]} for name in _STEPS]

#: Public name, options, and the fixture that makes the shop.
ANALYSES: list[tuple[str, dict[str, Any], str]] = [
    ("overview", {}, "shop"),
    ("overview", {"grain": "week"}, "shop"),
    ("overview", {}, "online_retail"),
    ("quality", {"as_of": "2026-03-01"}, "shop"),
    ("matching", {}, "shop"),
    ("matching", {"preset": "ga4", "zone": "America/New_York", "guests": "leave_out"}, "shop"),
    ("customers.identity", {}, "people"),
    ("customers.timeline", {"customer_id": "ann"}, "people"),
    ("customers.feedback", {}, "spoken"),
    ("customers.feedback", {"kind": "csat", "by": "delivery", "smallest": 5}, "spoken"),
    ("customers.feedback", {"kind": "ces", "by": "sales_channel", "smallest": 5}, "spoken"),
    ("customers.feedback", {"by": "rfm", "smallest": 5}, "spoken"),
    ("customers.feedback", {"kind": "yes_no", "by": "customers.loyalty_member"}, "spoken"),
    ("customers.themes", {"by": "sales_channel"}, "spoken"),
    ("customers.support", {"by": "touchpoint", "stages": {"product": "delivery"}}, "spoken"),
    ("customers.support", {"by": "customers.country", "days": 30}, "spoken"),
    ("customers.response_bias", {"kind": "csat"}, "spoken"),
    ("customers.closed_loop_effect", {"days": 60}, "contacted"),
    ("customers.rfm", {}, "shop"),
    ("customers.rfm", {"bins": 4, "as_of": "2026-02-15"}, "shop"),
    ("customers.rfm", {}, "online_retail"),
    ("customers.holdout", {"weeks": 6, "by": "marketing_channel"}, "shop"),
    ("customers.holdout", {"model": "BG/NBD", "by": "first_product"}, "shop"),
    ("customers.lifetime_value", {}, "shop"),
    ("customers.quiet", {"top": 20}, "shop"),
    ("customers.model_fits", {}, "shop"),
    ("customers.closed_loop", {"since": 400, "cost": 1.0, "budget": 30.0}, "spoken"),
    ("customers.cohorts", {"cost": 20.0}, "shop"),
    ("customers.cohorts", {"unit": "week"}, "online_retail"),
    ("customers.second_order", {"by": "cohort"}, "shop"),
    ("customers.rfm", {"bins": 3, "cutoffs": {"r": [30, 60], "m": [50, 200]}}, "shop"),
    ("customers.rfm_groups", {}, "shop"),
    ("customers.persona_count", {"features": ["frequency", "order_value", "channels", "basket_size"]}, "shop"),
    ("customers.personas", {}, "shop"),
    ("customers.personas", {"k": 3, "features": ["frequency", "order_value", "gap_days", "gap_spread"]}, "shop"),
    ("customers.personas", {"k": 3, "features": ["frequency", "order_value"], "method": "mixture"}, "shop"),
    ("customers.personas", {"k": 4}, "online_retail"),
    ("customers.persona_value", {}, "shop"),
    ("customers.migration", {"before": "2026-02-01"}, "shop"),
    ("customers.segments", {"by": "cycle"}, "shop"),
    ("customers.segments", {"by": "consent"}, "shop"),
    ("customers.segments", {"by": "country"}, "shop"),
    ("journey.funnel", {"steps": ["product_view", "add_to_cart", "purchase"], "by": "device"}, "shop"),
    ("journey.funnel", {"steps": ["product_view", ["checkout", "purchase"]], "window": None}, "shop"),
    ("journey.funnel", {"steps": ["catalog", "cart", "payment_done"], "window": None}, "simple_shop"),
    ("growth.experiment", {"name": "fee", "metrics": ["conversion", "revenue", "order value", "event view"]}, "tested"),
    ("growth.experiment", {"name": "plan", "metrics": ["converted", "net", "median of net"], "cap": 0.99}, "tested"),
    ("growth.experiment", {"name": "fee", "metrics": ["revenue", "order value"], "trim": 0.05}, "tested"),
    ("growth.experiment_segments", {"name": "fee", "by": "device", "metric": "revenue"}, "tested"),
    ("growth.experiment_segments", {"name": "plan", "by": "part"}, "tested"),
    ("growth.experiment_segments", {"name": "fee", "by": "customers.kind", "metric": "conversion"}, "tested"),
    ("growth.experiment_value", {"name": "fee"}, "tested"),
    ("growth.aa_replay", {"metric": "revenue", "tests": 50}, "tested"),
    ("growth.power", {"metric": "revenue", "effect": 0.2}, "tested"),
    ("journey.funnel", {"steps": _STEPS, "order": "strict", "unit": "session"}, "simple_shop"),
    ("journey.funnel", {"steps": _STEPS, "order": "any", "entry": "open"}, "simple_shop"),
    ("journey.funnel", {"steps": _CLOSE, "exclude": ["payment_cash"], "correct_open": True}, "simple_shop"),
    ("journey.sessions", {"gap": "30m", "conversion": ["payment_done"]}, "simple_shop"),
    ("journey.sessions", {"by": "device", "groups": ["mobile", "desktop"]}, "asked"),
    ("journey.paths", {"start": "catalog"}, "simple_shop"),
    ("journey.paths", {"end": "payment_done", "unit": "session", "repeats": False}, "simple_shop"),
    ("journey.stake", {"steps": _STEPS, "value": 30.0, "margin": 0.4}, "simple_shop"),
    ("journey.stake", {"steps": ["product_view", "add_to_cart", "purchase"], "by": "device"}, "shop"),
    ("journey.friction", {"goal": ["payment_done"], "value": 30.0}, "simple_shop"),
    ("journey.carts", {"cart": ["cart"], "goal": ["payment_done"]}, "simple_shop"),
    ("journey.what_if", _WHAT_IF, "simple_shop"),
    ("journey.what_if", {"source": "view", "target": "cart", "rate": 0.6, "by": "device"}, "asked"),
    ("journey.evidence", {"pains": False}, "shop"),
    ("journey.evidence", {"touchpoints": _POINTS}, "simple_shop"),
    ("journey.dropped", {"steps": _STEPS, "at": 2, "most": 50}, "simple_shop"),
    ("journey.searches", {"by": "device", "value": 10.0}, "asked"),
    ("journey.checkout", {}, "asked"),
    ("journey.checkout", {"by": "device", "groups": ["mobile", "desktop"]}, "asked"),
    ("journey.dropped", {"steps": ["view", "cart"], "at": 2, "window": "1h", "by": "device"}, "asked"),
    ("journey.friction", {"value": 10.0}, "asked"),
    ("journey.friction", {}, "followed"),
    ("journey.stake", {"steps": ["view", "purchase"]}, "followed"),
    ("journey.carts", {"cart": ["cart"], "by": "device"}, "asked"),
    ("journey.paths", {"by": "device", "groups": ["mobile", "desktop"], "most": 3}, "asked"),
    ("operations.replenishment", {"lead_time": 10, "order_cost": 20, "holding_cost": 0.25}, "shelf"),
    ("operations.basket", {"budget": 150.0}, "shelf"),
    ("operations.policy_replay", {"days": 28, "draws": 3}, "shelf"),
    ("operations.demand", {"horizon": 4, "top": 6}, "stocked"),
    ("operations.explain", {"sku": "SKU-1", "price": True, "origins": 1}, "stocked"),
    ("operations.interest", {"fewest": 3}, "stocked"),
    ("operations.returns", {"by": "sku", "fewest": 5}, "stocked"),
]


def _label(case: tuple[str, dict[str, Any], str]) -> str:
    return f"{case[0]}({', '.join(f'{key}={value}' for key, value in case[1].items())})"


@pytest.mark.parametrize("case", ANALYSES, ids=_label)
def test_an_analysis_gives_the_same_answer_on_every_engine(
    case: tuple[str, dict[str, Any], str],
    shop_on: Callable[[Dataset], Dataset],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
):
    name, options, fixture = case
    analysis = functools.reduce(getattr, name.split("."), jl)
    here = request.getfixturevalue(fixture)
    there = shop_on(here)
    monkeypatch.setattr(there.engine, "run", _only_reading(there.engine.run))

    expected, got = analysis(here, **options), analysis(there, **options)

    same(got.table(), expected.table())
    assert got.headline() == expected.headline()
    assert got.caveats == expected.caveats


def test_the_models_of_a_large_shop_which_see_weeks_are_the_same_on_every_engine(
    shop_on: Callable[[Dataset], Dataset], shop: Dataset, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(purchases, "MANY", 10)
    expected, got = jl.customers.holdout(shop, weeks=6), jl.customers.holdout(shop_on(shop), weeks=6)
    assert expected.weekly
    assert got.model.parameters == pytest.approx(expected.model.parameters, rel=1e-9)
    same(got.rows, expected.rows)
    same(got.by_age, expected.by_age)


def test_a_persona_is_a_column_to_break_down_by_on_every_engine(shop_on: Callable[[Dataset], Dataset], shop: Dataset):
    def values(of: Dataset) -> pd.DataFrame:
        found = jl.customers.personas(of, k=3, features=["frequency", "order_value"])
        named = of.with_trait("persona", found.trait({found.cards["name"].iloc[0]: "Ina"}))
        return jl.customers.second_order(named, by="persona").table()

    expected = values(shop)
    assert "Ina" in set(expected["group"])
    same(values(shop_on(shop)), expected)


CHOICES = {"duplicates": "drop", "future": "2026-03-01", "guests": "leave_out", "negative_lines": "leave_out"}
CHOICES |= {"negative_orders": "leave_out", "refunds": "ignore", "skus": "join", "zero_orders": "leave_out"}


@pytest.mark.parametrize("choice", [*([{name: value}] for name, value in CHOICES.items()), [CHOICES]], ids=str)
def test_a_choice_gives_the_same_tables_on_every_engine(
    choice: list[dict[str, str]], shop_on: Callable[[Dataset], Dataset], shop: Dataset
):
    def sums(of: Dataset) -> pd.DataFrame:
        chosen = of.choose(**choice[0])
        orders, lines = chosen.tables["orders"], chosen.tables["order_lines"]
        money = orders.agg(orders=orders.count(), net=orders.net.sum().cast("float64"), last=orders.day.max())
        return chosen.run(money.cross_join(lines.agg(lines=lines.count(), skus=lines.sku.nunique())))

    same(sums(shop_on(shop)), sums(shop))


def test_visitors_become_the_same_people_on_every_engine(shop_on: Callable[[Dataset], Dataset], people: Dataset):
    def events(of: Dataset) -> pd.DataFrame:
        found = of.identified()
        rows = found.run(found.tables["events"].order_by("occurred_at", "visitor_id"))
        return rows[sorted(rows.columns)]

    same(events(shop_on(people)), events(people))


def test_a_date_window_means_the_same_days_on_every_engine(shop_on: Callable[[Dataset], Dataset], shop: Dataset):
    expected, got = (jl.overview(of.between("2026-01-10", "2026-03-29")) for of in (shop, shop_on(shop)))
    same(got.table(), expected.table())
    assert got.headline() == expected.headline()


def _only_reading(run: Callable[[Any], pd.DataFrame]) -> Callable[[Any], pd.DataFrame]:
    """Refuse expressions that would have to write to the engine first."""

    def checked(expr: Any) -> pd.DataFrame:
        functions = expr.op().find(ops.ScalarUDF)
        assert all(function.__input_type__.name == "BUILTIN" for function in functions), "it would be put there first"
        assert not expr.op().find(ops.InMemoryTable), "an in-memory table would be written to the engine first"
        return run(expr)

    return checked
