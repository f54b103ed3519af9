"""Outputs of command lines without what differs from run to run: ids, times, MACs that chance made, the program's name."""

from __future__ import annotations

import json
import re

RULES = [
    (r"\b[0-9a-f]{64}\b", "<id>"),
    (r"\b[0-9a-f]{12}\b", "<short>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d\d:?\d\d( (UTC|[+-]\d{4}))?|Z)?", "<time>"),
    (r"(Less than a second|\d+ seconds?|About a minute|\d+ minutes)( ago)?", "<while>"),
    (r"\b1[0-9]{9}(\.\d+)?\b", "<seconds>"),
    (r"\b1[0-9]{18}\b", "<ns>"),
    (r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", "<mac>"),
]


def masked(text: str) -> str:
    for pattern, name in RULES:
        text = re.sub(pattern, name, text)
    # Columns are as wide as what was in them.
    return re.sub(r" {3,}", "   ", re.sub(r"[ ]+$", "", text, flags=re.M))


def of_ours(text: str) -> str:
    """What docker would have said: its name, and no advice of ours."""
    kept = [line for line in text.replace("dataplane", "docker").splitlines() if not line.startswith("  mend:")]
    text = "".join(f"{line}\n" for line in kept)
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return text
    # Newer than docker 28.2, whose client leaves out what it does not know.
    for one in found:
        one.pop("Status", None)
    wide = "\n" in text.rstrip()
    return json.dumps(found, indent=4 if wide else None, separators=None if wide else (",", ":")) + "\n"
