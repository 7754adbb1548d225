"""The stories planted in a simulated shop, each with its parameters and with what was realised."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from journeylab.data.demo import catalog, experiments
from journeylab.data.demo.messages import REMINDER, left_carts
from journeylab.data.demo.orders import out_days
from journeylab.data.demo.plan import CHANNELS, TOUCHPOINTS

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.data.demo.store import Store


def margin_share(store: Store) -> np.ndarray:
    """Margin over net before refunds, by persona."""
    known = store.orders[store.orders["customer"] >= 0]
    sums = known.groupby("persona")[["net_before_refunds", "cost"]].sum().reindex(range(len(store.plan.personas)))
    return np.asarray(1 - sums["cost"] / sums["net_before_refunds"])


def stock_outs(store: Store) -> dict[str, Any]:
    """The lost days of the best-seller, and what was lost on them."""
    best = catalog.number_of(store.products, catalog.BEST_SELLER)
    sold = float(store.lines.loc[store.lines["sku"] == best, "quantity"].sum())
    days = out_days(store.plan)
    return {
        "sku": catalog.BEST_SELLER,
        "days": store.clock.dates(days).tolist(),
        "lost_units_realised": int(store.lost_lines["quantity"].sum()),
        "units_a_day_when_in_stock": sold / (store.plan.days - len(days)),
        "note": "The line is lost from its basket; where it was the only one, the substitute takes its place.",
        "substitute": catalog.SUBSTITUTE,
    }


def promotions(store: Store) -> list[dict[str, Any]]:
    """Each promotion with its lift, and the units sold in it."""
    day = store.clock.day(store.orders["t"].to_numpy())[store.lines["order"]]
    category = store.products["category"].to_numpy()[store.lines["sku"]]
    rows = []
    for promotion in store.plan.promotions:
        first = store.plan.day_ago(promotion.ago)
        if first < 0:
            continue
        inside = (day >= first) & (day < first + promotion.days) & (category == promotion.category)
        starts, ends = store.clock.dates(np.array([first, first + promotion.days - 1]))
        rows.append(
            asdict(promotion) | {"starts": starts, "ends": ends, "units": int(store.lines["quantity"][inside].sum())}
        )
    return rows


def skus(store: Store) -> dict[str, Any]:
    """The SKUs with a story: the best-seller, the new, the intermittent and the overstocked one."""
    plan, lines = store.plan, store.lines
    new = catalog.number_of(store.products, catalog.NEW_SKU)
    hamper = catalog.number_of(store.products, catalog.INTERMITTENT_SKU)
    on_sale = min(plan.new_sku_ago, plan.days)
    return {
        "best_seller": catalog.BEST_SELLER,
        "new": {
            "sku": catalog.NEW_SKU,
            "first_day": store.clock.date_of(plan.days - on_sale).isoformat(),
            "units_a_day_realised": float(lines.loc[lines["sku"] == new, "quantity"].sum()) / on_sale,
        },
        "intermittent": {
            "sku": catalog.INTERMITTENT_SKU,
            "share_of_days_with_demand": plan.intermittent_rate,
            "average_days_between_demands": 1 / plan.intermittent_rate,
            "mean_units_on_such_a_day": plan.intermittent_size,
            "cv2_of_units": (plan.intermittent_size - 1) / plan.intermittent_size**2,
            "days_with_demand_realised": int((lines["sku"] == hamper).sum()),
        },
        "overstocked": {"sku": catalog.OVERSTOCKED_SKU},
    }


def tests(store: Store, values: pd.DataFrame) -> list[dict[str, Any]]:
    """Each test's planted effects, on conversion and on the first year, and its realised counts."""
    plan = store.plan
    share = np.array([p.share for p in plan.personas])
    net = values["net"].reindex(range(len(share))).to_numpy()
    kept = [t for t in plan.tests if plan.day_ago(t.ago) >= 0 and t.days <= t.ago]
    rows = []
    for test, realised in zip(kept, store.realised_tests, strict=True):
        first = plan.day_ago(test.ago)
        converted = store.units[(store.units["experiment"] == test.name) & store.units["converted"]]
        mix = np.bincount(converted["persona"].to_numpy(dtype=int), minlength=len(share)) / max(len(converted), 1)
        starts, ends = store.clock.dates(np.array([first, first + test.days - 1]))
        margin = experiments.expected(test, plan, mix, net * margin_share(store))
        rows.append(
            {
                "name": test.name,
                "starts": starts,
                "ends": ends,
                "unit": "visitor",
                "split": "broken" if test.lost else "fair",
                "lost_share_of_b_without_order": test.lost,
                "effect_on_conversion": margin["conversion_ratio"] - 1,
                "effect_on_first_year_net": experiments.expected(test, plan, mix, net)["value_ratio"] - 1,
                "effect_on_first_year_margin": margin["value_ratio"] - 1,
                "realised": realised,
            }
        )
    return rows


