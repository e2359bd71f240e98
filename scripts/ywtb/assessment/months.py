"""Months: which can be assessed, and how far each has come.

A month can be assessed from when rules are in force, and once it has begun. It is `collecting`
while its files come in, `draft` when it is whole and open to objections, `final` once published;
`seeds/reference/months.csv` says so.
"""

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal, get_args

from ywtb.assessment.seed_rows import write_rows
from ywtb.project import Project, SettingsError

Stage = Literal["collecting", "draft", "final"]
SEED, CALENDAR = "reference/months", "reference/publication_calendar"

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
    first = first_month(project)
    if label < first:
        return f"不早于 {first}，考核规则从那时起才有"
    today = date.today()
    last = f"{today.year + years_ahead}-{today:%m}"
    if label > last:
        return f"不晚于{'' if years_ahead else '本月'} {last}（若电脑日期有误，请先校正）"
    return None


def first_month(project: Project) -> str:
    """The first month in which rules are in force, such as 2023-01.

    Raises:
        SettingsError: a seed of the rules that cannot be read.
    """
    return max(_first_day(project, seed) for seed in RULE_SEEDS)[:7]


def _first_day(project: Project, seed: str) -> str:
    try:
        return min((row["valid_from"] for row in project.reference(seed)), default="")
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"seeds/reference/{seed}.csv 无法读取：{error}") from error


@dataclass(frozen=True)
class MonthState:
    """How far a month has come; one of which nothing is said is a draft.

    Attributes:
        month: such as 2023-07.
        stage: collecting, draft or final.
        objections_until: last day on which units may object to the draft.
        published_on: day on which it was made final.
    """

    month: str
    stage: Stage = "draft"
    objections_until: date | None = None
    published_on: date | None = None

    @classmethod
    def of(cls, texts: Mapping[str, str | None]) -> "MonthState":
        """The state that texts by field name say.

        Raises:
            ValueError: a month, a stage or a date that is none.
        """
        month, stage = str(texts["month"]), texts["stage"]
        date.fromisoformat(f"{month}-01")
        if stage not in get_args(Stage):
            raise ValueError(f"“{stage}”应为 {'、'.join(get_args(Stage))}")
        until, on = (
            date.fromisoformat(text) if (text := texts[name]) else None
            for name in ("objections_until", "published_on")
        )
        return cls(month, stage, until, on)  # type: ignore[arg-type]


def month_states(project: Project) -> dict[str, MonthState]:
    """States by month such as 2023-07, oldest first: months of the seed and those that are built.

    Raises:
        SettingsError: the seed or dbt_project.yml cannot be read.
    """
    listed = (month.replace("_", "-") for month in project.score_months())
    states = {month: MonthState(month) for month in listed}
    try:
        for row in project.seed(SEED):
            state = MonthState.of({**row, "month": row["score_month"].removesuffix("-01")})
            states[state.month] = state
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise SettingsError(f"seeds/{SEED}.csv 无法读取：{error}") from error
    return dict(sorted(states.items()))


def planned_days(project: Project) -> dict[str, date]:
    """Days on which months are planned to be published, by month such as 2023-07, oldest first.

    Raises:
        SettingsError: the seed cannot be read.
    """
    try:
        days = {
            row["score_month"].removesuffix("-01"): date.fromisoformat(row["planned_on"])
            for row in project.seed(CALENDAR)
        }
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise SettingsError(f"seeds/{CALENDAR}.csv 无法读取：{error}") from error
    return dict(sorted(days.items()))


def write_state(project: Project, month: str, state: MonthState | None) -> None:
    """Say how far a month has come, or nothing any more."""
    rows = {row["score_month"]: row for row in project.seed(SEED)}
    row = rows.pop(f"{month}-01", {})
    if state is not None:
        said = {name: "" if each is None else str(each) for name, each in asdict(state).items()}
        del said["month"]
        rows[f"{month}-01"] = {**row, **said, "score_month": f"{month}-01"}
    write_rows(project, SEED, [row for _, row in sorted(rows.items())])
