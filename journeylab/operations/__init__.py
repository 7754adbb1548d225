"""What will sell, and what to order."""

from journeylab.operations.demand import demand

__all__ = ["demand"]
