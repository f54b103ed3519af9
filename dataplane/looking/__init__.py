"""Looking inside what runs: the tables of an engine as rows, with the names that its users know.

A lab's control socket and a daemon's API answer the same questions by the same functions (``tables`` lists them), and one client
asks either (``asker``). What differs between the two is an ``inside.Inside``.
"""
