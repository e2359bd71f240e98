"""How long a refresh takes by phase, and how that compares with its SQL run by DuckDB alone.

Refreshes the checkout in the current folder several times, then replays the statements of the last
build (seeds, models, data tests, in dbt's order) in a fresh database without dbt. The newest month
is exported each time; its expectations are kept, as they are when nothing has changed. Prints
seconds (minimum, median, maximum) and ratios of the medians; machines differ, so trust the ratios.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="refreshes to time")
    runs = parser.parse_args().runs
    _refresh()  # warms the parse cache and the file system
    phases: dict[str, list[float]] = {}
    for _ in range(runs):
        begun = time.perf_counter()
        for phase, seconds in _refresh().items():
            phases.setdefault(phase, []).append(seconds)
        phases.setdefault("whole process", []).append(time.perf_counter() - begun)
    statements = list(_statements(Path("target/release")))
    alone = [_replay(statements) for _ in range(runs)]
    for phase, taken in [*phases.items(), ("SQL alone", alone)]:
        low, middle, high = min(taken), statistics.median(taken), max(taken)
        print(f"{phase:>16}  {low:6.2f}  {middle:6.2f}  {high:6.2f} s")
    share = statistics.median(phases["export"]) / statistics.median(phases["build and test"])
    print(f"the export of a month takes {share:.2f} times as long as build and test")
    ratio = statistics.median(phases["build and test"]) / statistics.median(alone)
    print(
        f"build and test takes {ratio:.1f} times as long as its {len(statements)} statements alone"
    )


def _refresh() -> dict[str, float]:
    for manifest in sorted(Path("exports").glob("????-??/manifest.json"))[-1:]:
        manifest.unlink()  # so that this month is written again
    program = Path(sys.executable).with_name("ywtb")
    done = subprocess.run(  # noqa: S603 (our own command)
        [program, "refresh", "--json"], stdout=subprocess.PIPE, check=True
    )
    seconds: dict[str, float] = json.loads(done.stdout)["seconds"]
    return seconds


def _statements(target: Path) -> list[str]:
    """What the last build ran: schemas, then each node as one or two statements."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    nodes: list[dict[str, Any]] = [
        manifest["nodes"][result["unique_id"]] | {"compiled": result["compiled_code"]}
        for result in results
        if result["unique_id"].split(".")[0] in ("seed", "model", "test")
    ]
    schemas = sorted({node["schema"] for node in nodes if node["resource_type"] != "test"})
    statements = [f'create schema "{schema}"' for schema in schemas]
    for node in nodes:
        relation = f'"{node["schema"]}"."{node["alias"]}"'
        if node["resource_type"] == "seed":
            types = node["config"]["column_types"]
            with Path(node["original_file_path"]).open(encoding="utf-8") as file:
                names = file.readline().strip().split(",")
            columns = ", ".join(f'"{name}" {types.get(name, "varchar")}' for name in names)
            statements.append(f"create table {relation} ({columns})")
            statements.append(
                f"copy {relation} from '{node['original_file_path']}' (format csv, header true)"
            )
        elif node["resource_type"] == "model":
            kind = node["config"]["materialized"]
            statements.append(f"create {kind} {relation} as {node['compiled']}")
        else:
            statements.append(node["compiled"])
    return statements


def _replay(statements: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with duckdb.connect(str(Path(folder) / "ywtb.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement).fetchall()
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
