"""A Compose file's networks and services in a daemon, instead of in a lab of their own: what `docker compose` does, with its labels
and names, so that either may look after what the other has made."""
