"""The stages of a month in Dagster: the command does the work, its answers are what is seen."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from conftest import BIN, ROOT, Sandbox, copy_of, edit

dg = pytest.importorskip("dagster", reason="needs Dagster: make test WITH=dagster")
pytestmark = [
    pytest.mark.needs("dagster"),
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
]

JUNE, JULY = "2023-06", "2023-07"
WARNED = {("市水务局", "behavior_coverage_rate"): "10.00%"}


@pytest.fixture(scope="module")
def stages() -> Any:
    """The module of definitions, as Dagster loads it."""
    path = ROOT / "scripts" / "schedule" / "dagster_definitions.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(stages: Any, sandbox: Sandbox, assets: Sequence[str], months: str, **options: int) -> Any:
    """Materialize assets of a month, or of a range such as 2023-06...2023-08."""
    first, _, last = months.partition("...")
    ends = {"start": first, "end": last}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(BIN))  # no PDF is made, which takes seconds
        return dg.materialize(
            [stages.draft, stages.audit, stages.publish],
            selection=list(assets),
            resources={"ywtb": stages.Ywtb(project=str(sandbox.root), **options)},
            raise_on_error=False,
            partition_key=None if last else first,
            tags={f"dagster/asset_partition_range_{end}": ends[end] for end in ends if last},
        )


def failure(result: Any, step: str) -> str:
    """What a failed step says."""
    (event,) = (each for each in result.all_events if each.is_step_failure)
    assert event.step_key == step
    return str(event.step_failure_data.user_failure_data.description)


def seen(result: Any, asset: str) -> dict[str, Any]:
    """Metadata of an asset's materializations by month."""
    return {each.partition: each.metadata for each in result.asset_materializations_for_node(asset)}


@pytest.fixture(scope="module")
def drafted(june: Sandbox, stages: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """July drafted beside June, by one run for both months, and what that run shows."""
    sandbox = copy_of(june, tmp_path_factory.mktemp("dagster"))
    sandbox.add_month("2023_07", WARNED, stage="draft")
    return sandbox, run(stages, sandbox, ["draft", "audit"], f"{JUNE}...{JULY}")


def test_the_definitions_load(stages: Any) -> None:
    dg.Definitions.validate_loadable(stages.defs)
    assert stages.MONTHS.get_first_partition_key() <= JUNE
    policies = {each.backfill_policy.policy_type.name for each in stages.defs.assets}
    assert policies == {"SINGLE_RUN"}, "one refresh serves a range of months"
    assert set(stages.SUITES) == {key.name for key in stages.audit.check_keys}
    assert all(spec.blocking for spec in stages.audit.check_specs)


def test_a_range_is_one_run(drafted: Any) -> None:
    sandbox, result = drafted
    shown = seen(result, "draft")
    assert [(month, each["stage"].value) for month, each in shown.items()] == [
        (JUNE, "已发布"),
        (JULY, "征求意见"),
    ]
    assert {each["release"].value for each in shown.values()} == {sandbox.release()}
    assert len(list((sandbox.root / "logs" / "refresh").iterdir())) == 2, "June's and this one"
    ranks = [record.data for record in shown[JULY]["ranks"].records]
    assert [(row["unit_name"], row["score_rank"], row["composite_score"]) for row in ranks] == [
        (name, rank, str(score))
        for name, rank, score in sandbox.rows(
            "select unit_name, score_rank, composite_score from marts.fct_composite_scores "
            f"inner join reference.groups using (group_code) where score_month = '{JULY}-01' "
            "order by group_order, sequence_no"
        )
    ]


def test_a_warning_that_is_not_acknowledged_is_a_check_that_blocks(
    stages: Any, drafted: Any
) -> None:
    _, result = drafted
    warnings = seen(result, "audit")[JULY]["warnings"].value
    assert {row["is_open"] for row in warnings} == {True}
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert checks.keys() == set(stages.SUITES)
    failed = {name for name, each in checks.items() if not each.passed}
    assert failed == {row["suite"] for row in warnings}
    assert {checks[name].severity.name for name in failed} == {"ERROR"}
    assert not result.success


def test_the_schedule_drafts_what_is_a_draft(stages: Any, drafted: Any, june: Sandbox) -> None:
    def ticked(sandbox: Sandbox) -> Any:
        ywtb = stages.Ywtb(project=str(sandbox.root))
        return stages.drafts(dg.build_schedule_context(resources={"ywtb": ywtb}))

    assert [each.partition_key for each in ticked(drafted[0])] == [JULY]
    assert isinstance(ticked(june), dg.SkipReason)


def test_a_month_is_published_once_its_warnings_are_acknowledged(
    stages: Any, drafted: Any, tmp_path: Path
) -> None:
    sandbox = copy_of(drafted[0], tmp_path / "copy")
    result = run(stages, sandbox, ["audit", "publish"], JULY)
    assert [each.step_key for each in result.all_events if each.is_step_failure] == ["audit"]
    assert "publish" not in {each.step_key for each in result.all_events if each.is_step_start}
    assert "还没有确认" in failure(run(stages, sandbox, ["publish"], JULY), "publish")
    assert not (sandbox.root / "published" / f"{JULY}.json").exists()

    done = sandbox.run("acknowledge", JULY, "--all", "--reason", "随机数据")
    assert done.returncode == 0, done.stderr
    result = run(stages, sandbox, ["audit", "publish"], JULY)
    assert result.success
    (known,) = {each["reason"] for each in seen(result, "audit")[JULY]["warnings"].value}
    assert known == "随机数据"
    failed = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert {each.severity.name for each in failed} == {"WARN"}
    assert seen(result, "publish")[JULY]["release"].value == sandbox.release()
    assert (sandbox.root / "published" / f"{JULY}.json").is_file()


def test_a_refused_month_fails_with_file_and_row(
    stages: Any, june_copy: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    june_copy.add_month("2023_07", {}, stage="draft")
    path = june_copy.raw("licenses", "2023_07")
    edit(path, "\n大竹县,100.00%,", "\n大竹县,")
    told = failure(run(stages, june_copy, ["draft", "audit"], JULY), "draft")
    row = path.read_text(encoding="utf-8").split("\n大竹县")[0].count("\n") + 2
    place = f"seeds/raw/2023_07/{path.name} 第{row}行"
    assert place in told
    assert f"draft - {place}" in capfd.readouterr().err


def test_a_month_without_data_fails(stages: Any, june: Sandbox, tmp_path: Path) -> None:
    copied = copy_of(june, tmp_path / "copy")
    assert failure(run(stages, copied, ["draft"], JULY), "draft") == f"没有 {JULY} 的数据"


def test_while_another_refresh_runs_a_step_waits(stages: Any, june_copy: Sandbox) -> None:
    with FileLock(june_copy.root / "warehouse" / "lock"):
        result = run(stages, june_copy, ["draft"], JUNE, retries=1, seconds_between=0)
    kinds = [each.event_type_value for each in result.all_events if each.step_key == "draft"]
    assert kinds.count("STEP_UP_FOR_RETRY") == kinds.count("STEP_RESTARTED") == 1
    assert kinds[-1] == "STEP_FAILURE"
