"""How pages write numbers, months and codes; also filters of the templates."""

import hashlib
import re
from datetime import date
from decimal import Decimal

from ywtb.assessment.figures import plain_figure


def points(value: Decimal) -> str:
    """Exact points with two decimals or as many more as they need; minus is not a hyphen."""
    whole, _, decimals = plain_figure(abs(value)).partition(".")
    return f"{'−' if value < 0 else ''}{whole}.{decimals:0<2}"


def signed(value: Decimal) -> str:
    """Points with their sign, whichever it is."""
    return points(value) if value < 0 else f"+{points(value)}"


def month_name(value: str | date) -> str:
    """A month such as `2023年6月`."""
    day = date.fromisoformat(f"{value}-01") if isinstance(value, str) else value
    return f"{day.year}年{day.month}月"


def anchor(code: str) -> str:
    """A code such as a rule's, fit to be the id of an element and the fragment of a link."""
    return code if re.fullmatch(r"[\w-]+", code, re.ASCII) else _stand_in(code)


def page_name(unit_id: str) -> str:
    """A file name for a unit: its id where that is one of ours, else letters that stand for it."""
    return unit_id if re.fullmatch(r"[0-9]{6}-[A-Z0-9]{1,20}", unit_id) else _stand_in(unit_id)


def _stand_in(text: str) -> str:
    return f"u{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"
