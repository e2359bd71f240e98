"""The command `ywtb calibrate`."""

from collections.abc import Iterator
from typing import Any

import typer

from ywtb.assessment.figures import plain_figure, points
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    find_project,
    month_in_memory,
    print_json,
    published,
    published_months,
    stop,
    valid_month,
)


def calibrate(month: MonthOption = None, as_json: JsonOption = False) -> None:
    """通报没有写明的系数可取多少，所印得分才都不变；逐月核对现值。

    只在内存中计算，什么也不改动。不写月份时，核对印有得分的各月。

    例：ywtb calibrate --month 2023-06
    """
    from ywtb.release import calibrate as calibration

    project = find_project()
    wanted = valid_month(month)
    with published(project) as release:
        published_months(release, wanted)
        months = calibration.months_with_scores(release)
    if wanted and wanted not in months:
        stop(f"{wanted} 没有所印得分可以核对，有的月份：{'、'.join(months) or '无'}", 2)
    found = []
    for name in [wanted] if wanted else months:
        with month_in_memory(project, name) as replayed:
            replayed.run()
            found.append(calibration.calibrate(replayed))
    if as_json:
        print_json([row for each in found for row in each.coefficients])
        return
    for each in found:
        for line in _lines(each):
            typer.echo(line)


def _lines(found: Any) -> Iterator[str]:
    from ywtb.release.calibrate import VERDICTS, range_text

    yield f"{found.month} 推得或假定的系数，在此范围内所印得分和名次都不变："
    told = [row for row in found.coefficients if row["verdict"] != "silent"]
    silent = [row for row in found.coefficients if row["verdict"] == "silent"]
    for row in told:
        place = f" 第 {row['segment_no']} 段" if row["has_segments"] else ""
        limits = range_text(row["lowest"], row["highest"], row["is_bounded_below"])
        yield f"  {row['rule_id']}{place}：{row['rule_text']}"
        yield (
            f"      {_name(row)} 现为 {plain_figure(row['value'])}，{limits}；"
            f"决定所印得分 {row['figures_decided']} 个，{VERDICTS[row['verdict']]}"
        )
    if not told:
        yield "  没有一个系数由本月的所印得分决定"
    if silent:
        yield f"本月无从核对的系数 {len(silent)} 个，取多少所印得分都不变："
        yield from (f"  {row['rule_id']}：{row['rule_text']}" for row in silent)
    for row in found.unexplained:
        adjusted = row["adjustment_points"]
        yield (
            f"取多少都得不出的：{row['unit_name']} {row['dimension_name'] or '综合得分'} "
            f"所印 {points(row['published_score'])}，按规则 {points(row['computed_score'])}"
            + (f"，另作得分调整 {points(adjusted)}" if adjusted else "")
        )


def _name(row: dict[str, Any]) -> str:
    tied = row["tied_coefficient"]
    return f"{row['coefficient']}（{tied} 随之，上限处仍得满分）" if tied else row["coefficient"]
