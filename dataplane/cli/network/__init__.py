"""``dataplane network``: Docker's verbs for networks, one module each."""
