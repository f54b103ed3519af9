import enum

class Reason(enum.IntEnum):
    RUNT = 0
    OVERSIZE = 1
    SLICED = 2
    BAD_OFFLOAD = 3
    SOURCE_INVALID = 4
    RESERVED_ADDRESS = 5
    SAME_PORT = 6
    NO_OTHER_PORT = 7
    ISOLATED = 8
    MTU = 9
    HOP_BUDGET = 10
    TURN_BUDGET = 11
    UNCONNECTED = 12
    PORT_DOWN = 13
    PORT_GONE = 14
    QUEUE_FULL = 15
    OUTBOX_FULL = 16
    WRITE_REFUSED = 17
    PORT_REMOVED = 18

REASONS: tuple[tuple[str, str], ...]

def sentence(reason: int) -> str: ...
def reason_name(reason: int) -> str: ...
