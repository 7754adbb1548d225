"""The demo store: the same files each time, consistent with each other, and true to what is planted in them."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from journeylab.data.demo import Leak, Plan, simulate, write
from journeylab.data.demo.plan import DEVICES, STEPS
from journeylab.errors import BadParameter

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_data"
SHARED = Path(os.environ.get("JOURNEYLAB_SHARED", ROOT.parent / "shared")) / "data" / "exports"


def content(path: Path):
    """What a file says, apart from how it is packed: packing may differ from one version of a packer to the next."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


class Files:
    """A written shop, read the plain way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truths = json.loads((folder / "truths.json").read_text())
        rows = pd.read_csv(folder / "shopify_orders.csv", dtype=str)
        heads = rows[rows["Financial Status"].notna()].copy()
        heads["customer"] = heads["Email"].str.strip().str.lower()
        heads["at"] = pd.to_datetime(heads["Created at"], utc=True)
        heads["day"] = heads["Created at"].str[:10]
        for column in ("Subtotal", "Shipping", "Taxes", "Total", "Discount Amount", "Refunded Amount"):
            heads[column] = heads[column].astype(float)
        self.rows, self.heads = rows, heads
        self.orders = heads[heads["Cancelled at"].isna()]
        few = [
            "event_name",
            "device",
            "marketing_channel",
            "country",
            "payment_method",
            "fee_first_shown",
            "search_term",
        ]
        self.events = pq.read_table(folder / "events.parquet", read_dictionary=few).to_pandas()
        self.contacts = self.table("contacts.csv.gz")
        self.customers = self.table("customers.csv").set_index("email")
        self.surveys = self.table("surveys.csv")

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / name, keep_default_na=True)

    @property
    def lines(self) -> pd.DataFrame:
        kept = self.rows[self.rows["Name"].isin(self.orders["Name"])]
        return pd.DataFrame(
            {
                "day": kept["Created at"].str[:10],
                "sku": kept["Lineitem sku"],
                "units": kept["Lineitem quantity"].astype(int),
            }
        )


@pytest.fixture(scope="module")
def demo() -> Files:
    return Files(SAMPLE)


#: Nearly all planted stories, each with another value than in the default plan.
MOVED = replace(
    Plan(customers=2_500),
    personas=tuple(replace(p, nps=(0.6, 0.3, 0.1), csat=(4.3, 4.3, 3.0, 4.3, 4.3)) for p in Plan().personas),
    leaks=(Leak(step="purchase", factor=0.6, device="desktop"),),
    promotions=tuple(replace(p, lift=3.0) for p in Plan().promotions),
    tests=tuple(replace(t, effect=1.0, mix=(), lost=0.0) for t in Plan().tests),
    message_effects=(1.0, 1.0, 1.0, 2.5),
    recovered_alone=0.30,
    recovered_reminded=0.10,
    weekdays=(3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    yearly_amplitude=0.6,
    stock_outs=(),
    both_channels_multiple=3.0,
    touch_effects=(0.05, 0.05, 0.05, 0.40, 0.05, 0.05, 0.05),
    intermittent_rate=0.3,
)


@pytest.fixture(scope="module")
def moved(tmp_path_factory) -> Files:
    folder = tmp_path_factory.mktemp("moved")
    write(simulate(MOVED, seed=7), folder)
    return Files(folder)


@pytest.fixture(scope="module")
def noise(tmp_path_factory) -> Files:
    folder = tmp_path_factory.mktemp("noise")
    write(simulate(Plan(customers=2_500).nothing_planted(), seed=7), folder)
    return Files(folder)


# --- the same files each time ---------------------------------------------------------------------------------------


def test_the_committed_files_are_what_the_command_writes_today(tmp_path):
    subprocess.run([sys.executable, "-m", "journeylab.data.demo", str(tmp_path)], check=True, cwd=ROOT)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in SAMPLE.iterdir())
    for path in sorted(tmp_path.iterdir()):
        new, old = content(path), content(SAMPLE / path.name)
        if isinstance(new, pd.DataFrame):
            pd.testing.assert_frame_equal(new, old, check_exact=True)
        else:
            assert new == old, path.name


def test_bytes_do_not_depend_on_the_order_of_hashes(tmp_path):
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "journeylab.data.demo", str(tmp_path / seed), "--customers", "200"]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed})
    for path in sorted((tmp_path / "1").iterdir()):
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes(), path.name


def test_another_seed_gives_another_shop():
    a, b = (simulate(Plan(customers=40, days=60), seed=s).orders["total"].sum() for s in (1, 2))
    assert a != b


def test_the_committed_files_are_small_enough_to_clone():
    assert sum(p.stat().st_size for p in SAMPLE.iterdir()) < 15_000_000


@pytest.mark.parametrize(("customers", "days"), [(10, 28), (30, 100), (200, 365), (100, 1500)])
def test_shops_of_any_size_are_written(customers, days, tmp_path):
    paths = write(simulate(Plan(customers=customers, days=days), seed=3), tmp_path)
    assert all(p.exists() for p in paths.values())
    assert json.loads((tmp_path / "truths.json").read_text())["counts"]["customers"] == customers


def test_a_shop_without_customers_is_refused():
    with pytest.raises(BadParameter, match="customers"):
        Plan(customers=0)


# --- the files fit each other ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("shopify_orders.csv", "shopify_orders_export_sample.csv"),
        ("shopify_products.csv", "shopify_products_export_header.csv"),
        ("shopify_inventory.csv", "shopify_inventory_export_sample.csv"),
        ("klaviyo_campaigns.csv", "klaviyo_campaigns_export_header.csv"),
    ],
)
def test_headers_are_those_of_the_real_exports(ours, theirs):
    if not (SHARED / theirs).exists():
        pytest.skip("the real exports' headers are not on this machine")
    headers = [next(csv.reader(p.read_text(encoding="utf-8").splitlines())) for p in (SAMPLE / ours, SHARED / theirs)]
    assert headers[0] == headers[1]


def test_order_money_adds_up_line_by_line(demo):
    value = demo.rows["Lineitem price"].astype(float) * demo.rows["Lineitem quantity"].astype(int)
    goods = value.groupby(demo.rows["Name"]).sum().reindex(demo.heads["Name"]).to_numpy()
    heads = demo.heads
    assert np.allclose(goods - heads["Discount Amount"], heads["Subtotal"], atol=0.006)
    assert np.allclose(heads["Subtotal"] + heads["Shipping"], heads["Total"], atol=0.006)
    assert np.allclose(heads["Total"] * 0.19 / 1.19, heads["Taxes"], atol=0.006)


def test_orders_carry_the_traps_of_the_real_export(demo):
    assert demo.rows["Financial Status"].isna().any()  # second lines leave the order's columns blank
    assert set(demo.heads["Created at"].str[-5:]) == {"+0100", "+0200"}
    assert {"paid", "voided", "refunded", "partially_refunded", "pending"} <= set(demo.heads["Financial Status"])
    assert demo.heads["Source"].isin(["web", "pos"]).all()
    assert demo.heads["Email"].isna().any()
    assert demo.heads["Email"].dropna().str.isupper().any()
    assert demo.heads.loc[demo.heads["Payment Method"].str.startswith("Cash on"), "Paid at"].isna().all()
    assert demo.heads["Name"].is_unique


def test_days_are_those_of_the_plan(demo):
    assert demo.heads["day"].min() == "2024-07-01"
    assert demo.heads["day"].max() == "2026-06-30"
    times = demo.events["event_timestamp"].agg(["min", "max"]).dt.tz_convert("Europe/Berlin").astype(str)
    assert times["min"][:10] == "2024-07-01"
    assert times["max"][:10] <= "2026-07-01"  # a visit may outlast the last midnight


def test_each_purchase_event_is_an_order_on_the_web_at_the_same_second(demo):
    bought = demo.events[demo.events["event_name"] == "purchase"]
    joined = bought.merge(demo.orders, left_on="transaction_id", right_on="Name")
    assert len(joined) == len(bought) == (demo.orders["Source"] == "web").sum()
    assert (joined["at"] == joined["event_timestamp"]).all()
    assert np.allclose(joined["value"], joined["Total"])
    known = joined[joined["user_id"].notna()]
    assert (known["user_id"] == known["customer"]).all()


def test_visitors_belong_to_one_customer_and_customers_may_have_several(demo):
    known = demo.events[demo.events["user_id"].notna()].groupby("user_pseudo_id")["user_id"].nunique()
    assert (known == 1).all()
    assert demo.truths["identity"]["customers_with_several_visitors"] > 300
    identity = demo.truths["identity"]
    assert identity["visitors_that_logged_in_or_ordered"] < identity["visitors_of_customers"]


def test_every_email_and_every_unit_is_known(demo):
    known = set(demo.customers.index)
    assert set(demo.orders["customer"].dropna()) <= known
    for name in ("surveys.csv", "tickets.csv", "contacts.csv.gz"):
        assert set(demo.table(name)["email"].dropna()) <= known
    assert set(demo.table("exposures.csv.gz")["unit_id"]) <= set(demo.events["user_pseudo_id"])


def test_events_say_only_what_such_an_event_can_say(demo):
    events = demo.events
    steps = events["event_name"].isin(STEPS[2:])
    assert events.loc[~steps, ["shipping_fee", "payment_method", "fee_first_shown"]].isna().all(axis=None)
    assert events["search_results"].notna().equals(events["event_name"] == "view_search_results")
    assert events["transaction_id"].notna().equals(events["event_name"] == "purchase")
    assert set(events["device"]) == set(DEVICES)


def test_nobody_has_a_name_or_an_address(demo):
    personal = [c for c in demo.rows if "Name" in c and c.startswith(("Billing", "Shipping"))]
    personal += [c for c in demo.rows if any(w in c for w in ("Street", "Address", "Phone", "City", "Zip"))]
    assert demo.rows[personal].isna().all(axis=None)
    assert demo.customers.index.str.fullmatch(r"c\d+@example\.com").all()


def test_stock_follows_sales_and_the_best_seller_is_out_on_the_planted_days_only(demo):
    stock, out = demo.table("stock_history.csv.gz"), demo.truths["stock_outs"]
    assert (stock["on_hand"] >= 0).all()
    best = stock[stock["sku"] == out["sku"]]
    assert best.loc[best["on_hand"] == 0, "as_of"].tolist() == out["days"]
    assert not (stock.loc[stock["sku"] != out["sku"], "on_hand"] == 0).any()
    lines = demo.lines
    assert not lines[(lines["sku"] == out["sku"]) & lines["day"].isin(out["days"])].size
    last = stock.drop_duplicates("sku", keep="last").set_index("sku")["on_hand"]
    inventory = demo.table("shopify_inventory.csv").set_index("SKU")
    here = inventory[inventory["Location"] == "Berlin"]
    assert (here["On hand (current)"].astype(int) == last.reindex(here.index)).all()
    assert (inventory.loc[inventory["Location"] == "Warehouse", "Available (not editable)"] == "not stocked").all()


def test_outcomes_are_what_events_and_orders_say(demo):
    exposed, outcomes = demo.table("exposures.csv.gz"), demo.table("outcomes.csv.gz")
    test = next(t for t in demo.truths["tests"] if t["name"] == "Shipping fee shown early")
    units = exposed[exposed["experiment"] == test["name"]].set_index("unit_id")
    bought = demo.events[demo.events["event_name"] == "purchase"]
    started = pd.to_datetime(bought["ga_session_id"], unit="s", utc=True).dt.tz_convert("Europe/Berlin")
    day = started.dt.strftime("%Y-%m-%d")
    inside = bought[(day >= test["starts"]) & (day <= test["ends"])]
    orders = inside.groupby("user_pseudo_id").size().reindex(units.index, fill_value=0)
    said = outcomes[outcomes["experiment"] == test["name"]].set_index("unit_id")["orders"]
    assert (orders == said.reindex(orders.index)).all()


# --- what is planted comes back, and moves when it is moved ---------------------------------------------------------


def pass_rate(files: Files, device: str) -> tuple[float, float]:
    """Share of visits at the payment step that end in a purchase, with its standard error."""
    part = files.events[files.events["device"] == device]
    key = ["user_pseudo_id", "ga_session_id"]
    tried = len(part[part["event_name"] == "add_payment_info"][key].drop_duplicates())
    passed = len(part[part["event_name"] == "purchase"][key].drop_duplicates())
    rate = passed / tried
    return rate, np.sqrt(rate * (1 - rate) / tried)


@pytest.mark.parametrize(
    ("store", "device", "rate"),
    [
        ("demo", "mobile", 0.94 * 0.72),
        ("demo", "desktop", 0.94),
        ("moved", "mobile", 0.94),
        ("moved", "desktop", 0.94 * 0.6),
        ("noise", "mobile", 0.94),
        ("noise", "desktop", 0.94),
    ],
)
def test_payments_leak_on_the_planted_device_only(store, device, rate, request):
    estimate, error = pass_rate(request.getfixturevalue(store), device)
    assert estimate == pytest.approx(rate, abs=3.5 * error)


def units_in_promotions(files: Files) -> float:
    """Units a day of the category in its promotions, over the four weeks around them."""
    skus = files.table("purchasing.csv").set_index("sku")["category"]
    ceramics = files.lines[files.lines["sku"].map(skus) == "Ceramics"].groupby("day")["units"].sum()
    daily = ceramics.reindex([d.strftime("%Y-%m-%d") for d in pd.date_range("2024-07-01", "2026-06-30")], fill_value=0)
    daily.index = pd.to_datetime(daily.index)
    inside, around = [], []
    for p in files.table("promotions.csv").itertuples():
        starts, ends = pd.Timestamp(p.starts), pd.Timestamp(p.ends)
        inside.append(daily[starts:ends].mean())
        near = daily[starts - pd.Timedelta(days=14) : ends + pd.Timedelta(days=14)]
        around.append(near[(near.index < starts) | (near.index > ends)].mean())
    return float(np.sum(inside) / np.sum(around))


@pytest.mark.parametrize(("store", "lift", "within"), [("demo", 1.8, 0.25), ("moved", 3.0, 0.6), ("noise", 1.0, 0.15)])
def test_a_promotion_multiplies_units_by_its_lift(store, lift, within, request):
    assert units_in_promotions(request.getfixturevalue(store)) == pytest.approx(lift, abs=within)


def lift_of(files: Files, name: str) -> tuple[float, float]:
    """B's conversion minus A's, relative to A's, with its standard error."""
    exposed, outcomes = files.table("exposures.csv.gz"), files.table("outcomes.csv.gz")
    units = exposed[exposed["experiment"] == name].merge(outcomes[outcomes["experiment"] == name], on="unit_id")
    rates = units.groupby("variant")["converted"].agg(["mean", "size"])
    error = np.sqrt((rates["mean"] * (1 - rates["mean"]) / rates["size"]).sum()) / rates["mean"]["A"]
    return rates["mean"]["B"] / rates["mean"]["A"] - 1, error


