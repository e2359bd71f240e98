"""The command `ywtb status`."""

import typer

from ywtb.cli.shared import JsonOption, find_project, print_json, published


def status(as_json: JsonOption = False) -> None:
    """当前发布的是哪一次、由什么建成；还留有哪几次。

    例：ywtb status
    """
    from ywtb.release import releases

    project = find_project()
    with published(project) as release:
        manifest = releases.read_manifest(release)
    kept = releases.complete_releases(project)
    if as_json:
        print_json({**manifest, "releases": kept})
        return
    tools = "，".join(f"{name} {number}" for name, number in manifest["tool_versions"].items())
    for line in (
        f"已发布 {manifest['release_id']}，建于 {manifest['built_at']} UTC",
        f"月份：{'、'.join(manifest['score_months'])}",
        f"种子 {manifest['seed_count']} 个，数据 {manifest['row_count']} 行，"
        f"测试 {manifest['test_count']} 项，期望 {manifest['expectation_count']} 项",
        f"代码 {manifest['code_version']}；{tools}",
        f"前一次发布：{manifest['previous_release_id'] or '无'}",
        f"留有 {len(kept)} 次：{'、'.join(kept)}",
    ):
        typer.echo(line)
