"""What every HTML page that is written here has: escaped texts, and nothing that runs unlisted."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(templates: Path) -> Environment:
    """Templates of a folder, in which every text is escaped and every name must be known."""
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def content_policy(styles: str, script: str | None = None) -> str:
    """The content security policy of a page: all is forbidden but its styles and its one script.

    Args:
        styles: where styles come from: sources as the policy names them.
        script: text of the script that stands in the page.
    """
    rules = ["default-src 'none'", f"style-src {styles}", "base-uri 'none'"]
    if script:
        rules.append(f"script-src {digest(script)}")
    return "; ".join([*rules, "form-action 'none'"])


def digest(text: str) -> str:
    """The source of a style or script that stands in the page itself, as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def put(text: str, page: Path) -> None:
    """Put a page in place in one step."""
    new = page.with_name(f".{page.name}.new")
    new.write_text(text, encoding="utf-8", newline="\n")
    new.replace(page)