TESTS = ("Welcome discount", "Shipping fee shown early", "Larger product photos")


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("store", ["demo", "moved", "noise"])
def test_an_experiment_shows_the_effect_that_was_planted(store, name, request):
    files = request.getfixturevalue(store)
    planted = next(t for t in files.truths["tests"] if t["name"] == name)["effect_on_conversion"]
    estimate, error = lift_of(files, name)
    assert estimate == pytest.approx(planted, abs=3 * error)
    if store == "moved":
        assert estimate > 0.4
    if store == "noise":
        assert planted == 0


def test_one_split_is_broken_and_the_others_are_fair(demo):
    counts = demo.table("exposures.csv.gz").groupby(["experiment", "variant"]).size().unstack()
    z = (counts["A"] - counts["B"]) / np.sqrt(counts.sum(axis=1))
    assert abs(z["Shorter checkout form"]) > 4
    assert (z.drop("Shorter checkout form").abs() < 2.5).all()


def test_one_test_wins_on_conversion_and_loses_on_value(demo):
    test = next(t for t in demo.truths["tests"] if t["name"] == "Welcome discount")
    estimate, error = lift_of(demo, test["name"])
    assert estimate - 2 * error > 0
    assert test["effect_on_first_year_margin"] < -0.15
    exposed = demo.table("exposures.csv.gz")
    variant = exposed[exposed["experiment"] == test["name"]].set_index("unit_id")["variant"]
    who = demo.events[(demo.events["event_name"] == "purchase") & demo.events["user_pseudo_id"].isin(variant.index)]
    who = who.merge(demo.orders[["Name", "customer"]], left_on="transaction_id", right_on="Name")
    customer = who.drop_duplicates("customer").set_index("customer")["user_pseudo_id"].map(variant)
    first = demo.orders.groupby("customer")["day"].min()
    late = customer.index[first[customer.index] >= test["starts"]]
    spent = demo.orders[demo.orders["customer"].isin(late)].groupby("customer")["Subtotal"].sum()
    by_variant = spent.groupby(customer).sum() / variant.value_counts()
    assert by_variant["B"] < by_variant["A"]


