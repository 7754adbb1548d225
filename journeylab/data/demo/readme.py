"""The page that says what is planted in the files, written from the truths so that the two cannot differ."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from journeylab.data.demo.store import Store

_FILES = (
    ("shopify_orders.csv", "orders as Shopify exports them: 79 columns, prices with tax, times with their offset"),
    ("shopify_products.csv", "products as Shopify exports them, with the cost per item"),
    ("shopify_inventory.csv", "inventory on the last day, at two locations"),
    ("purchasing.csv", "the buyer's list: vendor, lead time and its spread, smallest order, pack size"),
    ("stock_history.csv.gz", "stock on hand and on order at the end of each day, a row a SKU and day"),
    ("events.parquet", "web events in the manner of GA4, a row an event, times in UTC"),
    ("customers.csv", "customers: consent, loyalty, who referred them, year of birth; times in UTC"),
    ("exposures.csv.gz", "four A/B tests: which visitor saw which variant, and when (UTC)"),
    ("outcomes.csv.gz", "what those visitors did in the test's days, and before"),
    ("surveys.csv", "answers with comments: NPS, CSAT, CES, stars, yes or no, and the staff's NPS; times in UTC"),
    ("tickets.csv", "support cases; times in UTC"),
    ("spend.csv", "cost, impressions and clicks a day of the paid channels"),
    ("klaviyo_campaigns.csv", "newsletters as Klaviyo exports them"),
    ("contacts.csv.gz", "every message to every customer; times in UTC"),
    ("promotions.csv", "promotions with their days and discount"),
    ("truths.json", "what is planted, for tests to compare with; no analysis reads it"),
)


def readme(store: Store, found: dict[str, Any], folder: Path) -> str:
    """The README of a folder with a simulated shop, whose files are already there."""
    shop, counts = found["shop"], found["counts"]
    parts = [
        "# A simulated shop, and what is true of it\n",
        (
            f"A shop for coffee, tea, ceramics, textiles and gifts in {shop['time_zone'].split('/')[-1]}, from "
            f"{shop['first_day']} to {shop['last_day']}: {counts['customers']:,} customers, "
            f"{counts['orders']:,} orders, {counts['visits']:,} visits, "
            f"{counts['events']:,} events. All of it is drawn by `journeylab/data/demo` "
            f"from seed {shop['seed']}; nothing is taken from a real shop, and nobody in it exists. "
            "`python -m journeylab.data.demo <folder>` writes the same files again, byte for byte.\n"
        ),
        "## Files\n",
        _table(("file", "what it holds"), [(f"`{name}`", what) for name, what in _FILES]),
        _HOW_FILES_JOIN,
        "## Columns of the files that are no platform's export\n",
        _table(("file", "columns"), _columns(folder)),
        _EVENTS,
        "## What is planted\n",
        (
            "Planted means: a parameter of the process that made the files. What an analysis finds lies around it by "
            "chance. `truths.json` holds all of it for machines, with what was realised beside it.\n"
        ),
        *_planted(store, found),
        _NOT_PLANTED,
    ]
    return "\n".join(parts)


_HOW_FILES_JOIN = """
The e-mail is the customer in orders, customers, surveys, tickets and contacts. In events it is `user_id`, where
somebody is logged in; `user_pseudo_id` is a browser, so one customer may be several. A purchase event's
`transaction_id` is the order's `Name`, and its time is the order's. Orders at the till and orders that failed have no
event. `unit_id` in the tests is `user_pseudo_id`. A few e-mails are in capitals, orders paid in cash on delivery have
no `Paid at`, orders of strangers at the till no e-mail, and `Available` may say "not stocked", as in real exports.
"""

_EVENTS = """
In events, `event_timestamp` is UTC, and `ga_session_id` numbers a visit within its `user_pseudo_id`. `value` is the
price of what goes into a cart, and the order's total with tax and shipping at the purchase. `search_term` and
`search_results` stand on `view_search_results`; `payment_method` on the last two steps; `shipping_fee` from
`begin_checkout` on; `fee_first_shown` says where the visitor first sees the fee: at the checkout, or on the product
page in variant B of the test on it. In customers, `messages_a_month` is the cadence drawn for who accepts marketing,
and `cart_reminders` says who gets reminders. In stock, `on_hand` is at the end of the day.
"""

_NOT_PLANTED = """
## What is not planted

