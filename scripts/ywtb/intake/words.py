"""Words by which an office writes what is no figure, all from the seed `intake_words`."""

import re
from collections.abc import Iterable, Sequence

from ywtb.assessment.reference import Row
from ywtb.intake.tables import clean, compact

NOT_APPLICABLE = "—"

ANY = "…"
"""In a word of the seed: whatever may stand there."""

_COUNT = re.compile(r"\+?(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?")
_POINTS = re.compile(r"\+?(\d+(?:\.\d+)?)")
_BRACKETS = re.compile(r"\(([^()]*)\)$")
_ORDER = re.compile(r"^(?:\(\d{1,2}\)|\d{1,2}[.、)．])(?=\D)|^[①-⑳]")
_MARKS = re.compile(r"[*※★☆#]+$")


class Words:
    """The words of a month, ready to be compared."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Take the rows of the seed."""
        self._words: dict[str, list[str]] = {}
        for row in rows:
            self._words.setdefault(row["word_kind"], []).append(row["word"])
        self.unit_headings = {compact(word) for word in self.of("unit_heading")}
        self._heading_units = {compact(word) for word in self.of("heading_unit")}
        self._not_applicable = {compact(word).upper() for word in self.of("not_applicable")}
        self._begins = {
            kind: re.compile(
                rf"(?:{'|'.join(map(_spaced, self.of(kind))) or '(?!)'})(?:\s*[:.、()\d]|\s|$)"
            )
            for kind in ("note_row", "signature_row")
        }
        self._suffixes = {
            "count": [compact(word) for word in self.of("count_unit")],
            "points": [compact(word) for word in self.of("points_unit")],
        }

    def of(self, kind: str) -> Sequence[str]:
        """The words of a kind, in the order of the seed."""
        return self._words.get(kind, [])

    def begins(self, kind: str, text: str) -> bool:
        """Whether a text begins with a word of a kind, and does not just begin alike."""
        return self._begins[kind].match(clean(text)) is not None

    def names(self, kind: str, text: str) -> bool:
        """Whether a heading or the name of a sheet is a word of a kind."""
        found = compact(text)
        return any(_is_like(found, word) for word in self.of(kind))

    def is_total(self, text: str) -> bool:
        """Whether a row of this name holds sums, such as 合计, or A组小计."""
        name = _BRACKETS.sub("", compact(text))
        return len(name) <= 12 and any(
            name.endswith(compact(each)) for each in self.of("total_row")
        )

    def without_unit(self, heading: str) -> str:
        """A compact heading without the unit in brackets behind it: 超时件数(件) is 超时件数."""
        found = _BRACKETS.search(heading)
        if found is None or found[1] not in self._heading_units:
            return heading
        return heading[: found.start()]

    def canonical(self, text: str, value_type: str) -> str | None:
        """The text that a figure of a type is kept as, where it is written in another known way.

        1,234 and 1234件 are 1234, / and 无 are not applicable. None where nothing is known of it.
        """
        written = compact(text)
        if written.upper() in self._not_applicable:
            return NOT_APPLICABLE
        for suffix in self._suffixes.get(value_type, ()):
            if written.endswith(suffix):
                written = written.removesuffix(suffix)
                break
        if value_type == "count" and (count := _COUNT.fullmatch(written)):
            return count[1].replace(",", "")
        if value_type == "points" and (points := _POINTS.fullmatch(written)):
            return points[1]
        return None

    def variants(self, texts: Iterable[str]) -> set[str]:
        """Texts with all that they may be kept as."""
        found = set(texts)
        for text in tuple(found):
            for value_type in ("percent", "count", "points"):
                written = self.canonical(text, value_type)
                if written is not None:
                    found.add(written)
        return found


def unit_names(text: str, city_names: Iterable[str]) -> list[str]:
    """What a unit's name may be without its number, mark and city, the most literal first.

    `1.市水务局*` is 市水务局; `达州市水务局` is 市水务局, `达州市大竹县` is 大竹县.
    """
    name = compact(text)
    bare = _MARKS.sub("", _ORDER.sub("", name))
    found = [name, bare]
    for city in map(compact, city_names):
        if bare.startswith(city) and bare != city:
            rest = bare.removeprefix(city)
            found += [f"市{rest}", rest]
    return list(dict.fromkeys(found))


def _is_like(text: str, word: str) -> bool:
    if word.endswith(ANY):
        return text.startswith(compact(word[:-1]))
    if word.startswith(ANY):
        return text.endswith(compact(word[1:]))
    return text == compact(word)


def _spaced(word: str) -> str:
    return r"\s*".join(map(re.escape, clean(word)))