def rates_by_cadence(files: Files) -> pd.Series:
    """Repeat orders a customer, by newsletters a month, over those of customers who get none."""
    asked = files.customers[files.customers["accepts_marketing"] == "yes"]
    repeats = (files.orders["customer"].value_counts() - 1).reindex(asked.index, fill_value=0)
    means = repeats.groupby(asked["messages_a_month"]).mean()
    return means / means[0]


def test_one_newsletter_too_many_costs_orders(demo):
    ratios = rates_by_cadence(demo)
    assert ratios[2] == pytest.approx(1.25, abs=0.2)
    assert ratios[4] == pytest.approx(0.85, abs=0.15)
    assert ratios[2] > ratios[4] + 0.15


def test_newsletters_move_orders_when_their_effect_is_moved_and_do_nothing_in_a_noise_shop(moved, noise):
    assert rates_by_cadence(moved)[4] > 1.6
    assert rates_by_cadence(noise).to_numpy() == pytest.approx(1.0, abs=0.22)


def recovery(files: Files) -> dict[bool, tuple[int, int]]:
    """Left carts of known customers, and those followed by an order within 60 hours, by whether reminded."""
    events = files.events[files.events["user_id"].notna()]
    key = ["user_id", "user_pseudo_id", "ga_session_id"]
    filled, bought = (events[events["event_name"] == e][key].drop_duplicates() for e in ("add_to_cart", "purchase"))
    left = filled.merge(bought, how="left", on=key, indicator=True)
    left = left[left["_merge"] == "left_only"].copy()
    left["at"] = pd.to_datetime(left["ga_session_id"], unit="s", utc=True)
    web = files.orders[files.orders["Source"] == "web"][["customer", "at"]].dropna().sort_values("at")
    web["ordered"] = web["at"]
    joined = pd.merge_asof(
        left.sort_values("at"), web, on="at", left_by="user_id", right_by="customer", direction="forward"
    )
    back = (joined["ordered"] - joined["at"]) <= pd.Timedelta(hours=61)
    reminded = joined["user_id"].map(files.customers["cart_reminders"]) == "yes"
    return {bool(k): (int(g.sum()), len(g)) for k, g in back.groupby(reminded)}


