"""Who the customers are, and what they are worth."""

from journeylab.customers.audience import audience
from journeylab.customers.crosswalk import crosswalk
from journeylab.customers.migration import migration
from journeylab.customers.persona_count import persona_count
from journeylab.customers.persona_map import persona_map
from journeylab.customers.persona_rules import persona_rules
from journeylab.customers.personas import personas
from journeylab.customers.rfm import rfm
from journeylab.customers.rfm_groups import rfm_groups
from journeylab.customers.segments import segments

__all__ = [
    "audience",
    "crosswalk",
    "migration",
    "persona_count",
    "persona_map",
    "persona_rules",
    "personas",
    "rfm",
    "rfm_groups",
    "segments",
]
