"""Chromium for tests, and somebody of the workspace who sits in front of it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from .support import PATIENCE

AXE = Path(sys.prefix) / "npm" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def a_browser() -> Iterator[Browser]:
    path = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if path is None:
        pytest.skip("There is no Chromium here. `./run test` says how to install it.")
    with sync_playwright() as playwright:
        args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


def a_page(browser: Browser, url: str = "") -> Page:
    """In a session of its own, whose paths begin at `url`."""
    context = browser.new_context(base_url=url or None, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE * 1000)
    return context.new_page()


def sign_in(page: Page, url: str, token: str) -> None:
    page.goto(f"{url}/sign-in/{token}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(url + "/")