@pytest.mark.parametrize("store", ["demo", "moved", "noise"])
def test_reminders_bring_carts_back_as_often_as_planted(store, request):
    files = request.getfixturevalue(store)
    planted = files.truths["reminders"]
    rates = {k: a / n for k, (a, n) in recovery(files).items()}
    assert rates[False] == pytest.approx(planted["recovered_without"], abs=0.035)
    assert rates[True] == pytest.approx(planted["recovered_with"], abs=0.035)
    assert (planted["recovered_with"] == planted["recovered_without"]) == (store == "noise")


@pytest.mark.parametrize("store", ["demo", "moved", "noise"])
def test_the_true_nps_lies_in_the_interval_of_the_answers(store, request):
    files = request.getfixturevalue(store)
    scores = files.surveys.loc[files.surveys["kind"] == "nps", "score"]
    p, d, n = (scores >= 9).mean(), (scores <= 6).mean(), len(scores)
    error = 100 * np.sqrt((p + d - (p - d) ** 2) / n)
    assert 100 * (p - d) == pytest.approx(files.truths["feedback"]["nps_of_all_customers"], abs=2.6 * error)
    if store == "moved":
        assert 100 * (p - d) < -30


def test_delivery_is_the_pain_of_one_persona_in_scores_comments_and_tickets(demo):
    persona = demo.truths["personas"]["of_customer"]
    names = [k["name"] for k in demo.truths["personas"]["kinds"]]
    of = {email: names[int(persona[i])] for i, email in enumerate(demo.customers.index)}
    csat = demo.surveys[(demo.surveys["kind"] == "csat") & (demo.surveys["touchpoint"] == "delivery")]
    means = csat["score"].groupby(csat["email"].map(of)).mean()
    assert means.idxmin() == "gifters"
    assert means["gifters"] == pytest.approx(2.6, abs=0.15)
    tickets = demo.table("tickets.csv")
    late = tickets[tickets["topic"] == "delivery"]["email"].map(of).value_counts(normalize=True)
    assert late.idxmax() == "gifters"
    words = demo.surveys[(demo.surveys["kind"] == "nps") & demo.surveys["comment"].notna()]
    told = words["comment"].str.contains("deliver|parcel|shipping|courier|tracking|present was|gift came", case=False)
    share = told.groupby(words["email"].map(of)).mean()
    assert share["gifters"] > 0.6
    assert share.drop("gifters").max() < 0.25


