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
from tests.engines.comparison import same

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from journeylab.data.dataset import Dataset

#: Public name, options, and the fixture that makes the shop.
ANALYSES: list[tuple[str, dict[str, Any], str]] = [
    ("overview", {}, "shop"),
    ("overview", {"grain": "week"}, "shop"),
    ("overview", {}, "online_retail"),
    ("customers.rfm", {}, "shop"),
    ("customers.rfm", {"bins": 4, "as_of": "2026-02-15"}, "shop"),
    ("customers.rfm", {}, "online_retail"),
    ("customers.holdout", {"weeks": 6, "by": "marketing_channel"}, "shop"),
    ("customers.holdout", {"model": "BG/NBD", "by": "first_product"}, "shop"),
    ("customers.lifetime_value", {}, "shop"),
    ("customers.quiet", {"top": 20}, "shop"),
    ("customers.model_fits", {}, "shop"),
    ("customers.cohorts", {"cost": 20.0}, "shop"),
    ("customers.cohorts", {"unit": "week"}, "online_retail"),
    ("customers.second_order", {"by": "cohort"}, "shop"),
    ("journey.funnel", {"steps": ["product_view", "add_to_cart", "purchase"], "by": "device"}, "shop"),
    ("journey.funnel", {"steps": ["product_view", ["checkout", "purchase"]], "window": None}, "shop"),
    ("journey.funnel", {"steps": ["catalog", "cart", "payment_done"], "window": None}, "simple_shop"),
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
