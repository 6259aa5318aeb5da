"""The web UI of GNS3 3, unmodified, in a real browser at our server."""

from playwright.sync_api import Browser

from tests.e2e.conftest import StartServer
from tests.peers.gns3_3 import web_ui_of_gns3_3
from tests.peers.web_ui_3 import PASSWORD, USER, new_page, use

# What it also shows in its console at gns3-server 3.0.6: it counts its visitors at another host, which is out of reach
# here, and asks who is logged in before anybody is.
ITS_OWN = ("net::ERR_FAILED", "googletagmanager", "status of 401")


def test_a_session(browser: Browser, start_server: StartServer) -> None:
    server = start_server("--web-ui-path", str(web_ui_of_gns3_3()), "--user", USER, "--password", PASSWORD)
    wrong: list[str] = []
    with new_page(browser, server.url, wrong) as page:
        use(page, server.url)
    assert [text for text in wrong if not any(own in text for own in ITS_OWN)] == []
    assert sum("status of 401" in text for text in wrong) == 1
