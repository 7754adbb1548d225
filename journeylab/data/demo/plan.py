"""What is planted in a simulated shop: every parameter of the generating process, with the demo store's values.

A plan is frozen: `dataclasses.replace` gives another shop, `Plan.nothing_planted()` the same shop with no story in
it. Days are counted back from the last day (`ago=1` is the last day), so that a shorter store keeps what still fits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from journeylab import checks

#: What a visit does, in order; a visit's depth is the index of the last of these it reached.
STEPS = (
    "page_view",
    "view_item",
    "add_to_cart",
    "begin_checkout",
    "add_shipping_info",
    "add_payment_info",
    "purchase",
)
DEVICES = ("desktop", "mobile", "tablet")
COUNTRIES = ("DE", "AT", "CH")
CHANNELS = ("Direct", "Organic Search", "Paid Search", "Paid Social", "Affiliates", "Referral", "Email")
CATEGORIES = ("Coffee", "Tea", "Ceramics", "Textiles", "Gifts")
TOUCHPOINTS = ("website", "checkout", "delivery", "product", "support")


@dataclass(frozen=True)
class Persona:
    """A kind of customer.

    Purchases follow BG/NBD in weeks: a rate from Gamma(r, alpha), and after each repeat purchase a dropout with a
    probability from Beta(a, b). Spend an order, net of tax and before refunds, follows Gamma-Gamma: Gamma(p, v) with
    v from Gamma(q, gamma), mean p * gamma / (q - 1).
    """

    name: str
    share: float
    r: float
    alpha: float
    a: float
    b: float
    p: float
    q: float
    gamma: float
    categories: tuple[float, ...]
    devices: tuple[float, ...]
    channels: tuple[float, ...]
    discounted: float = 0.06
    returned: float = 0.02
    sales_channels: tuple[float, float, float] = (0.85, 0.05, 0.10)  # web only, till only, both
    nps: tuple[float, float, float] = (0.12, 0.33, 0.55)  # detractors, passives, promoters
    csat: tuple[float, ...] = (4.3, 4.3, 4.3, 4.3, 4.3)  # mean score of 1 to 5 at each of TOUCHPOINTS
    delivery_comments: float = 0.08
    delivery_tickets: float = 0.02
    dispatch_days: float = 1.3
    loyalty: float = 0.2

    @property
    def mean_spend(self) -> float:
        """Expected net spend of an order, before refunds."""
        return self.p * self.gamma / (self.q - 1)


REGULARS = Persona(
    name="regulars", share=0.30, r=1.6, alpha=18.0, a=1.0, b=4.0, p=8.0, q=8.0, gamma=24.0,
    categories=(0.66, 0.28, 0.02, 0.02, 0.02), devices=(0.50, 0.45, 0.05),
    channels=(0.16, 0.38, 0.18, 0.08, 0.02, 0.18, 0.00), sales_channels=(0.76, 0.06, 0.18), loyalty=0.5,
)  # fmt: skip
GIFTERS = Persona(
    name="gifters", share=0.28, r=1.4, alpha=48.0, a=1.3, b=2.4, p=5.0, q=7.0, gamma=100.0,
    categories=(0.03, 0.04, 0.05, 0.03, 0.85), devices=(0.82, 0.12, 0.06),
    channels=(0.14, 0.30, 0.34, 0.08, 0.06, 0.08, 0.00), sales_channels=(0.90, 0.03, 0.07), loyalty=0.1,
    nps=(0.44, 0.32, 0.24), csat=(4.2, 4.2, 2.6, 4.2, 4.0), delivery_comments=0.70, delivery_tickets=0.14,
    dispatch_days=4.5,
)  # fmt: skip
HUNTERS = Persona(
    name="hunters", share=0.27, r=1.5, alpha=30.0, a=1.0, b=2.5, p=6.0, q=8.0, gamma=37.0,
    categories=(0.04, 0.05, 0.03, 0.84, 0.04), devices=(0.06, 0.91, 0.03),
    channels=(0.08, 0.14, 0.18, 0.38, 0.18, 0.04, 0.00), discounted=0.93, returned=0.10,
    sales_channels=(0.88, 0.03, 0.09), loyalty=0.1,
)  # fmt: skip
COLLECTORS = Persona(
    name="collectors", share=0.15, r=2.0, alpha=36.0, a=0.9, b=5.0, p=6.0, q=6.0, gamma=116.0,
    categories=(0.02, 0.03, 0.88, 0.05, 0.02), devices=(0.34, 0.12, 0.54),
    channels=(0.22, 0.34, 0.12, 0.10, 0.02, 0.20, 0.00), sales_channels=(0.56, 0.10, 0.34), loyalty=0.45,
    nps=(0.08, 0.24, 0.68),
)  # fmt: skip
EVERYONE = Persona(
    name="everyone", share=1.0, r=1.5, alpha=22.0, a=1.0, b=4.5, p=6.0, q=7.0, gamma=55.0,
    categories=(0.2, 0.2, 0.2, 0.2, 0.2), devices=(0.45, 0.45, 0.10),
    channels=(0.16, 0.28, 0.20, 0.16, 0.08, 0.12, 0.00),
)  # fmt: skip


@dataclass(frozen=True)
class Leak:
    """A step that matching visits pass less often: its pass rate is multiplied by `factor`."""

    step: str = "purchase"
    factor: float = 0.72
    device: str | None = "mobile"
    channel: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class StockOut:
    """Days on which the best-seller is out of stock."""

    ago: int
    days: int


@dataclass(frozen=True)
class Promotion:
    """Days on which a category is cheaper, and `lift` times as many units of it are sold in an order."""

    name: str
    ago: int
    days: int
    category: str = "Ceramics"
    discount: float = 0.20
    lift: float = 1.8


@dataclass(frozen=True)
class ABTest:
    """A test on visitors: B's conversion is `effect` above A's, and of each persona `mix` times as many.

    `lost` is the share of visitors of B without an order who are missing from the file: a broken split. With
    `new_only` the test takes visitors who had not ordered before.
    """

    name: str
    ago: int
    days: int
    effect: float = 0.0
    mix: tuple[float, ...] = ()
    lost: float = 0.0
    new_only: bool = False


@dataclass(frozen=True)
class Plan:
    """A shop to simulate. `touch_effects` and the personas' `channels` follow the order of CHANNELS."""

    customers: int = 6_000
    days: int = 730
    until: date = date(2026, 6, 30)
    time_zone: str = "Europe/Berlin"
    personas: tuple[Persona, ...] = (REGULARS, GIFTERS, HUNTERS, COLLECTORS)

    # when people buy
    weekdays: tuple[float, ...] = (1.00, 0.90, 0.90, 0.95, 1.05, 0.90, 1.30)  # Monday to Sunday
    yearly_amplitude: float = 0.15
    yearly_peak: tuple[int, int] = (12, 5)  # month and day

    # how visits go: from cart to checkout, to shipping, to payment, to purchase
    touch_effects: tuple[float, ...] = (0.05, 0.16, 0.09, 0.13, 0.03, 0.24, 0.05)
    returning_interest: float = 0.40
    pass_rates: tuple[float, float, float, float] = (0.62, 0.86, 0.93, 0.94)
    leaks: tuple[Leak, ...] = (Leak(),)
    search_share: float = 0.22
    unmet_search_share: float = 0.12
    login_share: float = 0.65
    other_device_share: float = 0.20

    # what is sold
    stock_outs: tuple[StockOut, ...] = (StockOut(ago=296, days=14), StockOut(ago=141, days=9))
    promotions: tuple[Promotion, ...] = (
        Promotion("Ceramics days, autumn 2024", ago=626, days=10),
        Promotion("Ceramics days, spring 2025", ago=453, days=10),
        Promotion("Ceramics days, autumn 2025", ago=261, days=10),
        Promotion("Ceramics days, spring 2026", ago=89, days=10),
    )
    new_sku_ago: int = 91
    intermittent_rate: float = 0.07  # share of days with a sale
    intermittent_size: float = 4.0  # mean units on such a day
    guest_share: float = 0.06
    failed_order_share: float = 0.02
    both_channels_multiple: float = 1.5  # spend an order of those who use web and till, over those who use one

    # tests
    tests: tuple[ABTest, ...] = (
        ABTest("Welcome discount", ago=512, days=98, mix=(1.20, 1.00, 6.00, 0.25), new_only=True),
        ABTest("Shipping fee shown early", ago=288, days=49, effect=0.30),
        ABTest("Larger product photos", ago=169, days=42),
        ABTest("Shorter checkout form", ago=92, days=42, lost=0.12),
    )

    # messages: how often a month, and what that does to the purchase rate
    consent_share: float = 0.65
    messages_a_month: tuple[int, ...] = (0, 1, 2, 4)
    message_effects: tuple[float, ...] = (1.00, 1.15, 1.25, 0.85)
    open_rates: tuple[float, ...] = (0.0, 0.46, 0.42, 0.30)
    recovered_alone: float = 0.08
    recovered_reminded: float = 0.16

    # feedback
    response_rate: float = 0.35
    reward_lift: float = 0.35  # chance that a rewarded answer has one star more

    cost_a_click: dict[str, float] = field(
        default_factory=lambda: {"Paid Search": 0.55, "Paid Social": 0.38, "Affiliates": 0.30}
    )

    def __post_init__(self) -> None:
        checks.whole(self.customers, "customers", lowest=10)
        checks.whole(self.days, "days", lowest=28)

    @property
    def start(self) -> date:
        """The first day."""
        return self.until - timedelta(days=self.days - 1)

    def day_ago(self, ago: int) -> int:
        """The index of the day that is `ago` days before the end, 0 being the first; negative if before it."""
        return self.days - ago

    def nothing_planted(self) -> Plan:
        """The same shop without any story: one kind of customer, no season, no leak, no effect of anything."""
        flat = sum(self.touch_effects[:-1]) / (len(self.touch_effects) - 1)
        alone = self.recovered_alone
        return replace(
            self,
            personas=(EVERYONE,),
            weekdays=(1.0,) * 7,
            yearly_amplitude=0.0,
            touch_effects=(flat,) * len(CHANNELS),
            leaks=(),
            unmet_search_share=0.0,
            stock_outs=(),
            promotions=tuple(replace(p, lift=1.0) for p in self.promotions),
            both_channels_multiple=1.0,
            tests=tuple(replace(t, effect=0.0, mix=(), lost=0.0) for t in self.tests),
            message_effects=(1.0,) * len(self.message_effects),
            open_rates=(0.0, *(0.4 for _ in self.open_rates[1:])),
            recovered_reminded=alone,
            reward_lift=0.0,
        )

    def with_events(self, events: int) -> Plan:
        """The same shop with as many customers as make about that number of events."""
        return replace(self, customers=max(10, round(events / EVENTS_A_CUSTOMER)))


#: Events the demo store has per customer, measured: what `with_events` divides by.
EVENTS_A_CUSTOMER = 92
