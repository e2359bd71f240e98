"""Data Docs that open without a network: no page asks for anything outside its own folder.

Great Expectations writes pages that fetch styles, scripts, icons and a logo from the internet.
Its pages of results are kept, without any of these and with a style of their own; the front page,
which it fills by script, is replaced by one in Chinese that lists every suite and every failure.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from ywtb.expectations.results import Result, failures

_STYLE = """
body { font: 15px/1.6 sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222; }
h1 { font-size: 1.5em; } h2, h4 { font-size: 1.15em; } h5 { font-size: 1em; margin: 1em 0 0.3em; }
table { border-collapse: collapse; margin: 0.4em 0 1.2em; width: 100%; }
th, td { border: 1px solid #ccc; padding: 0.25em 0.6em; text-align: left; vertical-align: top; }
th { background: #f2f2f2; }
.failed, .text-danger { color: #b00020; } .warned, .text-warning { color: #8a5a00; }
.met, .text-success { color: #1b6e2d; }
.fa-check-circle::before { content: "✓"; } .fa-times::before { content: "✗"; }
.fa-exclamation-triangle::before { content: "⚠"; }
.collapse, a[aria-controls] { display: none; }
.show-scrollbars { max-height: 30em; overflow: auto; }
a { color: #0b57d0; }
"""
_REMOVED = (
    re.compile(r"<script\b.*?</script>", re.DOTALL),
    re.compile(r"<style\b.*?</style>", re.DOTALL),
    re.compile(r"<link\b[^>]*>"),
    re.compile(r"<img\b[^>]*>"),
    re.compile(r"<footer\b.*?</footer>", re.DOTALL),
    re.compile(r"<nav\b[^>]*navbar-expand-md.*?</nav>\s*</div>\s*</nav>", re.DOTALL),
    # Buttons that only worked by script.
    re.compile(r'<div class="card mb-3">.*?(?=<div class="card d-md-block)', re.DOTALL),
    re.compile(r"<title></title>"),
    # To pages of suites, which say the same as expectations/ does.
    re.compile(r'<a\b[^>]*href="\.\./[^"]*"[^>]*>.*?</a>', re.DOTALL),
    # Random or from the clock, so that equal results make equal pages.
    re.compile(r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    re.compile(r"\b20[0-9]{6}T[0-9]{6}\.[0-9]{6}Z"),
    re.compile(r"[ \t]+$", re.MULTILINE),
    re.compile(r"\n(?=\n)"),
    re.compile(r'\s(?:on[a-z]+|data-[a-z-]+)="[^"]*"'),
)
_CHINESE = {
    "Expectation Validation Result": "校验结果",
    "Evaluates whether a batch of data matches expectations.": "各列应有的样子与实际",
    "Table of Contents": "目录",
    "Table-Level Expectations": "整表",
    "Overview": "概况",
    "Statistics": "统计",
    "Evaluated Expectations": "校验项数",
    "Unsuccessful Expectations": "未通过",
    "Successful Expectations": "通过",
    "Success Percent": "通过率",
    "Status": "状态",
    "Expectation": "应为",
    "Observed Value": "实际",
    "Unexpected Value": "不符的值",
    "Count": "个数",
    "place": "位置",
    "row_no": "文件行号",
    "unit_name": "单位",
    "column_name": "列",
}
"""Texts of the pages, where one is all that stands between two tags."""
_OUTSIDE = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?\s*(?:https?:)?//""")


class OutsideReferenceError(Exception):
    """A page would still ask for something outside its folder."""


def write_site(
    context: Any,
    results: list[Result],
    folder: Path,
    kept: list[Result],
    kept_pages: Path | None,
) -> Path:
    """Replace `folder` by the Data Docs of everything that ran in a context.

    Args:
        context: the context of Great Expectations that holds the results.
        results: the same results, for the front page.
        folder: such as `exports/data_docs`.
        kept: results of months that did not run again, which the front page lists as well.
        kept_pages: earlier Data Docs, from which the pages of these are copied.

    Returns:
        The page to open first.

    Raises:
        OutsideReferenceError: a page refers to something outside, as after an upgrade of Great
            Expectations that changes its pages.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".data_docs.") as scratch:
        built, site = Path(scratch, "built"), Path(scratch, "site")
        site.mkdir()
        _build(context, built)
        for page in sorted((built / "validations").rglob("*.html")):
            # <suite>__<month>__<city>/<run name>/<run time>/<batch>.html
            name = page.relative_to(built / "validations").parts[0]
            _write(site / f"{name}.html", _offline(page.read_text(encoding="utf-8"), name))
        for name in {_page_name(each) for each in kept}:
            if kept_pages is not None and (kept_pages / name).is_file():
                shutil.copyfile(kept_pages / name, site / name)
        _write(site / "index.html", _front_page([*kept, *results]))
        if folder.exists():
            shutil.rmtree(folder)
        site.replace(folder)
    return folder / "index.html"


def _build(context: Any, folder: Path) -> None:
    name = "offline"
    config = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    context.add_data_docs_site(name, config)
    try:
        context.build_data_docs([name])
    finally:
        context.delete_data_docs_site(name)


def _write(path: Path, text: str) -> None:
    if _OUTSIDE.search(text):
        raise OutsideReferenceError(path.name)
    path.write_text(text, encoding="utf-8")


def _offline(text: str, title: str) -> str:
    for pattern in _REMOVED:
        text = pattern.sub("", text)
    text = re.sub(
        r">(\s*)([^<>]+?)(\s*)<",
        lambda found: f">{found[1]}{_CHINESE.get(found[2], found[2])}{found[3]}<",
        text,
    )
    text = re.sub(r"<title>[^<]*</title>", f"<title>{escape(title)}</title>", text)
    text = text.replace("</head>", f"<style>{_STYLE}</style></head>", 1)
    return text.replace("<body>", '<body>\n<p><a href="index.html">返回目录</a></p>', 1)


def _front_page(results: list[Result]) -> str:
    stops, warnings = failures(results, "stop"), failures(results, "warn")
    parts = [
        "<!DOCTYPE html>",
        '<html lang="zh-CN"><head><meta charset="UTF-8"><title>数据校验</title>',
        f"<style>{_STYLE}</style></head><body>",
        "<h1>数据校验</h1>",
        f"<p>共 {len(results)} 项，未通过 <b>{len(stops)}</b> 项，"
        f"提示 <b>{len(warnings)}</b> 项。</p>",
        _failures("未通过", "failed", stops),
        _failures("提示（不影响发布）", "warned", warnings),
    ]
    for month in sorted({each.month for each in results}, reverse=True):
        of_month = [each for each in results if each.month == month]
        has_cities = len({each.city_code for each in of_month}) > 1
        rows = []
        for page in dict.fromkeys(_page_name(each) for each in of_month):
            found = [each for each in of_month if _page_name(each) == page]
            failed, warned = len(failures(found, "stop")), len(failures(found, "warn"))
            status = "failed" if failed else "warned" if warned else "met"
            title = found[0].suite_title + (f"（{found[0].city_code}）" if has_cities else "")
            rows.append(
                f'<tr class="{status}"><td><a href="{page}">{escape(title)}</a></td>'
                f"<td>{len(found)}</td><td>{failed}</td><td>{warned}</td></tr>"
            )
        parts.append(
            f"<h2>{month}</h2><table><thead><tr><th>校验集</th><th>项数</th><th>未通过</th>"
            f"<th>提示</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )
    return "\n".join([*(part for part in parts if part), "</body></html>", ""])


def _page_name(result: Result) -> str:
    return f"{result.suite}__{result.month.replace('-', '_')}__{result.city_code}.html"


def _failures(title: str, status: str, results: Iterable[Result]) -> str:
    lines = [str(problem) for each in results for problem in each.problems()]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<h2>{title}</h2><ul class="{status}">{items}</ul>' if lines else ""
