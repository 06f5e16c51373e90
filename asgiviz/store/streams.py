"""Where a recording's lines go: any binary stream, or gzip on top of it that can be read up to its last flush."""

from __future__ import annotations

import gzip
import zlib
from typing import Protocol


class Stream(Protocol):
    """The part of a binary file that a writer uses."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...

    def close(self) -> object: ...


class GzipStream:
    """A gzip file that can be read up to its last flush, whatever happens afterwards."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._gzip = gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=1)

    def write(self, data: bytes, /) -> object:
        return self._gzip.write(data)

    def flush(self) -> None:
        self._gzip.flush(zlib.Z_SYNC_FLUSH)

    def close(self) -> None:
        try:
            self._gzip.close()
        finally:
            self._stream.close()
