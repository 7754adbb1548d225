"""What will sell, and what to order."""

from journeylab.operations.basket import basket
from journeylab.operations.demand import demand
from journeylab.operations.explain import explain
from journeylab.operations.one_off import one_off
from journeylab.operations.outlook import outlook
from journeylab.operations.policy_replay import policy_replay
from journeylab.operations.replenishment import replenishment
from journeylab.operations.seasonal_plan import seasonal_plan

__all__ = [
    "basket",
    "demand",
    "explain",
    "one_off",
    "outlook",
    "policy_replay",
    "replenishment",
    "seasonal_plan",
]
