"""The stages of a month as Dagster assets, partitioned by month: draft, audit, publish.

Every step runs the command `ywtb` and shows what it answers; nothing is worked out here.
`make dagster WITH=dagster` starts it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

ROOT = Path(__file__).resolve().parents[2]
LOCKED = 3
TIME_ZONE = "Asia/Shanghai"
FIRST_MONTH = min(folder.name for folder in ROOT.glob("seeds/raw/[0-9]*")).replace("_", "-")
MONTHS = dg.MonthlyPartitionsDefinition(FIRST_MONTH, fmt="%Y-%m", timezone=TIME_ZONE, end_offset=1)
"""From the first month of the seeds to the present one, so that a new month needs no reload."""

BY_MONTH: Any = {"partitions_def": MONTHS, "backfill_policy": dg.BackfillPolicy.single_run()}
"""Options of the assets; a range of months is one run, since one refresh serves them all."""

SUITES = [f"{path.parent.name}_{path.stem}" for path in sorted(ROOT.glob("expectations/*/*.yml"))]
WARNINGS = """
select strftime(score_month, '%Y-%m') as month, stage, part || '_' || suite as suite,
    unnest(string_split(message, chr(10))) as warning
from audit.expectation_results inner join marts.dim_months using (score_month)
where not is_success and month in ('{months}')
"""


class Ywtb(dg.ConfigurableResource):
    """The command, in a checkout; while another writer is at work, a step is tried again."""

    project: str = str(ROOT)
    retries: int = 30
    seconds_between: int = 60

    def ask(self, log: Any, *arguments: str) -> Any:
        """What the command answers.

        Raises:
            dagster.RetryRequested: another writer holds the lock.
            dagster.Failure: the data is refused, with every line of that, or the usage is wrong.
        """
        done = subprocess.run(  # noqa: S603 (our own command)
            [Path(sys.executable).with_name("ywtb"), *arguments, "--json"],
            cwd=self.project,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        answer, told = json.loads(done.stdout or "{}"), done.stderr.splitlines()
        if done.returncode == LOCKED:
            log.warning(done.stderr)
            raise dg.RetryRequested(self.retries, self.seconds_between)
        if done.returncode:
            unwritten = [each["error"] for each in answer.get("exports", []) if each["error"]]
            raise refused(log, [*answer.get("lines", []), *unwritten, *told])
        for line in told:
            log.info(line)
        return answer


def refused(log: Any, lines: Sequence[str]) -> dg.Failure:
    """The failure of a step, every line of which is in the log of the run too."""
    for line in lines:
        log.error(line)
    return dg.Failure("\n".join(lines))


@dg.asset(**BY_MONTH)
def draft(context: dg.AssetExecutionContext, ywtb: Ywtb) -> None:
    """征求意见稿。One refresh: whatever changed is checked, built, tested and exported."""
    answer = ywtb.ask(context.log, "refresh", "--quiet")
    for month in context.partition_keys:
        cities = [each for each in answer["months"] if each["month"] == month]
        waiting = [line for line in answer["waiting"] if line.startswith(month)]
        if not cities:
            raise refused(context.log, waiting or [f"没有 {month} 的数据"])
        ranks = [
            dg.TableRecord({"city_name": city["city_name"], **row})
            for city in cities
            for row in city.get("ranking") or city["groups"]
        ]
        shown = {"stage": cities[0]["stage_name"], "waiting": "；".join(waiting)}
        shown |= {"release": answer["release"], "seconds": answer["seconds"]}
        shown |= {"ranks": dg.MetadataValue.table(ranks)}
        context.add_asset_metadata(shown, partition_key=month)


@dg.asset(
    **BY_MONTH,
    deps=[draft],
    check_specs=[dg.AssetCheckSpec(suite, asset="audit", blocking=True) for suite in SUITES],
)
def audit(context: dg.AssetExecutionContext, ywtb: Ywtb) -> Iterator[Any]:
    """审核。What Great Expectations warn of: in a draft, what nobody has acknowledged blocks."""
    ywtb.ask(context.log, "verify")
    months = "', '".join(context.partition_keys)
    found = ywtb.ask(context.log, "query", WARNINGS.format(months=months))
    for month in context.partition_keys:
        listed = ywtb.ask(context.log, "acknowledge", month)["warnings"]
        known = {each["warning"]: each for each in listed}
        told = [row for row in found if row["month"] == month]
        for row in told:
            row |= known[row["warning"]]
            row["is_open"] = row["stage"] == "draft" and row["reason"] is None
            if row["is_open"]:
                context.log.error(f"{month} 提醒 {row['warning_id']} 还没有确认：{row['warning']}")
        context.add_asset_metadata({"warnings": told}, partition_key=month)
    yield dg.MaterializeResult()
    for suite in SUITES:
        rows = [row for row in found if row["suite"] == suite]
        level = dg.AssetCheckSeverity("ERROR" if any(row["is_open"] for row in rows) else "WARN")
        yield dg.AssetCheckResult(
            passed=not rows, check_name=suite, severity=level, metadata={"warnings": rows}
        )


@dg.asset(**BY_MONTH, deps=[audit])
def publish(context: dg.AssetExecutionContext, ywtb: Ywtb) -> None:
    """发布。Drafts made final, when a person asks for it; what is final already stays as it is."""
    for month in context.partition_keys:
        (state,) = ywtb.ask(context.log, "status", "--month", month)["months"]
        if state["stage"] != "final":
            answer = ywtb.ask(context.log, "publish", month, "--quiet")
            context.add_asset_metadata({"release": answer["release"]}, partition_key=month)


@dg.schedule(target=[draft, audit], cron_schedule="30 6 1-5 * *", execution_timezone=TIME_ZONE)
def drafts(context: dg.ScheduleEvaluationContext, ywtb: Ywtb) -> Any:
    """Every month that is a draft, on the first five days of a month; nothing is published."""
    months = ywtb.ask(context.log, "status")["months"]
    drafted = (each["month"] for each in months if each["stage"] == "draft")
    runs = [dg.RunRequest(partition_key=month) for month in drafted]
    return runs or dg.SkipReason("没有征求意见中的月份")


defs = dg.Definitions(
    assets=[draft, audit, publish],
    schedules=[drafts],
    resources={"ywtb": Ywtb()},
    executor=dg.in_process_executor,
)
