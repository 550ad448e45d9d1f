"""Pictures that people send: read with care, turned upright, reduced, and written anew without their metadata."""

from __future__ import annotations

import base64
import binascii
from io import BytesIO
from typing import TYPE_CHECKING

from adapters.store.attachments import PHOTO, SIGNATURE, Picture
from daemon.refused import RefusedError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 1_000_000
_READ = ("JPEG", "PNG", "WEBP")
_MOST_DOTS = 80_000_000
_SIDES = (1600, 1280, 1024, 800, 640)
_QUALITY = 80
_SIGNATURE_SIDE = 700
_AS_ADDRESS = "data:image/png;base64,"


def photo(content: bytes) -> Picture:
    """A photo of at most 1 MB; RefusedError if it is none."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(_opened(content, "photo")).convert("RGB")
    for side in _SIDES:
        upright.thumbnail((side, side))
        found = _jpeg(upright)
        if len(found) <= MOST_BYTES:
            break
    return Picture(PHOTO, "image/jpeg", found)


def signature(address: str) -> Picture | None:
    """A signature as the page sends it, a `data:` address; None if nothing was drawn."""
    if not address:
        return None
    try:
        content = base64.b64decode(address.removeprefix(_AS_ADDRESS), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    drawn = _opened(content, "signature").convert("RGBA")
    drawn.thumbnail((_SIGNATURE_SIDE, _SIGNATURE_SIDE))
    out = BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return Picture(SIGNATURE, "image/png", out.getvalue())


def _opened(content: bytes, what: str) -> Image:
    from PIL import Image

    try:
        # The size stands in the first bytes: what would fill the memory is refused before it is unpacked.
        found = Image.open(BytesIO(content), formats=_READ)
        if found.width * found.height <= _MOST_DOTS:
            found.load()
            return found
    except Exception:  # noqa: BLE001 - whatever is wrong with a file that somebody sends, it is no picture
        found = None
    message = f"{what}: this is no picture that can be read (JPEG, PNG or WebP)"
    raise RefusedError(message, (what,))


def _jpeg(picture: Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
