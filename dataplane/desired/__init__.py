"""What a daemon's users want: networks, containers, endpoints, as frozen data and as pure functions from one State to the next.

Nothing here does I/O. A function takes a State and a wish and returns another State, or raises ``Refused`` in Docker's words.
"""
