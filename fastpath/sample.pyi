from typing_extensions import Buffer

class Sample:
    def __new__(cls, octets: Buffer, own: int = 0) -> Sample: ...
