"""Who the customers are, and what they are worth."""

from journeylab.customers.audience import audience
from journeylab.customers.closed_loop import closed_loop
from journeylab.customers.closed_loop_effect import closed_loop_effect
from journeylab.customers.cohorts import cohorts
from journeylab.customers.crosswalk import crosswalk
from journeylab.customers.feedback import feedback
from journeylab.customers.holdout import holdout
from journeylab.customers.identity import identity
from journeylab.customers.lifetime_value import lifetime_value
from journeylab.customers.migration import migration
from journeylab.customers.model_fits import model_fits
from journeylab.customers.persona_count import persona_count
from journeylab.customers.persona_map import persona_map
from journeylab.customers.persona_rules import persona_rules
from journeylab.customers.personas import personas
from journeylab.customers.quiet import quiet
from journeylab.customers.response_bias import response_bias
from journeylab.customers.rfm import rfm
from journeylab.customers.rfm_groups import rfm_groups
from journeylab.customers.second_order import second_order
from journeylab.customers.segments import segments
from journeylab.customers.self_check import self_check
from journeylab.customers.support import support
from journeylab.customers.themes import themes
from journeylab.customers.timeline import timeline

__all__ = [
    "audience",
    "closed_loop",
    "closed_loop_effect",
    "cohorts",
    "crosswalk",
    "feedback",
    "holdout",
    "identity",
    "lifetime_value",
    "migration",
    "model_fits",
    "persona_count",
    "persona_map",
    "persona_rules",
    "personas",
    "quiet",
    "response_bias",
    "rfm",
    "rfm_groups",
    "second_order",
    "segments",
    "self_check",
    "support",
    "themes",
    "timeline",
]
