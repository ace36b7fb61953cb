"""How large the row groups of a Parquet file are, from its footer (Thrift's compact protocol)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)
_ROW_GROUPS, _TOTAL_BYTE_SIZE = 4, 2


def largest_row_group(path: Path) -> int:
    """Bytes of the largest row group before compression; 0 where the footer cannot be made out."""
    try:
        with path.open("rb") as file:
            file.seek(-8, 2)
            length = int.from_bytes(file.read(4), "little")
            file.seek(-8 - length, 2)
            groups = _Compact(file.read(length)).struct()[_ROW_GROUPS]
        return max((group[_TOTAL_BYTE_SIZE] for group in groups), default=0)
    except (OSError, IndexError, KeyError, TypeError, ValueError):
        return 0


@final
class _Compact:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def struct(self) -> dict[int, Any]:
        """Field number → value."""
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind in _INTEGERS:
            return self._integer()
        if kind == _DOUBLE:
            return self._take(8)
        if kind == _BINARY:
            return self._take(self._varint())
        if kind in (_LIST, _SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            return [self._value(head & 15) for _ in range(count)]
        if kind == _STRUCT:
            return self.struct()
        raise ValueError(f"a field of kind {kind}, which Parquet does not use")

    def _byte(self) -> int:
        self.at += 1
        return self.raw[self.at - 1]

    def _take(self, count: int) -> bytes:
        self.at += count
        return self.raw[self.at - count : self.at]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
