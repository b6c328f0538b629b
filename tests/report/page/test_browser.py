"""The page in headless Chromium, on a phone and on a desk."""

import pytest

PHONE, DESK = (375, 812), (1280, 800)
NAMES = ["hostile", "smollm2-weekday", "two components"]


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_overflows_and_nothing_complains(browser, page, tmp_path, name, size):
    path = tmp_path / "report.html"
    path.write_text(page(name), encoding="utf-8")
    tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
    heard = []
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda r: heard.append(r.url) if r.url[:5] not in ("file:", "data:") else 0)
    tab.goto(path.as_uri())
    width, inner = tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert inner == size[0]
    assert width <= inner
    # Nor does anything stick out that is not in a box which scrolls.
    out = """[...document.querySelectorAll("body *")].filter(
        e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")
    ).map(e => e.outerHTML.slice(0, 200))"""
    assert tab.evaluate(out) == []
    images = "[...document.images].map(i => i.complete && i.naturalWidth > 0)"
    drawn = tab.evaluate(images)
    assert len(drawn) >= 4
    assert all(drawn)
    assert tab.evaluate("document.scripts.length") == 0
    if name == "hostile":
        assert "<script>alert(1)</script>" in tab.inner_text("main")
    assert heard == []
    tab.close()
