"""What the quick start says to do in the browser, done, up to the reply to the ping. See newcomer.sh."""

import re
import sys

from playwright.sync_api import expect

from tests.browser.conftest import chromium


def main(url: str) -> None:
    """Open the page at this address."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("link", name="lab", exact=True).click()
        page.locator("[aria-label^='PC1,']").click()
        page.get_by_role("button", name="Console").click()
        screen = page.locator(".terminal .xterm-accessibility")
        expect(screen).to_contain_text("PC1>")
        page.keyboard.type("ping 10.0.0.2 -t\n")
        expect(screen).to_contain_text("icmp_seq=1")
        page.keyboard.press("Control+C")
        expect(screen).to_contain_text(re.compile(r"icmp_seq=1.*PC1>", re.DOTALL))


if __name__ == "__main__":
    main(sys.argv[1])
