"""Pictures for the documentation, as small as they may be: WebP, which the browser makes itself."""

import base64
import os
from pathlib import Path
from typing import cast

from playwright.async_api import Page

TAKES_PICTURES = bool(os.environ.get("PICTURES"))
"""Whether this run writes the pictures of the documentation."""
QUALITY = 60
"""Of a hundred: letters stay sharp, and a page takes 20 to 40 KB."""


async def take_picture(tab: Page, file: Path) -> None:
    """Write what the tab shows, as far down as the page goes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    at_devtools = await tab.context.new_cdp_session(tab)
    try:
        clip: dict[str, int] = await tab.evaluate(
            "({x: 0, y: 0, width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight, "
            "scale: 1})"
        )
        how = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
        asked = at_devtools.send("Page.captureScreenshot", how)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] it has no type
        taken = cast("dict[str, str]", await asked)
    finally:
        await at_devtools.detach()
    file.write_bytes(base64.b64decode(taken["data"]))
