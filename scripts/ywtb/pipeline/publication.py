"""What stands in the way of making a draft final."""

from collections.abc import Iterator
from datetime import date

import duckdb

from ywtb.assessment.months import month_states
from ywtb.assessment.reviews import acknowledged, objections
from ywtb.project import Project
from ywtb.release import queries
from ywtb.release.releases import figure_checksums


def obstacles(
    project: Project, release: duckdb.DuckDBPyConnection, month: str, figures: dict[str, str]
) -> Iterator[str]:
    """Everything that has to be done before a month can be published, in Chinese.

    Args:
        project: the checkout.
        release: the published release.
        month: such as 2023-07.
        figures: checksum of what each month's figures follow from now, by month such as 2023_07.
    """
    states = month_states(project)
    state = states.get(month)
    if state is None or state.stage == "collecting":
        yield "还没有收齐：见 ywtb status"
        return
    if state.stage == "final":
        yield "已经发布过；更正用 ywtb refresh --revise"
        return
    name = month.replace("-", "_")
    if figure_checksums(release).get(name) != figures.get(name):
        yield "数据库中的征求意见稿不是由现在的数据建成的：先运行 ywtb refresh，看过再发布"
        return
    earlier = [each for each, it in states.items() if each < month and it.stage != "final"]
    if earlier:
        yield f"此前的月份还没有发布：{'、'.join(earlier)}（不要的用 ywtb discard 撤回）"
    if state.objections_until and date.today() <= state.objections_until:
        yield f"异议截止日 {state.objections_until} 还没有过"
    for row in objections(project, month):
        if row["decision"] == "open":
            yield f"异议 {row['objection_id']}（{row['unit_name']}）还没有处理：ywtb decide"
    known = acknowledged(project, month)
    for number, line in queries.warnings(release, month).items():
        if number not in known:
            yield f"提醒 {number} 还没有确认（ywtb acknowledge {month} {number}）：{line}"
    for row in queries.unnamed_bulletins(release, month):
        yield f"{row['city_name']}的通报还没有{row['metric_name']}：收入全市指标表"
