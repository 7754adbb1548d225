"""What will sell, and what to order."""

from journeylab.operations.demand import demand
from journeylab.operations.explain import explain
from journeylab.operations.outlook import outlook

__all__ = ["demand", "explain", "outlook"]
