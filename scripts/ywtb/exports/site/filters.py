"""What templates of pages turn values into: names of pages, anchors, figures."""

import hashlib
import re
from decimal import ROUND_HALF_UP, Decimal

from markupsafe import Markup, escape

from ywtb.assessment.figures import points, signed


def anchor(code: str) -> str:
    """A code such as a rule's, fit to be the id of an element and the fragment of a link."""
    return code if re.fullmatch(r"[\w-]+", code, re.ASCII) else _stand_in(code)


def page_name(unit_id: str) -> str:
    """A file name for a unit: its id where that is one of ours, else letters that stand for it."""
    return unit_id if re.fullmatch(r"[0-9]{6}-[A-Z0-9]{1,20}", unit_id) else _stand_in(unit_id)


def _stand_in(text: str) -> str:
    return f"u{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"


def figure(value: Decimal, is_signed: bool = False) -> Markup:
    """Points with two decimals; if they have more, also in full, which pages show on demand."""

    def text(each: Decimal) -> str:
        return signed(each) if is_signed and each else points(each)

    shown, exact = text(value.quantize(Decimal("0.01"), ROUND_HALF_UP)), text(value)
    both = Markup('<span class="rounded">{}</span><span class="exact">{}</span>')
    return escape(exact) if shown == exact else both.format(shown, exact)
