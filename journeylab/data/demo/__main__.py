"""Write a simulated shop: `python -m journeylab.data.demo sample_data` writes the demo store."""

from __future__ import annotations

import argparse
import sys

from journeylab.data.demo import Plan, simulate, write


def main() -> None:
    """Read the command line, simulate and write."""
    parser = argparse.ArgumentParser(prog="python -m journeylab.data.demo", description=__doc__)
    parser.add_argument("folder", help="where to write the files")
    parser.add_argument("--seed", type=int, default=20_260_630, help="another seed, another shop of the same plan")
    parser.add_argument("--customers", type=int, default=None, help="how many customers")
    parser.add_argument("--events", type=int, default=None, help="about how many events, instead of --customers")
    parser.add_argument("--noise", action="store_true", help="a shop with nothing planted in it")
    options = parser.parse_args()
    plan = Plan() if options.customers is None else Plan(customers=options.customers)
    plan = plan if options.events is None else plan.with_events(options.events)
    paths = write(simulate(plan.nothing_planted() if options.noise else plan, options.seed), options.folder)
    sys.stdout.write("".join(f"{path.stat().st_size:>12,}  {name}\n" for name, path in paths.items()))


if __name__ == "__main__":
    main()
