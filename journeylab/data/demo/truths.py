"""What is true of a simulated shop: its planted parameters, what follows from them, and what was realised.

For tests and for readers of the demo store's README. No analysis reads it.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from journeylab.data.demo import customers, planted
from journeylab.data.demo.catalog import TAX
from journeylab.data.demo.clock import DAY
from journeylab.data.demo.plan import STEPS, Plan
from journeylab.data.demo.visits import CART, PURCHASE, matches

if TYPE_CHECKING:
    from journeylab.data.demo.store import Store

_YEAR = 365 * DAY
#: Size of the shop that expectations without a closed form are taken from.
_LARGE = 60_000


def truths(store: Store, events: dict[str, int]) -> dict[str, Any]:
    """All truths of a shop as plain numbers, lists and texts, ready for JSON."""
    plan = store.plan
    values = values_a_year(plan)
    found = {
        "shop": {
            "seed": store.seed,
            "first_day": plan.start.isoformat(),
            "last_day": plan.until.isoformat(),
            "days": plan.days,
            "time_zone": plan.time_zone,
            "currency": "EUR",
            "tax_in_prices": TAX,
        },
        "counts": _counts(store, events),
        "personas": _personas(store, values),
        "funnel": _funnel(store),
        "leaks": [_leak(store, i) for i in range(len(plan.leaks))],
        "stock_outs": planted.stock_outs(store),
        "seasonality": {
            "weekdays_monday_first": [w / np.mean(plan.weekdays) for w in plan.weekdays],
            "yearly_amplitude": plan.yearly_amplitude,
            "yearly_peak_month_day": list(plan.yearly_peak),
            "formula": "1 + amplitude * cos(2 * pi * (day - peak) / 365.25)",
        },
        "promotions": planted.promotions(store),
        "skus": planted.skus(store),
        "tests": planted.tests(store, values),
        "feedback": planted.feedback(store),
        "channels": planted.channels(store),
        "sales_channels": _sales_channels(store, values),
        "reminders": planted.reminders(store),
        "messages": planted.messages(store),
        "identity": _identity(store),
        "search": {"share_of_searches_without_result": plan.unmet_search_share, "terms": ["decaf", "matcha"]},
        "nothing_planted": ["loyalty_member", "referred_by", "country", "birth_year", "load_ms", "payment_method"],
    }
    rounded: dict[str, Any] = _plain(found)
    return rounded


def _plain(value: Any) -> Any:
    """The same value in Python's own types, numbers to six digits."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float | np.floating):
        return round(float(value), 6) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def values_a_year(plan: Plan) -> pd.DataFrame:
    """Expected orders and net spend in a customer's first year, by persona: from a large shop of the same plan."""
    from journeylab.data.demo.clock import Clock

    large = replace(plan, customers=_LARGE, days=max(plan.days, 730))
    clock = Clock(large)
    people = customers.draw(large, clock, np.random.default_rng(1))
    bought = customers.purchases(large, clock, people, np.random.default_rng(2))
    first = bought.groupby("customer")["t"].transform("min")
    early = bought[(first < clock.seconds - _YEAR) & (bought["t"] < first + _YEAR)]
    early = early.assign(persona=people["persona"].to_numpy()[early["customer"]])
    grouped = early.groupby("persona")
    n = grouped["customer"].nunique()
    kinds = observed_kinds(bought)
    spent = bought.groupby("customer")["target"].sum()
    mean = spent.groupby(kinds).mean()
    out = pd.DataFrame({"orders": grouped.size() / n, "net": grouped["target"].sum() / n})
    out.attrs["both_over_web"] = float(mean.get("both", np.nan) / mean.get("web", np.nan))
    out.attrs["both_over_till"] = float(mean.get("both", np.nan) / mean.get("till", np.nan))
    return out


def observed_kinds(orders: pd.DataFrame) -> pd.Series:
    """Where each customer was seen to buy: web, till or both."""
    share = orders.groupby("customer")["till"].mean()
    return pd.Series(np.select([share == 0, share == 1], ["web", "till"], "both"), index=share.index)


def _known(store: Store) -> pd.DataFrame:
    return store.orders[store.orders["customer"] >= 0]


def _counts(store: Store, events: dict[str, int]) -> dict[str, Any]:
    statuses = pd.concat([store.orders["status"], store.failed_orders["status"]]).value_counts()
    return {
        "customers": len(store.customers),
        "orders": len(store.orders) + len(store.failed_orders),
        "orders_by_status": {str(k): int(v) for k, v in statuses.sort_index().items()},
        "orders_of_guests": int((store.orders["customer"] < 0).sum()),
        "orders_at_the_till": int(store.orders["till"].sum()),
        "order_lines": len(store.lines) + len(store.failed_lines),
        "net": float(store.orders["net"].sum()),
        "visits": len(store.visits),
        "visitors": len(store.visitor_names),
        "events": sum(events.values()),
        "events_by_name": dict(sorted(events.items())),
        "surveys": len(store.surveys),
        "tickets": len(store.tickets),
        "contacts": len(store.sent),
    }


