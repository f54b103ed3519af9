"""Verbs for the containers of a daemon, as Docker's users know them: one module each."""
