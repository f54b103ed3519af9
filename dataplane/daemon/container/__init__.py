"""One container: its process from start to end and over restarts, its streams, its logs."""
