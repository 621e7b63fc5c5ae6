"""The system's Chromium for pytest-playwright."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, expect

from tests.servers import cannot_run, find_chromium

# A busy machine takes its time: what never comes fails all the same.
expect.set_options(timeout=20_000)

# Without these Chromium looks for updates, hosts and a sandbox that a test machine doesn't have.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the Chromium of the system: Playwright's own is not downloaded."""
    path = find_chromium()
    if path is None:
        cannot_run("The browser", "no chromium, chromium-browser or google-chrome was found.")
    return {**browser_type_launch_args, "executable_path": path, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A desktop that is the same on every machine."""
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "timezone_id": "Asia/Jakarta",
    }


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test does, no page of it may try what the Content-Security-Policy refuses."""
    complaints: list[str] = []
    opened = Browser.new_context

    def note(message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            complaints.append(f"{message.page and message.page.url}: {message.text}")

    def open_context(browser: Browser, **options: Any) -> BrowserContext:
        context = opened(browser, **options)
        context.on("console", note)
        return context

    monkeypatch.setattr(Browser, "new_context", open_context)
    yield
    assert complaints == []
