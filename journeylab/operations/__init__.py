"""What will sell, and what to order."""

from journeylab.operations.demand import demand
from journeylab.operations.replenishment import replenishment

__all__ = ["demand", "replenishment"]
