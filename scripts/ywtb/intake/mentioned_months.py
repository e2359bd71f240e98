"""Which months a title or a name speaks of, however it is written."""

import re
from collections.abc import Iterable, Sequence

from ywtb.assessment.problem import Problem
from ywtb.intake.tables import clean, shown

Month = tuple[int | None, int]
"""Year, where one is named, and month."""

_DIGITS = dict(zip("〇零○一二三四五六七八九", "000123456789", strict=True))
_CHINESE = re.compile(rf"[{''.join(_DIGITS)}十]+(?=[年月日号])")

_MONTH = r"(?:1[0-2]|0?[1-9])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_TO = r"\s*(?:[-—~]+|至|到)\s*"

_MENTION = re.compile(
    rf"(?:(?<!\d)(?P<year>20\d\d|\d\d)年)?\s*(?<!\d)(?P<month>{_MONTH})月份?(?:{_DAY}[日号])?"
    rf"|(?<!\d)(?P<year_2>20\d\d)(?:[-_./](?P<month_2>{_MONTH})|(?P<month_3>0[1-9]|1[0-2]))"
    rf"(?!\d)(?:[-_./]{_DAY}(?!\d))?"
    rf"|(?<!\d)(?:(?P<year_4>20\d\d)年)?(?P<month_4>{_MONTH})(?={_TO}{_MONTH}月)"
)
"""A month in letters, in figures with its year, or as the beginning of a range such as 1—6月."""

_SINCE = re.compile(rf"(?<!\d){_MONTH}月份?以来")
_DATE = rf"(?:20\d\d[年./-])?{_MONTH}[月./-]{_DAY}(?:[日号]|(?![\d日号]))"
_DATE_OR_MONTH = rf"(?:{_DATE}|(?:20\d\d[年./-])?{_MONTH}月?(?!\d))"
_DATED = ("日期", "时间", "截止", "期限")
"""What a word ends with that is always followed by the date of a report."""


def mentioned_months(text: str, report_words: Sequence[str] = ()) -> list[Month]:
    """Months that a text speaks of; of a range the last.

    Args:
        text: a title, or the name of a file or sheet.
        report_words: words beside the date of a report, which says nothing of its month.
    """
    text = _CHINESE.sub(lambda found: _figures(found[0]), clean(text))
    text = _SINCE.sub(" ", _without_report_dates(text, report_words))
    found: list[Month] = []
    end, year = -1, None
    for mention in _MENTION.finditer(text):
        groups = mention.groupdict()
        named = groups["year"] or groups["year_2"] or groups["year_4"]
        month = next(int(groups[name]) for name in groups if "month" in name and groups[name])
        is_range = end >= 0 and re.fullmatch(_TO, text[end : mention.start()]) is not None
        if is_range:
            found.pop()
        year = int(named) % 100 + 2000 if named else (year if is_range else None)
        found.append((year, month))
        end = mention.end()
    return list(dict.fromkeys(found))


def month_problems(
    month: str,
    text: str,
    file: str,
    sheet: str | None = None,
    report_words: Sequence[str] = (),
) -> list[Problem]:
    """Problems of a name or title that speaks of another month than `month`, such as 2023_07."""
    wanted = int(month[:4]), int(month[5:])
    return [
        Problem(
            file,
            None,
            None,
            f"{shown(text)} 所指月份为 {_named(other)}",
            f"{month.replace('_', '-')} 的数据",
            sheet=sheet,
        )
        for other in mentioned_months(text, report_words)
        if other[1] != wanted[1] or other[0] not in (None, wanted[0])
    ]


def _named(month: Month) -> str:
    return f"{month[1]}月" if month[0] is None else f"{month[0]}-{month[1]:02}"


def _figures(numeral: str) -> str:
    """A Chinese numeral in figures: 二〇二三 is 2023, 十二 is 12, 三十 is 30."""
    if "十" not in numeral:
        return "".join(_DIGITS[each] for each in numeral)
    tens, _, ones = numeral.partition("十")
    if not set(tens + ones) <= set(_DIGITS):
        return numeral
    return str(
        int("".join(_DIGITS[each] for each in tens) or 1) * 10
        + int("".join(_DIGITS[each] for each in ones) or 0)
    )


def _without_report_dates(text: str, words: Iterable[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        name = r"\s*".join(map(re.escape, word))
        date = _DATE_OR_MONTH if word.endswith(_DATED) else _DATE
        text = re.sub(rf"{name}\s*[于为:(]*\s*{date}(?!{_TO})", " ", text)
        text = re.sub(rf"{_DATE}\s*(?:之?前|以前|内|止)?\s*{name}", " ", text)
    return text
