"""The page in headless Chromium, on a phone and on a desk."""

import pytest

# Milliseconds: a busy machine takes its time.
PATIENCE = 300_000
PHONE, DESK = {"width": 375, "height": 812}, {"width": 1280, "height": 800}
# Elements beyond the right edge that stand in no box which scrolls.
BEYOND = """[...document.querySelectorAll("body *")].filter(
    e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")
).map(e => e.outerHTML.slice(0, 200))"""
# Tables whose first column leaves when they are scrolled as far as they go.
FIRST_STAYS = """[...document.querySelectorAll("div.scroll")].filter(box => {
    box.scrollLeft = 1e6
    const moved = box.scrollLeft
    const cell = box.querySelector("tbody tr > :first-child").getBoundingClientRect()
    const left = cell.left - box.getBoundingClientRect().left
    box.scrollLeft = 0
    return moved > 0 && Math.abs(left) > 1
}).map(box => box.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("name", ["hostile", "alofi-rain"])
def test_nothing_overflows_and_nothing_complains(browser, page, tmp_path, name):
    path = tmp_path / "report.html"
    path.write_text(page(name), encoding="utf-8")
    tab = browser.new_page(viewport=PHONE)
    heard = []
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda r: heard.append(r.url) if r.url[:5] not in ("file:", "data:") else 0)
    tab.goto(path.as_uri(), timeout=PATIENCE)
    for size in (PHONE, DESK):
        tab.set_viewport_size(size)
        width, inner = tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert inner == size["width"]
        assert width <= inner
        assert tab.evaluate(BEYOND) == []
        assert tab.is_visible(".hint") == (size == PHONE)
        # Scrolled aside, a table keeps its first column in sight.
        assert tab.evaluate(FIRST_STAYS) == []
    drawn = tab.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(drawn) >= 4
    assert all(drawn)
    assert tab.evaluate("document.scripts.length") == 0
    if name == "hostile":
        assert "<script>alert(1)</script>" in tab.inner_text("main")
    assert heard == []
    tab.close()


def test_the_browser_would_hear_and_see(browser, tmp_path):
    """The test above can fail: a page that overflows and complains is found out."""
    path = tmp_path / "bad.html"
    path.write_text("<script>console.error('x')</script><div style='width: 2000px'>wide</div>")
    tab = browser.new_page(viewport=PHONE)
    heard = []
    tab.on("console", lambda message: heard.append(message.text))
    tab.goto(path.as_uri(), timeout=PATIENCE)
    assert heard == ["x"]
    assert tab.evaluate("document.documentElement.scrollWidth") > PHONE["width"]
    assert len(tab.evaluate(BEYOND)) == 1
    tab.close()
