"""How an exact figure is shown to people."""

from decimal import Decimal


def plain_figure(value: Decimal | int) -> str:
    """A figure without idle zeros, and never in exponent form: 2.000 is 2, 2.080 is 2.08."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
