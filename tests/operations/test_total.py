"""The demand of all SKUs together: what they miss together is found, and its interval holds."""

from __future__ import annotations

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import stocked_shop
from journeylab.operations.total import interval, shared

SKUS, ORIGINS, AHEAD = 40, 3, 12


def test_errors_that_are_the_same_correlate_fully_and_those_of_chance_hardly():
    rng = np.random.default_rng(1)
    sd = np.repeat(rng.lognormal(0, 1, SKUS)[:, None], 4000, axis=1)
    assert shared(sd * rng.standard_normal(4000), sd) == pytest.approx(1, abs=0.1)
    assert shared(sd * rng.standard_normal((SKUS, 4000)), sd) < 0.03
    half = np.sqrt(0.5)
    mixed = sd * (half * rng.standard_normal(4000) + half * rng.standard_normal((SKUS, 4000)))
    assert shared(mixed, sd) == pytest.approx(0.5, abs=0.1)


def test_a_series_alone_and_what_is_not_known_say_nothing():
    assert shared(np.ones((1, 5)), np.ones((1, 5))) == 0
    assert shared(np.full((3, 5), np.nan), np.ones((3, 5))) == 0


@pytest.mark.parametrize(("together", "lasting"), [(0.0, 0.0), (0.1, 0.0), (0.1, 0.8), (0.3, 0.95)])
def test_the_interval_of_the_total_holds_about_as_often_as_it_says(together: float, lasting: float):
    """SKUs miss by chance, with a part that all share and that lasts; read from three overlapping stretches."""
    rng, held = np.random.default_rng(3), []
    k = np.abs(np.subtract.outer(np.arange(AHEAD), np.arange(AHEAD)))
    spread_of_sum = np.sqrt((1 - together) * AHEAD + together * (lasting**k).sum())
    weeks = AHEAD * 2 + (ORIGINS - 1) * AHEAD // 2
    for _ in range(400):
        sd = rng.lognormal(1, 0.8, SKUS)
        common = np.linalg.cholesky(lasting ** np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks))) if lasting
                                    else np.eye(weeks)) @ rng.standard_normal(weeks)  # fmt: skip
        own = rng.standard_normal((SKUS, weeks))
        missed = sd[:, None] * (np.sqrt(1 - together) * own + np.sqrt(together) * common)
        ends = [weeks - AHEAD - k * AHEAD // 2 for k in range(ORIGINS)]
        sums = np.stack([missed[:, end - AHEAD : end].sum(axis=1) for end in ends], axis=1)
        single = np.concatenate([missed[:, end - AHEAD : end] for end in ends], axis=1)
        of_sums = np.repeat((sd * spread_of_sum)[:, None], ORIGINS, axis=1)
        read = max(shared(single, np.repeat(sd[:, None], single.shape[1], axis=1)), shared(sums, of_sums))
        mean, told = np.full(SKUS, 1000.0), {"together": read, "origins": ORIGINS, "whole": False}
        came = mean.sum() + missed[:, -AHEAD:].sum()
        for level in (0.8, 0.95):
            lower, upper = interval(mean, sd * spread_of_sum, level=level, **told)
            held.append(lower <= came <= upper)
    assert 0.74 <= np.mean(held[::2]) <= 0.96
    assert np.mean(held[1::2]) >= 0.92


def test_one_sku_has_the_same_interval_in_a_shop_of_its_own():
    mean, sd = np.array([40.0]), np.array([9.0])
    alone = interval(mean, sd, together=0.7, origins=3, level=0.8, whole=True)
    assert alone == interval(mean, sd, together=0.0, origins=3, level=0.8, whole=True)


def test_the_headline_carries_the_interval_and_it_is_narrower_than_the_sum_of_all():
    told = jl.operations.demand(stocked_shop(), horizon=4)
    mean, lower, upper = told.total()
    each = told.ahead()
    assert mean == pytest.approx(each["mean"].sum())
    assert each["lower"].sum() - 1 <= lower <= mean <= upper <= each["upper"].sum() + 1
    assert f"({lower:,.0f} to {upper:,.0f})" in told.headline()
