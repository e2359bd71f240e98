"""The scoring rules of the assessment, written down apart from the project's seeds and SQL.

Points are exact decimals. `NA` is a cell printed as not applicable.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

Group = Literal["A", "B", "county"]
NA = "—"

WEIGHTS: dict[str, dict[str, int]] = {
    "A": {
        "service_items": 22,
        "licenses": 16,
        "efficiency": 14,
        "construction": 10,
        "subsites": 3,
        "supervision": 5,
        "special_work": 30,
    },
    "B": {
        "service_items": 22,
        "licenses": 20,
        "efficiency": 18,
        "subsites": 3,
        "supervision": 5,
        "special_work": 32,
    },
    "county": {
        "service_items": 14,
        "licenses": 16,
        "efficiency": 15,
        "construction": 20,
        "subsites": 4,
        "supervision": 5,
        "special_work": 26,
    },
}

Curve = Callable[[Decimal, Decimal, str], Decimal]


def per_case(maximum: Decimal, value: Decimal, group: str) -> Decimal:
    return maximum - Decimal("0.05") * value


def rate(maximum: Decimal, value: Decimal, group: str) -> Decimal:
    return maximum * value / 100


def reported(maximum: Decimal, value: Decimal, group: str) -> Decimal:
    return value


def full(maximum: Decimal, value: Decimal, group: str) -> Decimal:
    return maximum


def apps(maximum: Decimal, value: Decimal, group: str) -> Decimal:
    if group == "county":
        return Decimal("0.02") * value
    first = min(value, Decimal(2))
    second = min(max(value - 2, Decimal(0)), Decimal(3))
    beyond = max(value - 5, Decimal(0))
    return Decimal("0.03") * first + Decimal("0.01") * second + Decimal("0.001") * beyond


def coverage(maximum: Decimal, value: Decimal, group: str) -> Decimal:
    step = Decimal("0.004") if group == "county" else Decimal("0.006")
    return maximum - step * max(50 - value, Decimal(0))


INDICATORS: dict[str, tuple[str, tuple[int | None, int | None, int | None], Curve]] = {
    "unclaimed_item_count": ("service_items", (0, 0, 0), per_case),
    "unpublished_guide_count": ("service_items", (0, 0, 0), per_case),
    "guide_error_count": ("service_items", (0, 0, 0), per_case),
    "online_offline_mismatch_count": ("service_items", (0, 0, 0), per_case),
    "issuance_rate": ("licenses", (4, 5, 4), rate),
    "backfill_rate": ("licenses", (4, 5, 4), rate),
    "seal_rate": ("licenses", (4, 5, 4), rate),
    "unsealed_new_count": ("licenses", (4, 5, 4), per_case),
    "overdue_case_count": ("efficiency", (5, 6, 5), per_case),
    "negative_review_count": ("efficiency", (5, 6, 5), per_case),
    "rectification_rate": ("efficiency", (4, 6, 5), rate),
    "connected_app_count": ("subsites", (1, 1, 2), apps),
    "app_fault_count": ("subsites", (2, 2, None), per_case),
    "maintenance_issue_count": ("subsites", (None, None, 2), per_case),
    "catalog_completion_rate": ("supervision", (1, 1, None), rate),
    "checklist_completion_rate": ("supervision", (1, 1, None), rate),
    "unclaimed_catalog_count": ("supervision", (None, None, 1), per_case),
    "unpublished_checklist_count": ("supervision", (None, None, 1), per_case),
    "behavior_coverage_rate": ("supervision", (2, 2, 2), coverage),
    "anomaly_resolution_rate": ("supervision", (1, 1, 1), rate),
    "one_thing_published_count": ("special_work", (3, 3, 2), full),
    "window_entry_rate": ("special_work", (3, 3, 2), rate),
    "availability_issue_count": ("special_work", (5, 5, 5), per_case),
    "intra_province_unclaimed_count": ("special_work", (2, 3, 2), per_case),
    "sichuan_chongqing_unclaimed_count": ("special_work", (2, 3, 2), per_case),
    "undertaking_points": ("special_work", (1, 1, 1), reported),
    "policy_count": ("special_work", (1, 1, 1), full),
    "project_guide_count": ("special_work", (1, 1, 1), full),
    "publicity_points": ("special_work", (10, 10, 8), reported),
    "task_points": ("special_work", (2, 2, 2), reported),
    "full_process_points": ("construction", (3, None, 6), reported),
    "mainline_points": ("construction", (3, None, 6), reported),
    "auxiliary_points": ("construction", (3, None, 6), reported),
    "parallel_approval_points": ("construction", (1, None, 2), reported),
}


def maximum(indicator: str, group: str) -> Decimal | None:
    points = INDICATORS[indicator][1][("A", "B", "county").index(group)]
    return None if points is None else Decimal(points)


def points(indicator: str, group: str, text: str) -> Decimal:
    """Points of a cell as written in a monthly file."""
    most = maximum(indicator, group)
    assert most is not None
    if text == NA:
        return most
    earned = INDICATORS[indicator][2](most, Decimal(text.removesuffix("%")), group)
    return min(earned, most) if most == 0 else min(max(earned, Decimal(0)), most)


def dimension_scores(group: str, cells: dict[str, str]) -> dict[str, Decimal]:
    """Score of every dimension from a unit's cells by indicator."""
    scores = {dimension: Decimal(weight) for dimension, weight in WEIGHTS[group].items()}
    for indicator, text in cells.items():
        most = maximum(indicator, group)
        if most is not None:
            scores[INDICATORS[indicator][0]] -= most - points(indicator, group, text)
    return {dimension: max(score, Decimal(0)) for dimension, score in scores.items()}
