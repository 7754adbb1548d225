"""Who the customers are, and what they are worth."""

from journeylab.customers.persona_count import persona_count
from journeylab.customers.personas import personas
from journeylab.customers.rfm import rfm
from journeylab.customers.rfm_groups import rfm_groups

__all__ = ["persona_count", "personas", "rfm", "rfm_groups"]
