"""Which unit a short name may mean; never used to read a month's figures."""

from collections.abc import Iterable


def meant_units(
    name: str, units: Iterable[tuple[str, str]], cities: Iterable[str] = ()
) -> list[str]:
    """Units that a short name may mean, by the first way of shortening that fits any.

    水务局 is 市水务局, 大竹 is 大竹县 (a name without 市 before it, or without its last character);
    自规局 is 市自然资源规划局 (some characters of the name, with its first and its last). 市文旅局,
    which looks like a whole name, is no short one.

    Args:
        name: what was written.
        units: every name that a unit has, its aliases among them, with the unit.
        cities: names of cities, which may stand before a name.
    """
    for city in cities:
        name = name.removeprefix(city) or name
    is_whole = _core(name) != name
    name = _core(name)
    named = [(_core(known), unit) for known, unit in units]
    if len(name) < 2:
        return []
    for fits in (_is_name, _is_stem, *([] if is_whole else [_is_abbreviation])):
        found = dict.fromkeys(unit for known, unit in named if fits(name, known))
        if found:
            return list(found)
    return []


def _core(name: str) -> str:
    """A name without the 市 of a department of the city."""
    return name.removeprefix("市") if len(name) > 2 else name


def _is_name(name: str, known: str) -> bool:
    return name == known


def _is_stem(name: str, known: str) -> bool:
    return known[-1:] in ("县", "区", "市") and name == known[:-1]


def _is_abbreviation(name: str, known: str) -> bool:
    if (name[0], name[-1]) != (known[:1], known[-1:]):
        return False
    rest = iter(known)
    return all(character in rest for character in name)
