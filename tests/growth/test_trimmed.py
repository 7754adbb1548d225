"""Trimmed means: by hand, against scipy's Yuen test, from the engine, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import journeylab as jl
from journeylab.growth.trimmed import Middle, compare_trimmed, cuts
from tests.growth.shops import small


def middle(values, share):
    ordered, (cut,) = np.sort(values), cuts([len(values)], share)
    kept = ordered[cut : len(values) - cut]
    return Middle(len(values), cut, kept.sum(), (kept**2).sum(), kept[0], kept[-1])


def drawn(seed, n):
    rng = np.random.default_rng(seed)
    return rng.lognormal(3, 1.2, n), rng.lognormal(3.2, 1.2, n + 37)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.25])
def test_yuen_agrees_with_scipy(share, alternative):
    control, variant = drawn(1, 400)
    ours = compare_trimmed(middle(control, share), middle(variant, share), level=0.9, alternative=alternative)
    theirs = stats.ttest_ind(variant, control, equal_var=False, trim=share, alternative=alternative)
    assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-9)
    assert ours.value == pytest.approx(stats.trim_mean(variant, share))
    interval = theirs.confidence_interval(0.9)
    assert (ours.lower, ours.upper) == pytest.approx((interval.low, interval.high))


def test_without_trimming_it_is_welch():
    control, variant = drawn(2, 300)
    ours = compare_trimmed(middle(control, 0), middle(variant, 0))
    assert ours.pvalue == pytest.approx(stats.ttest_ind(variant, control, equal_var=False).pvalue)


def test_intervals_of_skewed_values_cover_the_trimmed_difference_as_often_as_they_say():
    rng, share, n, hits = np.random.default_rng(5), 0.05, 400, 0
    truth = stats.trim_mean(np.exp(stats.norm.ppf((np.arange(400_000) + 0.5) / 400_000) * 1.2 + 3), share)
    samples = np.sort(rng.lognormal(3, 1.2, (2, 2000, n)), axis=2)
    for control, variant in zip(*samples, strict=True):
        effect = compare_trimmed(middle(control, share), middle(variant * 1.1, share))
        hits += effect.lower <= 0.1 * truth <= effect.upper
    assert 0.935 <= hits / 2000 <= 0.965


def shop_of_values(values):
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(len(values))]
    return small(exposed, [(f"u{i}", float(v)) for i, v in enumerate(values)])


def test_a_test_reads_trimmed_means_in_the_engine_and_one_whale_does_not_carry_it():
    values = np.random.default_rng(3).lognormal(3, 0.5, 600)
    values[1] = 1e6
    result = jl.growth.experiment(shop_of_values(values), metrics=["converted"], trim=0.05)
    row = result.table().iloc[0]
    theirs = stats.ttest_ind(values[1::2], values[::2], equal_var=False, trim=0.05)
    assert (row["kind"], row["method"]) == ("trimmed", "Yuen, trimmed")
    assert row["pvalue"] == pytest.approx(theirs.pvalue)
    assert row["value"] == pytest.approx(stats.trim_mean(values[1::2], 0.05))
    assert any("Without the lowest and highest 5.0 %" in line for line in result.caveats)
    assert np.isnan(row["always_lower"])
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]


def test_where_most_did_nothing_a_trimmed_mean_says_that_it_tells_nothing():
    values = np.where(np.arange(400) % 25 < 2, 50.0, 0.0)
    result = jl.growth.experiment(shop_of_values(values), metrics=["converted"], trim=0.1)
    assert result.table()["lower"].isna().all()
    assert any("cap it instead" in line for line in result.caveats)


def test_capped_and_trimmed_at_once_is_refused():
    with pytest.raises(jl.BadParameter, match="either capped or trimmed"):
        jl.growth.experiment(shop_of_values(np.arange(40.0)), cap=0.99, trim=0.1)
    with pytest.raises(jl.BadParameter, match="always-valid"):
        jl.growth.experiment(shop_of_values(np.arange(40.0)), trim=0.1, reading="always valid")
