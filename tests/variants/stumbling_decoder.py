"""A fault inside: the decoder raises for a payload that says `boom`, as a bug of ours would."""

from __future__ import annotations

from adapters.mqtt.decode import Decoder, Delivery, Report
from tests.variants.launching import launch


class _Stumbling(Decoder):
    def decode(self, delivery: Delivery) -> list[Report]:
        if b"boom" in delivery.payload:
            message = "the decoder has stumbled"
            raise LookupError(message)
        return super().decode(delivery)


def main() -> None:
    """The daemon with the fault."""
    launch(decoder=_Stumbling)


if __name__ == "__main__":
    main()
