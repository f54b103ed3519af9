"""``python -m dataplane.live LAB FD``: the lab process; started by ``up``, not by people."""

from __future__ import annotations

import sys

from dataplane.live.process import main

sys.exit(main(sys.argv[1], int(sys.argv[2])))
