"""Finding the port a person means: its full name, or a short one where that says enough."""

from __future__ import annotations

from dataplane.errors import UserError
from dataplane.model import Plan
from dataplane.parent import PARENT
from dataplane.similar import similar
from dataplane.underlay import UNDERLAY
from dataplane.uplink import UPLINK


def resolve_port(plan: Plan, text: str) -> str:
    """The full name for `text`: itself, else the only port of the instance or service so called.

    Errors: UserError that lists what could be meant, when nothing or more than one thing is.
    """
    endpoints, names = plan.endpoints(), plan.ports()
    if text in names:
        return text
    found = [e.port for e in endpoints if text in {e.instance, plan.instances[e.instance].service.name}]
    if text == UNDERLAY and not found:
        found = [*plan.underlays]
        if not found:
            raise UserError("this lab has no underlay", mend="write a network of driver: overlay, and x-dataplane: {underlay: …}")
    if text == UPLINK and not found:
        found = [*plan.uplinks]
    if not found and (text == PARENT or text.startswith(f"{PARENT}.")):
        # Networks on one interface share its port, which is called after the first of them.
        network = text.removeprefix(PARENT).removeprefix(".")
        found = [port for port, one in plan.parents.items() if not network or network in one.networks]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{text!r} has {len(found)} ports", mend=f"say which: {', '.join(found)}")
    if text == UPLINK:
        raise UserError("this lab has no uplink", mend="write x-dataplane: {uplink: {kind: tap}} at the top of the file")
    if text in plan.instances:
        raise UserError(f"{text!r} has no port: it is on no network", mend="name a service that is on one")
    near = similar(text, names)
    known = f"the ports are {', '.join(names)}" if names else "this lab has no ports"
    raise UserError(f"there is no port {text!r}", mend=f"did you mean {near[0]}? {known}" if near else known)
