"""Who the customers are, and what they are worth."""

from journeylab.customers.rfm import rfm

__all__ = ["rfm"]
