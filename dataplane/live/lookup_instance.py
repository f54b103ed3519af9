"""Which instances of a lab a user means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dataplane.errors import UserError
from dataplane.similar import similar

if TYPE_CHECKING:
    from dataplane.live.lab import Lab


def named(lab: Lab, name: str) -> list[str]:
    """The instance of that name, or all of the service of that name. UserError when there is none."""
    if name in lab.supervisors:
        return [name]
    found = [one.name for one in lab.supervisors.values() if one.instance.service.name == name]
    if not found:
        known = sorted({*lab.supervisors, *(one.instance.service.name for one in lab.supervisors.values())})
        near = similar(name, known)
        mend = f'did you mean "{near[0]}"?' if near else f"services here: {', '.join(known) or 'none'}"
        raise UserError(f"lab {lab.name} has no service {name}", mend=mend, status=1)
    return found
