"""Pictures for the documents, which tests take on their way if GNS3TRIO_TEST_PICTURES names the folder for them.

``python -m tests.browser.picture`` runs them so. Without the variable, tests take none.
"""

import os
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page

from tests.browser.conftest import SCHEME


def take_picture(what: Page | Locator, name: str, *, also_dark: bool = False, seconds: float = 0, top: int = 0) -> None:
    """A picture of a page or of a part of it, ``seconds`` later, so that plots have something to show.

    The first ``top`` pixels of a part are left out. In dark colours, only those are taken that are wanted in both.
    """
    folder = os.environ.get("GNS3TRIO_TEST_PICTURES")
    if not folder or (SCHEME == "dark" and not also_dark):
        return
    page = what if isinstance(what, Page) else what.page
    page.wait_for_timeout(1000 * seconds)
    path = Path(folder, f"{name}-dark.png" if SCHEME == "dark" else f"{name}.png")
    path.parent.mkdir(exist_ok=True)
    if isinstance(what, Page):
        page.screenshot(path=path, animations="disabled", caret="hide")
        return
    box = what.bounding_box()
    assert box is not None
    area: FloatRect = {**box, "y": box["y"] + top, "height": box["height"] - top}
    page.screenshot(path=path, clip=area, animations="disabled", caret="hide")
