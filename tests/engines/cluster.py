"""A Spark cluster of this machine: a standalone master and two workers from the pyspark wheel, on 127.0.0.1."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKERS = 2
#: Programs that live for a minute start faster without the optimising compiler.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_WAIT_SECONDS = 90


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start a cluster whose files are in `folder`, yield its URL, and end its processes."""
    import pyspark

    home = os.path.dirname(pyspark.__file__)  # noqa: PTH120 - it goes into the environment
    environment = {
        **os.environ,
        "SPARK_HOME": home,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": JAVA_OPTIONS,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_WORKER_DIR": str(folder / "work"),
        "PYSPARK_PYTHON": sys.executable,
    }
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, kind: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        command = [f"{home}/bin/spark-class", f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1"]
        command += ["--port", "0", "--webui-port", "0", *arguments]
        with log.open("wb") as out:
            running.append(
                subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            )
        return log

    try:
        master = start("master", "master.Master")
        url = _wait_for(master, r"Starting Spark master at (spark://\S+)", running)
        logs = [
            start(f"worker{n}", "worker.Worker", "--cores", "1", "--memory", "1g", url) for n in range(1, WORKERS + 1)
        ]
        for log in logs:
            _wait_for(log, r"Successfully registered with master (\S+)", running)
        yield url
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(log: Path, pattern: str, running: list[subprocess.Popen[bytes]]) -> str:
    """Return the first group of `pattern` once the log shows it; RuntimeError with the log's end if it never does."""
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until and all(process.poll() is None for process in running):
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"Spark did not start. {log.name}:\n{log.read_text(errors='replace')[-3000:]}")
