"""The demo store's planted parameters, found again by the models that the pages use."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtri

import journeylab as jl
from journeylab.customers import purchases
from journeylab.customers.bg_nbd import BgNbd
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.gamma_gamma import GammaGamma
from journeylab.data.demo import customers
from journeylab.data.demo.clock import Clock
from journeylab.data.demo.plan import REGULARS, Plan
from tests.customers.crowds import binomial_bounds

STORE = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def truths():
    return json.loads((STORE / "truths.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def orders(truths):
    """The orders of known customers with day, net before refunds and persona, read with pandas from the files."""
    emails = pd.read_csv(STORE / "customers.csv")["email"].str.lower()
    persona = dict(zip(emails, map(int, truths["personas"]["of_customer"]), strict=True))
    rows = pd.read_csv(STORE / "shopify_orders.csv", low_memory=False).drop_duplicates("Name")
    rows = rows[rows["Email"].notna()]
    rows = rows.assign(
        customer=rows["Email"].str.lower(),
        day=pd.to_datetime(rows["Created at"].str[:10]),
        net=rows["Subtotal"] / (1 + truths["shop"]["tax_in_prices"]),
        failed=(rows["Financial Status"] == "voided") | rows["Cancelled at"].notna(),
    )
    return rows.assign(persona=rows["customer"].map(persona))


@pytest.fixture(scope="module")
def bases(orders):
    """Each persona's customers as frequency, recency and age, in weeks."""
    days = (
        orders.drop_duplicates(["customer", "day"]).groupby(["persona", "customer"])["day"].agg(["min", "max", "size"])
    )
    end = pd.Timestamp("2026-06-30")
    return {
        number: CustomerBase(some["size"] - 1, (some["max"] - some["min"]).dt.days / 7, (end - some["min"]).dt.days / 7)
        for number, some in days.groupby(level="persona")
    }


def inside(model, truth):
    """Whether each parameter's 95 % interval holds the truth."""
    lower, upper = model.estimate.interval(0.95)
    return (lower <= truth) & (truth <= upper)


def in_joint_region(model, height_of_truth):
    """Whether the truth lies in the 95 % likelihood region of all parameters together."""
    return 2 * (model.estimate.log_likelihood - height_of_truth) <= chdtri(len(model.NAMES), 0.05)


def test_the_four_personas_purchase_parameters_lie_in_their_intervals_about_as_often_as_the_level_says(truths, bases):
    planted = [np.array([kind[name] for name in BgNbd.NAMES]) for kind in truths["personas"]["kinds"]]
    held = [inside(BgNbd.fit(bases[number]), truth) for number, truth in enumerate(planted)]
    assert np.size(held) == 16
    assert np.sum(held) >= 14


def test_each_personas_purchase_parameters_lie_together_in_their_region(truths, bases):
    for number, kind in enumerate(truths["personas"]["kinds"]):
        truth = BgNbd(*(kind[name] for name in BgNbd.NAMES))
        assert in_joint_region(BgNbd.fit(bases[number]), truth.log_likelihood(bases[number])[0]), kind["name"]


@pytest.mark.slow
def test_intervals_of_stores_drawn_like_the_demo_store_hold_the_regulars_parameters_as_often_as_the_level_says():
    """Season, weekdays, messages and days that count once shift an estimate by about half a standard error at most."""
    kind = replace(REGULARS, share=1.0)
    plan = replace(Plan(), personas=(kind,), customers=1_800)
    clock, truth, stores = Clock(plan), np.array([getattr(kind, name) for name in BgNbd.NAMES]), 100
    held, shift = np.zeros(4), np.zeros(4)
    for seed in range(stores):
        rng = np.random.default_rng([seed, 5])
        people = customers.draw(plan, clock, rng)
        bought = customers.purchases(plan, clock, people, rng)
        days = pd.DataFrame({"who": bought["customer"], "day": clock.day(bought["t"].to_numpy())}).drop_duplicates()
        seen = days.groupby("who")["day"].agg(["min", "max", "size"])
        base = CustomerBase(
            seen["size"] - 1, (seen["max"] - seen["min"]) / 7, (clock.days - 1 - seen["min"]) / 7
        ).distinct()
        model = BgNbd.fit(base)
        held += inside(model, truth)
        shift += np.log(model.parameters / truth) / np.sqrt(np.diag(model.estimate.log_covariance)) / stores
    lowest, highest = binomial_bounds(stores, 0.95)
    assert np.all((lowest <= held) & (held <= highest)), held
    assert np.abs(shift).max() < 0.75, shift


