"""What was tried, what it proved, and what to try next."""

from journeylab.growth.aa_replay import aa_replay
from journeylab.growth.experiment import experiment
from journeylab.growth.experiment_segments import experiment_segments
from journeylab.growth.experiment_value import experiment_value
from journeylab.growth.power import power

__all__ = ["aa_replay", "experiment", "experiment_segments", "experiment_value", "power"]
