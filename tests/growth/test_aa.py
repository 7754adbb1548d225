import numpy as np
import pytest

from journeylab.errors import NotEnoughData
from journeylab.growth.aa import replay_splits
from journeylab.growth.moments import Moments
from tests.growth.arms import ORDERS


def buckets(values, many=1000):
    """Moments by bucket, dealt at random."""
    dealt = np.random.default_rng(18).integers(0, many, len(values))
    sums = np.bincount(dealt, values, many)[:, None]
    squares = np.bincount(dealt, np.square(values), many)[:, None, None]
    return Moments.from_sums(["orders"], np.bincount(dealt, minlength=many), sums, squares)


def test_tests_without_effect_err_about_as_often_as_the_level_says():
    values = np.random.default_rng(19).poisson(0.5, 20_000).astype(float)
    found = replay_splits(buckets(values), ORDERS, tests=2000)
    assert found.of == 2000
    assert found.rate == pytest.approx(0.05, abs=0.02)
    assert found.lower < 0.05 < found.upper
    assert found.inflation == pytest.approx(1, abs=0.15)


def test_the_rates_interval_holds_the_level_for_most_shops():
    held = []
    for seed in range(60):
        values = np.random.default_rng(seed).poisson(0.5, 4000).astype(float)
        found = replay_splits(buckets(values, many=100), ORDERS, tests=200)
        held.append(found.lower <= 0.05 <= found.upper)
    assert np.mean(held) >= 0.85


def test_the_same_seed_gives_the_same_replay():
    values = np.random.default_rng(20).poisson(0.5, 5000).astype(float)
    once, again, other = (replay_splits(buckets(values), ORDERS, tests=200, seed=s) for s in (1, 1, 2))
    assert (once.pvalues == again.pvalues).all()
    assert (once.pvalues != other.pvalues).any()


def test_units_that_move_together_within_buckets_are_found_out():
    values = np.random.default_rng(21).poisson(0.5, 20_000).astype(float)
    sound = buckets(values)
    clumped = Moments.from_sums(  # every unit counted four times, as if visits were independent units
        sound.names, 4 * sound.n, 4 * sound.n[:, None] * sound.mean,
        4 * (sound.scatter + sound.mean[..., :, None] * sound.n[:, None, None] * sound.mean[..., None, :]),
    )  # fmt: skip
    assert replay_splits(clumped, ORDERS, tests=500).lower > 0.1


def test_too_little_history_is_said():
    with pytest.raises(NotEnoughData):
        replay_splits(buckets(np.ones(100)), ORDERS)
    with pytest.raises(NotEnoughData, match="same for all"):
        replay_splits(buckets(np.ones(5000)), ORDERS)
