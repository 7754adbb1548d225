"""The demo store's planted parameters, found again by the models that the pages use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers.bg_nbd import BgNbd
from journeylab.customers.customer_base import CustomerBase

STORE = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def planted():
    """Histories by persona, counted with pandas on the demo store's own files, and the planted parameters."""
    truths = json.loads((STORE / "truths.json").read_text(encoding="utf-8"))["personas"]
    emails = pd.read_csv(STORE / "customers.csv")["email"].str.lower()
    persona = dict(zip(emails, map(int, truths["of_customer"]), strict=True))
    orders = pd.read_csv(STORE / "shopify_orders.csv", low_memory=False).drop_duplicates("Name")
    orders = orders[orders["Email"].notna()]
    orders = orders.assign(customer=orders["Email"].str.lower(), day=pd.to_datetime(orders["Created at"].str[:10]))
    days = orders.drop_duplicates(["customer", "day"]).groupby("customer")["day"].agg(["min", "max", "size"])
    return truths["kinds"], days.assign(persona=days.index.map(persona)).dropna()


def test_the_four_personas_purchase_parameters_lie_in_their_intervals_about_as_often_as_the_level_says(planted):
    kinds, days = planted
    inside = []
    for number, kind in enumerate(kinds):
        some = days[days["persona"] == number]
        end = pd.Timestamp("2026-06-30")
        base = CustomerBase(some["size"] - 1, (some["max"] - some["min"]).dt.days / 7, (end - some["min"]).dt.days / 7)
        lower, upper = BgNbd.fit(base).estimate.interval(0.95)
        truth = np.array([kind[name] for name in BgNbd.NAMES])
        inside += list((lower <= truth) & (truth <= upper))
    assert len(inside) == 16
    assert sum(inside) >= 14


def test_the_hold_out_finds_the_planted_model_and_beats_the_naive_rule():
    shop = jl.read(STORE / "shopify_orders.csv")
    result = jl.customers.holdout(shop)
    table = result.errors.set_index("method")
    assert result.model.NAME == "BG/NBD"
    assert abs(result.total_error) < 0.1
    assert table.loc["BG/NBD", "error"] < 0.2 * table.loc["carry on as before", "error"]
    shop.close()
