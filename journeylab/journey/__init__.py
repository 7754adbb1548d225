"""How visitors move towards a purchase, and where they leave."""

from journeylab.journey.funnel import funnel

__all__ = ["funnel"]
