"""Who the customers are, and what they are worth."""

from journeylab.customers.rfm import rfm
from journeylab.customers.rfm_groups import rfm_groups

__all__ = ["rfm", "rfm_groups"]
