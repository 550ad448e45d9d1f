"""Hours as bytes: of a frame from the machine's bus (SAE J1939), or of a maker's own item (JT/T 808)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, cast


class Written(StrEnum):
    """How bytes stand in a JSON text."""

    BASE64 = "base64"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Octets:
    """The bytes `first` to before `end` of a value are an unsigned number, its least byte first or last."""

    first: int
    end: int
    order: str
    written: Written

    @classmethod
    def at(cls, place: str, order: str, written: Written) -> Octets:
        """From a setting such as `0:4`."""
        first, end = place.split(":")
        return cls(int(first), int(end), order, written)

    def number(self, value: object) -> Decimal:
        """The number in bytes, or in a text that stands for bytes; ValueError says why there is none."""
        octets = value if isinstance(value, bytes) else self._octets(value)
        if len(octets) < self.end:
            message = f"{len(octets)} bytes; the hours are the bytes {self.first} to before {self.end}"
            raise ValueError(message)
        return Decimal(int.from_bytes(octets[self.first : self.end], cast("Literal['little', 'big']", self.order)))

    def _octets(self, value: object) -> bytes:
        try:
            text = cast("str", value)
            return base64.b64decode(text, validate=True) if self.written is Written.BASE64 else bytes.fromhex(text)
        except (TypeError, ValueError, binascii.Error):
            message = f"the hours are no bytes in {self.written}"
            raise ValueError(message) from None