def weekday_and_season(files: Files) -> tuple[float, float]:
    """Orders on Mondays over those of a mean weekday; and the yearly amplitude by a cosine's moments."""
    day = pd.to_datetime(files.orders.loc[files.orders["Source"] == "web", "day"])
    monday = 7 * (day.dt.weekday == 0).mean()
    first = pd.to_datetime(files.orders.dropna(subset="customer").groupby("customer")["day"].min())
    angle = 2 * np.pi * (first - pd.Timestamp("2024-12-05")).dt.days / 365.25
    return float(monday), float(2 * np.cos(angle).mean())


@pytest.mark.parametrize(
    ("store", "monday", "amplitude"), [("demo", 1.0, 0.15), ("moved", 21 / 9, 0.6), ("noise", 1.0, 0.0)]
)
def test_weeks_and_years_have_the_planted_season(store, monday, amplitude, request):
    found = weekday_and_season(request.getfixturevalue(store))
    assert found[0] == pytest.approx(monday, abs=0.1)
    assert found[1] == pytest.approx(amplitude, abs=0.09)


def spend_of_both(files: Files) -> float:
    """Mean order of customers seen in both sales channels over that of those seen in one, within a persona."""
    persona = files.truths["personas"]["of_customer"]
    of = {email: int(persona[i]) for i, email in enumerate(files.customers.index)}
    known = files.orders.dropna(subset="customer")
    grouped = known.groupby("customer")
    frame = pd.DataFrame({"both": grouped["Source"].nunique() == 2, "mean": np.log(grouped["Subtotal"].mean())})
    means = frame.groupby([frame.index.map(of), "both"])["mean"].mean().unstack()
    return float(np.exp((means[True] - means[False]).mean()))


