"""Received text as plain text: what it says is kept, what no document can hold is not."""

import re

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file can hold: control characters, halves of surrogate pairs."""


def plain(text: str) -> str:
    """A text without the characters that documents and pictures cannot hold."""
    return NOT_XML.sub("", text)
