"""How long a nation's quarter takes, by stage, and how that grows.

Each line is one process of `acsi-sem run` on two cores, from a simulated survey to the site. Memory
is what the process and its workers hold together at most, shared pages counted once.

    python -m benchmarks.national [--quick]
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

OUT = Path(__file__).with_suffix(".csv")
PERIOD = "2026Q3"
COMMAND = [sys.executable, "-m", "acsi_sem"]


@dataclass(frozen=True, slots=True)
class Case:
    """One size."""

    companies: int = 400
    interviews: int = 250
    replicates: int = 2000
    full: bool = False
    jobs: int = 2


SMALL = Case(companies=100)
CASES = (
    Case(),
    Case(full=True),
    *(replace(SMALL, companies=number) for number in (50, 100, 200)),
    *(replace(SMALL, interviews=number) for number in (125, 500)),
    *(replace(SMALL, replicates=number) for number in (500, 1000)),
    replace(SMALL, jobs=1),
)


def processes(root: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    pending = [root]
    while pending:
        yield (one := pending.pop())
        pending += parents.get(one, [])


def held(root: int) -> float:
    """Return the proportional set size of a process and its descendants, in MB."""
    total = 0
    for one in processes(root):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found[1]) if found else 0
    return total / 1024


def measured(command: list[str]) -> tuple[float, float, str]:
    """Run a command; return seconds, most memory in MB, and what it said on standard error."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        most, ended = 0.0, threading.Event()

        def watch() -> None:
            nonlocal most
            while not ended.wait(0.5):
                most = max(most, held(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        said = process.communicate()[1].decode()
        ended.set()
        watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    return time.perf_counter() - begin, most, said


def stages(said: str) -> dict[str, float]:
    """Read the stages that `acsi-sem run` tells."""
    line = next((line.split("time: ")[1] for line in said.splitlines() if "time: " in line), "")
    return {name.strip(): float(s) for name, s in re.findall(r"([^,:]+) ([\d.]+) s", line)}


def run(case: Case, folder: Path) -> dict[str, object]:
    """Simulate and run one size."""
    industries, sectors = max(case.companies // 9, 2), min(10, max(case.companies // 9, 2))
    sizes = {
        "companies": case.companies,
        "interviews": case.interviews,
        "industries": 43 if case.companies == 400 else industries,
        "sectors": sectors,
    }
    options = [part for name, size in sizes.items() for part in (f"--{name}", str(size))]
    simulate = ["simulate", "--nation", "--out", str(folder), "--first", PERIOD, "--quarters", "1"]
    simulated, _, _ = measured([*COMMAND, *simulate, "--no-truth", *options])
    study = folder / "study.yaml"
    text = study.read_text(encoding="utf-8")
    replicates = f"replicates: {case.replicates}"
    study.write_text(text.replace("replicates: 2000", replicates), encoding="utf-8")
    command = [*COMMAND, "run", str(study), "--period", PERIOD, "--jobs", str(case.jobs)]
    seconds, most, said = measured([*command, *(["--full"] if case.full else [])])
    split = stages(said)
    return {
        "companies": case.companies,
        "interviews": case.interviews,
        "replicates": case.replicates,
        "covariance_replicates": case.replicates if case.full else 0,
        "processes": case.jobs,
        "simulate_s": round(simulated, 1),
        "run_s": round(seconds, 1),
        "companies_s": split.get("companies", 0.0),
        "roll_up_s": split.get("roll-up", 0.0),
        "tables_s": split.get("tables", 0.0),
        "pages_s": split.get("pages", 0.0),
        "memory_mb": round(most),
    }


def main() -> None:
    """Run every size, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="The first size alone.")
    cases = CASES[:1] if parser.parse_args().quick else CASES
    rows = []
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(run(case, Path(folder)))
        print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
