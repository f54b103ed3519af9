"""Processes and namespaces of a lab: the helper, the shims, the state folder.

``helper.Helper`` is the face towards the lab process, ``instance.Instance`` towards one running service, ``registry`` and
``clean`` keep and remove what a lab has on this machine. ``docs/processes.md`` draws who forks whom.

``server``, ``spaces``, ``shim`` and what they import run inside the helper and its forks: they import small modules of the
standard library only, so that every page they touch stays small and shared.
"""