@pytest.fixture(scope="module")
def ways(truths):
    """How each customer buys (web, till or both), which is hidden in the files: drawn again as the store was."""
    plan = Plan()
    people = customers.draw(plan, Clock(plan), np.random.default_rng([truths["shop"]["seed"], 0]))
    assert "".join(map(str, people["persona"])) == truths["personas"]["of_customer"]
    return dict(zip(people["email"], people["kind"], strict=True))


def test_the_four_personas_spend_parameters_lie_in_their_intervals(truths, orders):
    paid = orders[~orders["failed"]]
    paid = paid[paid.groupby("customer")["Source"].transform("nunique") == 1]
    for number, kind in enumerate(truths["personas"]["kinds"]):
        some = paid[paid["persona"] == number].groupby("customer")["net"].agg(["size", "mean"])
        model = GammaGamma.fit(some["size"], some["mean"])
        assert inside(model, np.array([kind[name] for name in GammaGamma.NAMES])).all(), kind["name"]


def test_each_personas_spend_parameters_lie_together_in_their_region_without_customers_of_both_channels(
    truths, orders, ways
):
    """Who buys both ways spends 1.5 times as much, and with one order is seen in one channel only."""
    paid = orders[~orders["failed"] & (orders["customer"].map(ways) != customers.BOTH)]
    for number, kind in enumerate(truths["personas"]["kinds"]):
        some = paid[paid["persona"] == number].groupby("customer")["net"].agg(["size", "mean"])
        x, z = some["size"].to_numpy(float), some["mean"].to_numpy()
        truth = GammaGamma(*(kind[name] for name in GammaGamma.NAMES))
        height = truth.log_likelihood(x, z, np.ones(len(x)))[0]
        assert in_joint_region(GammaGamma.fit(x, z), height), kind["name"]


@pytest.fixture(scope="module")
def placed(demo_customers, truths):
    """The customers' histories as the engine makes them of all orders that were placed, whatever became of them."""
    from journeylab.data.hiding import pseudonym

    orders = demo_customers.tables["orders"]
    whole = orders.mutate(status=ibis.literal("completed"), net=orders.net + orders.refunded.fill_null(0))
    shop = replace(demo_customers, tables={**demo_customers.tables, "orders": whole})
    emails = pd.read_csv(STORE / "customers.csv")["email"]
    persona = {pseudonym(email, b"demo store"): int(number)
               for email, number in zip(emails, truths["personas"]["of_customer"], strict=True)}  # fmt: skip
    until = date(2026, 6, 30)
    rows = shop.run(purchases.histories(purchases.purchase_days(shop, until), until))
    return rows.assign(persona=rows["customer_id"].map(persona), n=1)


def test_the_engine_finds_the_personas_purchase_parameters_as_plain_counting_does(truths, bases, placed):
    held = []
    for number, kind in enumerate(truths["personas"]["kinds"]):
        base = purchases.base_of(placed[placed["persona"] == number], weekly=False)
        ours, theirs = base.distinct(), bases[number].distinct()
        assert base.customers == bases[number].customers
        assert ours.repeat_purchases == pytest.approx(theirs.repeat_purchases, rel=0.003)
        truth, model = BgNbd(*(kind[name] for name in BgNbd.NAMES)), BgNbd.fit(base)
        held += list(inside(model, truth.parameters))
        assert in_joint_region(model, truth.log_likelihood(base)[0]), kind["name"]
    lowest, highest = binomial_bounds(16, 0.95)
    assert lowest <= sum(held) <= highest


def test_the_engine_finds_the_personas_spend_parameters_in_repeat_purchases(truths, demo_customers, placed):
    """Of purchases as they count, which leaves out who came to nothing; days with two orders are few."""
    until = date(2026, 6, 30)
    rows = demo_customers.run(purchases.histories(purchases.purchase_days(demo_customers, until), until))
    rows = rows.assign(persona=rows["customer_id"].map(placed.set_index("customer_id")["persona"]))
    some = rows[(rows["frequency"] > 0) & (rows["spend"] > 0)]
    for number, kind in enumerate(truths["personas"]["kinds"]):
        each = some[some["persona"] == number]
        model = GammaGamma.fit(each["frequency"], each["spend"] / each["frequency"])
        assert inside(model, np.array([kind[name] for name in GammaGamma.NAMES])).all(), kind["name"]


def test_the_hold_out_finds_the_planted_model_and_beats_the_naive_rule():
    shop = jl.read(STORE / "shopify_orders.csv")
    result = jl.customers.holdout(shop)
    table = result.errors.set_index("method")
    assert result.model.NAME == "BG/NBD"
    assert abs(result.total_error) < 0.1
    assert table.loc["BG/NBD", "error"] < 0.2 * table.loc["carry on as before", "error"]
    shop.close()
