"""Which months can be assessed: those that rules are in force in and that have begun."""

import csv
from datetime import date

from ywtb.project import Project, SettingsError

RULE_SEEDS = ("units", "group_indicators", "dimension_weights", "scoring_rules")
"""Seeds without which nobody can be scored; each row has its first month as `valid_from`."""


def expected_month(project: Project, month: str, years_ahead: int = 0) -> str | None:
    """What is expected instead of a month that cannot be assessed, in Chinese; None for others.

    Args:
        project: the checkout, whose seeds say since when there are rules.
        month: such as 2023-07 or 2023_07.
        years_ahead: how long before its beginning the month may be asked for.

    Raises:
        SettingsError: a seed of the rules that cannot be read.
    """
    label = month.replace("_", "-")
    first = max(_first_day(project, seed) for seed in RULE_SEEDS)[:7]
    if label < first:
        return f"不早于 {first}，考核规则从那时起才有"
    today = date.today()
    last = f"{today.year + years_ahead}-{today:%m}"
    if label > last:
        return f"不晚于{'' if years_ahead else '本月'} {last}（若电脑日期有误，请先校正）"
    return None


def _first_day(project: Project, seed: str) -> str:
    try:
        return min((row["valid_from"] for row in project.reference(seed)), default="")
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"seeds/reference/{seed}.csv 无法读取：{error}") from error
