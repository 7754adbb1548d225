"""Demand by component: what is planted is found, quietly, and the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import stocked_shop
from journeylab.errors import BadParameter, NotEnoughData
from tests.operations.stocked import stocked

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def test_the_planted_promotion_and_week_are_found_in_the_demo_store(demo: Dataset):
    told = jl.operations.explain(demo, category="Ceramics", country="DE", origins=2)
    effects = told.effects.set_index("component")
    assert effects.loc["promotions", "largest"] == pytest.approx(1.8, abs=0.25)
    seen = told.days.groupby(told.days["day"].dt.dayofweek)["weekly"].first()
    assert seen.idxmax() == 6
    assert "public holidays" in effects.index
    weights = told.errors["n"]
    assert (told.errors["error"] * weights).sum() < (told.errors["naive"] * weights).sum()
    for view in told.views:
        told.chart(view).to_dict()


def test_days_out_of_stock_are_left_out_and_the_log_stays_quiet(
    demo: Dataset, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    told = jl.operations.explain(demo, sku="COF-ESP-1000", origins=0, price=True)
    assert told.days[told.days["known"]]["demand"].isna().sum() == 23
    assert told.errors.empty
    out = capfd.readouterr()
    assert "cmdstanpy" not in out.out + out.err + caplog.text
    assert "plotly" not in out.out + out.err + caplog.text


def test_the_same_question_has_the_same_answer():
    first, second = (jl.operations.explain(stocked_shop(), sku="POT", origins=1) for _ in range(2))
    assert first.days["fitted"].tolist() == second.days["fitted"].tolist()
    assert (first.days["fitted"] >= 0).all()


@pytest.mark.parametrize(
    "wrong", [{"sku": "CUP", "category": "Ceramics"}, {"country": "ATLANTIS"}, {"changepoint_prior": 9.0}]
)
def test_questions_that_make_no_sense_are_refused(wrong: dict[str, object]):
    with pytest.raises(BadParameter):
        jl.operations.explain(stocked_shop(), **wrong)


def test_too_few_days_are_said():
    with pytest.raises(NotEnoughData):
        jl.operations.explain(stocked_shop().between("2025-06-02", "2025-07-02"), origins=0)
    with pytest.raises(NotEnoughData):
        jl.operations.explain(stocked_shop(), sku="none such")


def test_a_handful_of_sales_explains_nothing():
    with pytest.raises(NotEnoughData, match="sold on 3 days"):
        jl.operations.explain(stocked({"rare": 1 / 40}), origins=0)