def _personas(store: Store, values: pd.DataFrame) -> dict[str, Any]:
    known = _known(store)
    margin = planted.margin_share(store)
    number = store.customers["persona"].to_numpy()
    rows = []
    for code, persona in enumerate(store.plan.personas):
        orders = known[known["persona"] == code]
        rows.append(
            asdict(persona)
            | {
                "customers": int((number == code).sum()),
                "orders": len(orders),
                "mean_spend_expected": persona.mean_spend,
                "mean_spend_realised": float(orders["net_before_refunds"].mean()),
                "margin_share_realised": float(margin[code]),
                "first_year_orders_expected": float(values["orders"].get(code, np.nan)),
                "first_year_net_expected": float(values["net"].get(code, np.nan)),
            }
        )
    return {
        "unit_of_rates": "weeks",
        "note": "alpha is that of the mean customer; message effects on the rate average to 1. p, q and gamma are "
        "those of customers who buy in one sales channel, net of tax and before refunds.",
        "kinds": rows,
        "of_customer": "".join(np.char.mod("%d", number)),
    }


def _funnel(store: Store) -> dict[str, Any]:
    """Pass rates as planned, without leaks, and as realised by visits."""
    depth = store.visits["depth"].to_numpy()
    reached = {step: int((depth >= i).sum()) for i, step in enumerate(STEPS) if i >= CART}
    return {
        "pass_rates_without_leaks": dict(zip(STEPS[CART + 1 :], store.plan.pass_rates, strict=True)),
        "visits_that_reached": reached,
    }


def _leak(store: Store, number: int) -> dict[str, Any]:
    """A leak with what it costs: attempts times the share lost to it, times the mean margin of a matching order."""
    leak, seen = store.plan.leaks[number], store.visits
    at = STEPS.index(leak.step)
    here = matches(leak, *(seen[c].to_numpy() for c in ("device", "channel", "country")))
    depth = seen["depth"].to_numpy()
    tried = here & (depth >= at - 1)
    base = store.plan.pass_rates[at - CART - 1] if at > CART else 1.0
    bought = seen[here & (depth == PURCHASE)]
    orders = store.orders.iloc[bought["order"].to_numpy()]
    margin = float((orders["net"] - orders["cost"]).mean())
    visitors, passed = seen["visitor"][tried].unique(), seen["visitor"][here & (depth >= at)].unique()
    beyond = float(np.prod([q for i, q in enumerate(store.plan.pass_rates) if CART + 1 + i > at]))
    lost = int(tried.sum()) * base * (1 - leak.factor) * beyond
    lost_visitors = len(visitors) * base * (1 - leak.factor) * beyond
    return asdict(leak) | {
        "pass_rate_without_leak": base,
        "pass_rate_with_leak": base * leak.factor,
        "visits_at_the_step_before": int(tried.sum()),
        "visits_that_passed": int((here & (depth >= at)).sum()),
        "visitors_at_the_step_before": len(visitors),
        "visitors_that_passed": len(passed),
        "mean_margin_of_an_order": margin,
        "orders_lost_expected": lost,
        "margin_at_stake": lost * margin,
        "margin_at_stake_a_year": lost * margin * 365 / store.plan.days,
        "margin_at_stake_by_visitors": lost_visitors * margin,
    }


def _sales_channels(store: Store, values: pd.DataFrame) -> dict[str, Any]:
    known = _known(store)
    spent = known.groupby("customer")["net_before_refunds"].sum()
    mean = spent.groupby(observed_kinds(known)).mean()
    expected = values.attrs
    return {
        "spend_an_order_of_both_over_one": store.plan.both_channels_multiple,
        "value_of_seen_in_both_over_seen_on_web_expected": expected["both_over_web"],
        "value_of_seen_in_both_over_seen_at_till_expected": expected["both_over_till"],
        "value_of_seen_in_both_over_seen_on_web_realised": float(mean.get("both", np.nan) / mean.get("web", np.nan)),
        "customers_seen": {str(k): int(v) for k, v in observed_kinds(known).value_counts().sort_index().items()},
        "note": "Only who orders twice can be seen in both, so the seen multiple is above the planted one.",
    }


def _identity(store: Store) -> dict[str, Any]:
    seen = store.visits
    owned = seen[seen["customer"] >= 0]
    joined = owned[owned["login"] | (owned["order"] >= 0)]
    devices = owned.groupby("customer")["visitor"].nunique()
    return {
        "visitors_of_customers": int(owned["visitor"].nunique()),
        "visitors_that_logged_in_or_ordered": int(joined["visitor"].nunique()),
        "customers_with_several_visitors": int((devices > 1).sum()),
        "customers_never_seen_on_the_web": int(len(store.customers) - len(devices)),
    }
