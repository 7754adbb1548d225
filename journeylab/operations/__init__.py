"""What will sell, and what to order."""

from journeylab.operations.demand import demand
from journeylab.operations.explain import explain
from journeylab.operations.interest import interest
from journeylab.operations.outlook import outlook
from journeylab.operations.returns import returns

__all__ = ["demand", "explain", "interest", "outlook", "returns"]
