"""The page that describes the interface, in a real browser."""
import contextlib

import pytest

from support.browser import PROGRAM, Browser


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_shows_no_markup(server, width):
    if PROGRAM is None:
        pytest.skip("no Chromium on this machine")
    with contextlib.closing(Browser(width=width)) as browser:
        browser.send("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 500)
        browser.open(server.url + "/docs")
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert "`" not in browser.run("document.body.innerText")
        assert browser.complaints() == [] and browser.requested() == [server.url + "/docs"]