Loyalty membership and referral have no effect of their own: members order more because those who order more join more
often. Country, year of birth, load times and payment methods have no effect. A shop made with `--noise` has no effect
of anything.
"""


def _columns(folder: Path) -> list[tuple[str, str]]:
    """The columns of each file of ours, as they stand in it."""
    import pyarrow.parquet as pq

    rows = []
    for name, _ in _FILES:
        path = folder / name
        if name == "events.parquet":
            columns = pq.read_schema(path).names
        elif name.startswith(("shopify", "klaviyo")) or ".csv" not in name:
            continue
        else:
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rt", encoding="utf-8") as lines:
                columns = lines.readline().strip().split(",")
        rows.append((f"`{name}`", ", ".join(columns)))
    return rows


def _planted(store: Store, found: dict[str, Any]) -> list[str]:
    return [
        "### Four personas\n" if len(store.plan.personas) == 4 else "### Personas\n",
        _personas(found),
        (
            "\nRates are BG/NBD in weeks, spend is Gamma-Gamma: net of tax, before refunds, of customers who buy in "
            "one sales channel. alpha is that of the mean customer. Estimates at this size lie off by half a standard "
            "error at most: the season puts r and alpha 3 % low and a 13 % high, messages put r 2 % low, and purchases "
            "of one day that count as one put alpha 3 % high. Customers who buy both ways and are seen in one sales "
            "channel put the mean spend of those seen in one 1 to 7 % high.\n"
        ),
        "### Everything else\n",
        _table(("what", "planted"), _stories(found)),
        "\n### Tests\n",
        _table(("test", "days", "split", "conversion", "first-year margin"), [_test(t) for t in found["tests"]]),
        "\nEffects are of B relative to A, a visitor.\n",
        "### Channels\n",
        _table(
            ("channel", "chance that a touch leads to a cart", "first orders lost without its effect"),
            [
                (name, f"{c['touch_effect']:.0%}", f"{c['share_of_first_orders_lost_without']:.1%}")
                for name, c in found["channels"]["by_channel"].items()
            ],
        ),
        "",
    ]


def _personas(found: dict[str, Any]) -> str:
    header = (
        "persona",
        "share",
        "r",
        "alpha",
        "a",
        "b",
        "p",
        "q",
        "gamma",
        "mean spend",
        "with discount",
        "buys most",
        "NPS",
    )
    names = ("coffee", "tea", "ceramics", "textiles", "gifts")
    rows = []
    for k in found["personas"]["kinds"]:
        most = names[k["categories"].index(max(k["categories"]))]
        rates = (f"{k[x]:g}" for x in ("r", "alpha", "a", "b", "p", "q", "gamma"))
        habits = (f"€{k['mean_spend_expected']:.2f}", f"{k['discounted']:.0%}", most)
        nps = found["feedback"]["nps_planned"][k["name"]]
        rows.append((k["name"], f"{k['share']:.0%}", *rates, *habits, f"{nps:+.0f}"))
    return _table(header, rows)


def _stories(found: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [_leak(x) for x in found["leaks"]]
    out, season, skus = found["stock_outs"], found["seasonality"], found["skus"]
    if out["days"]:
        rows.append(
            (
                "stock-out",
                (
                    f"best-seller `{out['sku']}` is out of stock on {len(out['days'])} days ({_runs(out['days'])}); "
                    f"{out['lost_units_realised']} units are lost, some to `{out['substitute']}`"
                ),
            )
        )
    week = ", ".join(f"{w:.2f}" for w in season["weekdays_monday_first"])
    rows.append(("week", f"orders by weekday, Monday first, around 1: {week}"))
    rows.append(
        ("year", f"orders ±{season['yearly_amplitude']:.0%} around the mean, a cosine with its peak on 5 December")
    )
    rows.extend(
        (
            p["name"],
            f"{p['starts']} to {p['ends']}: {p['category']} {p['discount']:.0%} cheaper, {p['lift']:g} × the units",
        )
        for p in found["promotions"]
    )
    rare, new, pain = skus["intermittent"], skus["new"], found["feedback"]["pain"]
    rows += [
        ("intermittent SKU", (f"`{rare['sku']}`: demand on {rare['share_of_days_with_demand']:.0%} of days, "
         f"{rare['mean_units_on_such_a_day']:g} units in the mean (1 + Poisson)")),
        ("new SKU", f"`{new['sku']}`: sold since {new['first_day']}"),
        ("overstocked SKU", f"`{skus['overstocked']['sku']}`"),
        ("pain", (f"delivery, for {pain['persona']}: dispatch after {pain['dispatch_days_planned'][pain['persona']]:g} "
         f"days in the mean, CSAT {pain['csat_planned'][pain['persona']]:g} of 5, "
         f"{pain['share_of_open_comments_about_delivery_planned'][pain['persona']]:.0%} of open comments")),
        ("NPS", f"{found['feedback']['nps_of_all_customers']:.1f} if all customers answered; who answers is chance"),
        ("rewarded stars", f"one star more with chance {found['feedback']['reward_adds_a_star_with_chance']:g}"),
        ("both sales channels", (f"who buys on the web and at the till spends "
         f"{found['sales_channels']['spend_an_order_of_both_over_one']:g} × as much an order; those seen in both are "
         f"worth {found['sales_channels']['value_of_seen_in_both_over_seen_on_web_expected']:.2f} × those seen on the "
         "web only, because only who orders twice can be seen in both")),
        ("cart reminders", (f"a known customer's left cart is recovered within 60 hours with chance "
         f"{found['reminders']['recovered_with']:g} with a reminder, "
         f"{found['reminders']['recovered_without']:g} without")),
        ("messages", "purchase rate by newsletters a month, drawn at random: " + ", ".join(
            f"{n}: × {e:g}" for n, e in found["messages"]["purchase_rate_by_messages_a_month"].items())),
        ("search", (f"{found['search']['share_of_searches_without_result']:.0%} of searches find nothing: "
         "decaf, matcha")),
    ]  # fmt: skip
    return rows


def _leak(leak: dict[str, Any]) -> tuple[str, str]:
    where = ", ".join(str(leak[k]) for k in ("device", "channel", "country") if leak[k]) or "everyone"
    return (
        "leak",
        (
            f"{leak['step']} on {where}: {leak['pass_rate_with_leak']:.1%} pass instead of "
            f"{leak['pass_rate_without_leak']:.1%}; margin at stake €{leak['margin_at_stake_a_year']:,.0f} a year"
        ),
    )


def _test(test: dict[str, Any]) -> tuple[str, ...]:
    split = (
        test["split"]
        if test["split"] == "fair"
        else f"{test['lost_share_of_b_without_order']:.0%} of B's visitors without an order are missing"
    )
    return (
        test["name"],
        f"{test['starts']} to {test['ends']}",
        split,
        f"{test['effect_on_conversion']:+.0%}",
        f"{test['effect_on_first_year_margin']:+.0%}",
    )


def _runs(days: list[str]) -> str:
    """Days as runs: 2025-09-08 to 2025-09-21."""
    from datetime import date, timedelta

    parsed = [date.fromisoformat(d) for d in days]
    starts = [d for d in parsed if d - timedelta(days=1) not in parsed]
    ends = [d for d in parsed if d + timedelta(days=1) not in parsed]
    return ", ".join(f"{a} to {b}" for a, b in zip(starts, ends, strict=True))


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
