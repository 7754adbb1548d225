"""What was tried, what it proved, and what to try next."""

from journeylab.growth.experiment import experiment
from journeylab.growth.power import power

__all__ = ["experiment", "power"]
