"""No regular expression of the product takes more time than its text is long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crm.messages.channels.registry import all_channels
from tests.factories import Cast, make_customer

ROOT = Path(__file__).resolve().parent.parent


def _try(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run patterns in a process that ends itself when they take too long."""
    command = [sys.executable, "-m", "tests.patterns", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_each_pattern_is_quick_on_50_000_hostile_characters() -> None:
    done = _try()
    *slow, count = done.stdout.splitlines() or ["nothing was tried"]
    assert (done.returncode, slow) == (0, []), done.stderr
    assert int(count.split()[0]) > 80


@pytest.mark.parametrize("pattern", [r"\{\{\s*\w*\s*\}\}", r"(a+)+$", r"\d+\s*\d+x", r"[ a]*,[ a]*;"])
def test_a_pattern_that_goes_over_its_text_again_and_again_is_found(pattern: str) -> None:
    assert "argument: " in _try(pattern).stdout


def test_a_text_without_end_is_refused_before_it_is_read(cast: Cast) -> None:
    with cast.owner.acting():
        make_customer()
    body = "a{{" + " " * 400_000 + "b"
    client = cast.manager.client()
    for channel in all_channels():
        shown = client.post("/settings/templates/preview", data={"body": body, "channel": channel})
        assert (shown.status_code, "Shorten the text by" in shown.text) == (200, True)
        form = {"name": "Long", "body": body, "channel": channel, "idempotency_key": f"k{channel}"}
        refused = client.post("/settings/templates", data=form)
        assert refused.status_code == 422
        assert f"has room for {channel.max_length:,}" in refused.text
    parameters = "\n".join(["{{" + " " * 200_000 + "b"] * 2)
    form = {"name": "Long", "body": "Hi", "channel": "whatsapp", "parameters": parameters, "approved_name": "a"}
    for url, status in (("/settings/templates/preview", 200), ("/settings/templates", 422)):
        answer = client.post(url, data=form)
        assert (answer.status_code, "Shorten the parameters" in answer.text) == (status, True)