def _nps(scores: np.ndarray) -> float:
    return float(100 * (np.mean(scores >= 9) - np.mean(scores <= 6))) if len(scores) else float("nan")


def feedback(store: Store) -> dict[str, Any]:
    """The scores everyone would give, those given, and the pain of one persona."""
    plan, answers = store.plan, store.surveys
    persona = store.customers["persona"].to_numpy()
    asked = answers[answers["kind"] == "nps"]
    planned = [100 * (p.nps[2] - p.nps[0]) for p in plan.personas]
    written = answers[(answers["comment"] != "") & (answers["touchpoint"] != "delivery")]
    csat = answers[(answers["kind"] == "csat") & (answers["touchpoint"] == "delivery")]
    worst = int(np.argmax([p.delivery_comments for p in plan.personas]))
    return {
        "nps_planned": {p.name: v for p, v in zip(plan.personas, planned, strict=True)},
        "nps_of_all_customers": _nps(store.latent_nps),
        "nps_of_all_customers_by_persona": {
            p.name: _nps(store.latent_nps[persona == i]) for i, p in enumerate(plan.personas)
        },
        "nps_answers": len(asked),
        "nps_of_answers": _nps(asked["score"].to_numpy()),
        "pain": {
            "persona": plan.personas[worst].name,
            "topic": "delivery",
            "touchpoint": TOUCHPOINTS[2],
            "csat_planned": {p.name: p.csat[2] for p in plan.personas},
            "csat_realised": {
                p.name: float(csat.loc[csat["persona"] == i, "score"].astype(float).mean())
                for i, p in enumerate(plan.personas)
            },
            "dispatch_days_planned": {p.name: p.dispatch_days for p in plan.personas},
            "share_of_open_comments_about_delivery_planned": {p.name: p.delivery_comments for p in plan.personas},
            "comments_about_delivery": int(written["about_delivery"].sum()),
        },
        "reward_adds_a_star_with_chance": plan.reward_lift,
    }


def channels(store: Store) -> dict[str, Any]:
    """What each channel truly brought, and what it cost."""
    cost = store.spend.groupby("marketing_channel")["cost"].sum()
    rows: dict[str, dict[str, float | None]] = {}
    for name in CHANNELS:
        removal = store.removal[name]
        paid = float(cost.get(name, 0.0))
        lost = removal["first_orders_lost_without"]
        rows[name] = {
            **removal,
            "cost": paid,
            "cost_per_true_first_order": paid / lost if paid and lost > 0.5 else None,
        }
    return {
        "note": "Touches lead strangers to a cart with probability 1 - prod(1 - effect); returning customers would "
        "have come by any channel. first_orders_lost_without is the true removal effect on first orders.",
        "by_channel": rows,
    }


def reminders(store: Store) -> dict[str, Any]:
    """How many left carts come back with and without a reminder."""
    left = left_carts(store.visits)
    group = store.customers["reminded"].to_numpy()[left["customer"]]
    back = left["recovered"].to_numpy()
    return {
        "campaign": REMINDER,
        "hours_after": 4,
        "recovered_within_hours": 60,
        "recovered_without": store.plan.recovered_alone,
        "recovered_with": store.plan.recovered_reminded,
        "carts_of_known_customers": {"without": int((~group).sum()), "with": int(group.sum())},
        "recovered_realised": {"without": int(back[~group].sum()), "with": int(back[group].sum())},
    }


def messages(store: Store) -> dict[str, Any]:
    """What newsletters do to purchases, by how many are sent a month."""
    plan = store.plan
    best = int(np.argmax(plan.message_effects))
    names = [str(m) for m in plan.messages_a_month]
    return {
        "assigned": "at random among customers who accept marketing",
        "purchase_rate_by_messages_a_month": dict(zip(names, plan.message_effects, strict=True)),
        "open_rate_by_messages_a_month": dict(zip(names, plan.open_rates, strict=True)),
        "best_messages_a_month": plan.messages_a_month[best] if len(set(plan.message_effects)) > 1 else None,
    }