@pytest.mark.parametrize(
    ("store", "multiple", "within"), [("demo", 1.5, 0.2), ("moved", 3.0, 0.6), ("noise", 1.0, 0.15)]
)
def test_who_buys_in_both_sales_channels_spends_the_planted_multiple(store, multiple, within, request):
    assert spend_of_both(request.getfixturevalue(store)) == pytest.approx(multiple, abs=within)


def test_channels_bring_what_their_touches_are_planted_to_bring(demo, moved, noise):
    def lost(files, name):
        return files.truths["channels"]["by_channel"][name]["share_of_first_orders_lost_without"]

    def carts(files, name):
        """Share of visitors seen in one visit only, by this channel, who filled a cart in it."""
        events = files.events[files.events["marketing_channel"] == name]
        once = files.events.groupby("user_pseudo_id", observed=True)["ga_session_id"].nunique() == 1
        events = events[events["user_pseudo_id"].isin(once.index[once])]
        return (events["event_name"] == "add_to_cart").sum() / events["user_pseudo_id"].nunique()

    assert lost(moved, "Paid Social") > 0.5 > lost(demo, "Paid Social")
    assert lost(demo, "Affiliates") < 0.05
    assert carts(moved, "Paid Social") > 1.5 * carts(demo, "Paid Social")
    assert carts(noise, "Paid Social") == pytest.approx(carts(noise, "Referral"), rel=0.25)


def test_a_rare_sku_sells_on_as_many_days_as_planted(demo, moved):
    for files, rate in ((demo, 0.07), (moved, 0.30)):
        days = files.lines.loc[files.lines["sku"] == "GFT-HAMPER-XL", "day"].nunique()
        assert days / 730 == pytest.approx(rate, abs=0.05)


def test_a_new_sku_is_sold_from_its_first_day_on(demo):
    new = demo.truths["skus"]["new"]
    assert demo.lines.loc[demo.lines["sku"] == new["sku"], "day"].min() >= new["first_day"]


def test_some_searches_find_nothing_unless_nothing_is_planted(demo, noise):
    found = demo.events["search_results"].dropna()
    assert (found == 0).mean() == pytest.approx(0.12, abs=0.01)
    assert not (noise.events["search_results"] == 0).any()


def test_a_noise_shop_has_one_kind_of_customer(noise):
    assert set(noise.truths["personas"]["of_customer"]) == {"0"}
    assert noise.truths["leaks"] == []
    assert noise.truths["stock_outs"]["days"] == []


def test_moving_the_stock_out_away_leaves_the_shelf_full(moved):
    stock = moved.table("stock_history.csv.gz")
    assert (stock["on_hand"] > 0).all()


