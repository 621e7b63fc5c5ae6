"""axe-core over the page that a browser shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).parent.parent / "vendor" / "axe-4.14.1.min.js"
RUN = """async tags => {
    const options = {runOnly: tags, rules: {'target-size': {enabled: true}}, resultTypes: ['violations']};
    return (await axe.run(document, options)).violations;
}"""
"""Only what is wrong: all that passed would be described node by node, and sent."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page, only: Sequence[str] = TAGS) -> list[str]:
    """Return what axe finds in the page as it is now, a line for each rule; `only` are tags, or rules."""
    # By the debugger, for the page's own policy lets no foreign script in.
    debugger = page.context.new_cdp_session(page)
    debugger.send("Runtime.evaluate", {"expression": SOURCE.read_text()})
    debugger.detach()
    found = page.evaluate(RUN, only)
    return [f"{one['id']}: " + "; ".join(node["html"][:160] for node in one["nodes"]) for one in found]
