"""Who the customers are, and what they are worth."""

from journeylab.customers.cohorts import cohorts
from journeylab.customers.holdout import holdout
from journeylab.customers.lifetime_value import lifetime_value
from journeylab.customers.quiet import quiet
from journeylab.customers.rfm import rfm
from journeylab.customers.second_order import second_order
from journeylab.customers.self_check import self_check

__all__ = ["cohorts", "holdout", "lifetime_value", "quiet", "rfm", "second_order", "self_check"]