def features(files: Files) -> pd.DataFrame:
    """What orders say of each customer: how often, how much, with a discount, and what."""
    known = files.orders.dropna(subset="customer")
    rows = files.rows.merge(known[["Name", "customer"]], on="Name")
    category = rows["Lineitem sku"].map(files.table("purchasing.csv").set_index("sku")["category"])
    value = rows["Lineitem price"].astype(float) * rows["Lineitem quantity"].astype(int)
    shares = value.groupby([rows["customer"], category]).sum().unstack(fill_value=0)
    grouped = known.groupby("customer")
    return shares.div(shares.sum(axis=1), axis=0).assign(
        orders=np.log(grouped.size()),
        basket=np.log(grouped["Subtotal"].mean()),
        discounted=grouped["Discount Code"].count() / grouped.size(),
    )


def test_clusters_on_orders_are_the_personas(demo):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score
    from sklearn.preprocessing import StandardScaler

    table = features(demo)
    planted = list(demo.truths["personas"]["of_customer"])
    truth = pd.Series(planted, index=demo.customers.index)[table.index]
    labels = KMeans(4, n_init=10, random_state=0).fit_predict(StandardScaler().fit_transform(table))
    assert adjusted_rand_score(truth, labels) >= 0.8


def test_purchases_follow_bg_nbd_with_the_planted_parameters(demo):
    """Twice the gain in log-likelihood over the planted parameters stays below the 99 % point of chi-squared, 4 df."""
    from scipy.optimize import minimize
    from scipy.special import betaln, gammaln

    known = demo.orders.dropna(subset="customer").drop_duplicates(["customer", "day"])
    day = (pd.to_datetime(known["day"]) - pd.Timestamp("2024-07-01")).dt.days.groupby(known["customer"])
    x, recency = day.size().to_numpy() - 1, (day.max() - day.min()).to_numpy() / 7
    age = (730 - day.min().to_numpy()) / 7
    number = {email: i for i, email in enumerate(demo.customers.index)}
    persona = np.array([demo.truths["personas"]["of_customer"][number[e]] for e in day.size().index])

    def loss(logs, x, recency, age):  # Fader, Hardie & Lee (2005), equation 6
        r, alpha, a, b = np.exp(logs)
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
        gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency)
        return -np.sum(common + np.logaddexp(alive, np.where(x > 0, gone, -np.inf)))

    for i, kind in enumerate(demo.truths["personas"]["kinds"]):
        data = tuple(v[persona == str(i)] for v in (x, recency, age))
        planted = np.log([kind[k] for k in ("r", "alpha", "a", "b")])
        best = minimize(loss, planted, args=data, method="Nelder-Mead", options={"maxiter": 2000})
        assert 2 * (loss(planted, *data) - best.fun) < 13.28, kind["name"]


def test_mean_spend_of_single_channel_customers_is_the_planted_one(demo):
    persona = demo.truths["personas"]["of_customer"]
    of = {email: int(persona[i]) for i, email in enumerate(demo.customers.index)}
    known = demo.orders.dropna(subset="customer")
    single = known[known.groupby("customer")["Source"].transform("nunique") == 1]
    single = single[single["Source"] == "web"]
    for i, kind in enumerate(demo.truths["personas"]["kinds"]):
        net = single.loc[single["customer"].map(of) == i, "Subtotal"] / 1.19
        by_customer = net.groupby(single["customer"]).mean()
        error = by_customer.std() / np.sqrt(len(by_customer))
        assert by_customer.mean() == pytest.approx(
            kind["mean_spend_expected"], abs=4 * error + 0.08 * by_customer.mean()
        )


# --- leaks of other kinds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "leak",
    [
        Leak(step="begin_checkout", factor=0.5, device="tablet"),
        Leak(step="add_shipping_info", factor=0.4, device=None, country="CH"),
        Leak(step="add_to_cart", factor=0.5, device=None, channel="Paid Social"),
    ],
)
def test_a_leak_may_sit_at_any_step_for_any_group(leak, tmp_path):
    shop = simulate(replace(Plan(customers=600), leaks=(leak,)), seed=11)
    write(shop, tmp_path)
    found = json.loads((tmp_path / "truths.json").read_text())["leaks"][0]
    assert found["step"] == leak.step
    assert found["orders_lost_expected"] > 0
    if leak.step != "add_to_cart":
        rate = found["visits_that_passed"] / found["visits_at_the_step_before"]
        assert rate == pytest.approx(found["pass_rate_with_leak"], abs=0.06)
