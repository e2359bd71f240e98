"""A made-up city over 24 months, in which rules, maxima, weights and indicators change.

Its units move between groups as it is; the first half year is that of the printed bulletin.
"""

import random
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

from conftest import Sandbox, copy_project

FILES = Path(__file__).parent / "files"
EXAMPLES = ("indicator_targets", "streak_rules")
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)]


def build(root: Path) -> None:
    """Build it with the example rules and targets of `files`."""
    sandbox = copy_project(root)
    size = ("--cities", "1", "--months", "24", "--seed", "5", "--first-month", MONTHS[0])
    done = sandbox.run("synth", *size, "--out", "made", "--quiet")
    assert done.returncode == 0, done.stderr
    shutil.copytree(root / "made" / "seeds", root / "seeds", dirs_exist_ok=True)
    for seed in EXAMPLES:
        shutil.copy(FILES / f"{seed}.csv", root / "seeds" / "reference")
    sandbox.list_months(*(month.replace("-", "_") for month in MONTHS), stage="draft")
    chance = random.Random(5)
    for day in sorted(f"{month}-01" for month in chance.sample(MONTHS[6:], 12)):
        change_rules(sandbox, chance, day)
    sandbox.build()


def change_rules(sandbox: Sandbox, chance: random.Random, day: str) -> None:
    """From a month on another coefficient, points moved, one indicator more or less."""

    def in_force(seed: str, key: str) -> dict[str, dict[str, str]]:
        rows = sorted(sandbox.reference(seed), key=lambda row: row["valid_from"])
        return {row[key]: row for row in rows if row["group_code"] == group}

    def append(seed: str, row: dict[str, str], **changed: str) -> None:
        line = {**row, **changed, "valid_from": day}
        sandbox.append(f"reference/{seed}", ",".join(line.values()))

    rules = sandbox.reference("scoring_rules")
    rule = chance.choice([row for row in rules if row["slope_points"] == "-0.05"])
    slope = f"0.{chance.randint(6, 40):02d}"
    text = rule["rule_text"].replace("0.05", slope)
    append("scoring_rules", rule, slope_points=f"-{slope}", rule_text=text)

    group = chance.choice(["A", "B", "county"])
    indicators = in_force("group_indicators", "indicator_code")
    weights = in_force("dimension_weights", "dimension_code")
    dimensions = {row["indicator_code"]: row["dimension_code"]
                  for row in sandbox.reference("indicators")}  # fmt: skip
    less, more = chance.sample(
        [code for code, row in indicators.items() if Decimal(row["max_points"] or 0) >= 2], 2
    )
    moved: Counter[str] = Counter()
    for code, change in ((less, -1), (more, 1)):
        row = indicators[code]
        append("group_indicators", row, max_points=str(Decimal(row["max_points"]) + change))
        moved[dimensions[code]] += change
    for code, change in moved.items():
        row = weights[code]
        append("dimension_weights", row, weight=str(Decimal(row["weight"]) + change))

    # One that only takes points from its dimension's pool takes none from now on, or does again.
    pool = {rule["rule_id"] for rule in rules if rule["rule_kind"] == "pool_deduction"}
    row = chance.choice([row for code, row in indicators.items() if code in pool])
    now, points = ("", "") if row["rule_id"] else (row["indicator_code"], "0")
    append("group_indicators", row, rule_id=now, max_points=points)
