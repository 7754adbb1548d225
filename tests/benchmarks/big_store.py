"""How much memory it takes to simulate a store of ten million events, and to read its exports.

    python tests/benchmarks/big_store.py [--events 10_000_000] [--folder …]

Each of the two runs in a process of its own; what is printed is the peak of its resident memory, which shall stay
under 2 GB, and how many rows came through. The files, some 300 MB, are deleted afterwards.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 2 * 10**9

#: Linux counts the peak in KiB, a Mac in bytes.
PEAK = "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)"
SIMULATE = f"""
import json, resource, sys, time
from journeylab.data.demo import Plan, simulate, write
start = time.perf_counter()
write(simulate(Plan().with_events(int(sys.argv[2]))), sys.argv[1])
print(json.dumps({{"peak": {PEAK}, "seconds": time.perf_counter() - start}}))
"""
READ = f"""
import json, resource, sys, time
from pathlib import Path
import journeylab as jl
from journeylab.data.demo.opening import FILES
start = time.perf_counter()
folder = Path(sys.argv[1])
shop = jl.read(*(folder / name for name in FILES), time_zone="Europe/Berlin", root=folder)
seconds = time.perf_counter() - start
counts = {{name: int(shop.run(shop.tables[name].count().as_table()).iloc[0, 0]) for name in sorted(shop.tables)}}
said = jl.overview(shop).headline()
print(json.dumps({{"peak": {PEAK}, "seconds": seconds, "rows": counts, "said": said}}))
shop.close()
"""


def run(script: str, *arguments: str) -> dict:
    """Run a script in a process of its own and return what it printed."""
    command = [sys.executable, "-c", script, *arguments]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def main() -> None:
    """Simulate, read, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=lambda text: int(text.replace("_", "")), default=10_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where to put the files; a temporary folder if none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        made = run(SIMULATE, folder, str(options.events))
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        read = run(READ, folder)
    print(f"{read['rows']['events']:,} events, {read['rows']['orders']:,} orders, {size / 10**6:,.0f} MB of exports")
    print(read["said"])
    for what, found in (("simulating", made), ("reading", read)):
        verdict = "under" if found["peak"] < LIMIT else "OVER"
        print(f"{what:<10} peak {found['peak'] / 10**9:.2f} GB ({verdict} 2 GB), {found['seconds']:.0f} s")


if __name__ == "__main__":
    main()
