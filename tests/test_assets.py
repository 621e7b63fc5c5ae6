"""The static files: light enough for a phone, complete, and with their licences."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from crm.web.scripts import plain_styles
from tests.servers import ROOT

STATIC = ROOT / "crm" / "static"
TEMPLATES = ROOT / "crm" / "templates"
ICON_CALL = re.compile(r"\bicon\(\s*\"([a-z-]+)\"")


def test_scripts_and_styles_are_light() -> None:
    files = [path for path in STATIC.rglob("*.*") if path.suffix in (".js", ".css", ".svg")]
    # Pages of customers load nothing else than what is in a folder of its own (tests/customer_page/test_card.py).
    files = [path for path in files if path.parent.name != "customer"]
    weights = {path: len(gzip.compress(served(path))) for path in files}
    del weights[STATIC / "vendor" / "bootstrap-rtl-5.3.8.min.css"]  # a page loads one of the two
    scripts = sum(weight for path, weight in weights.items() if path.suffix == ".js")
    assert scripts <= 48 * 1024  # even one by one
    assert sum(weights.values()) <= 96 * 1024  # leaves 14 KB of the 110 for the page itself


def served(path: Path) -> bytes:
    """Return a file as browsers get it: the styles without their comments."""
    return plain_styles(path).encode() if path == STATIC / "app.css" else path.read_bytes()


def test_the_styles_have_no_left_and_right() -> None:
    """A page that runs from right to left is the mirror image of the others."""
    styles = (STATIC / "app.css").read_text()
    sides = r"(margin|padding|border)-(left|right)|text-align: (left|right)|(?<=[ {;])(left|right|float):(?! none)"
    assert [line for line in styles.splitlines() if re.search(sides, line)] == []
    for corners in re.findall(r"(?:margin|padding|inset): ([^;{}()]+);", styles):
        sizes = corners.split()
        assert len(sizes) < 4 or sizes[1] == sizes[3], corners


def test_every_icon_is_in_the_sprite() -> None:
    there = set(re.findall(r'<symbol id="([a-z-]+)"', (STATIC / "icons.svg").read_text()))
    asked = {name for path in TEMPLATES.rglob("*.html") for name in ICON_CALL.findall(path.read_text())}
    assert asked
    assert asked <= there


def test_vendored_files_carry_version_and_licence() -> None:
    vendored = [*(STATIC / "vendor").glob("*"), *(ROOT / "tests" / "vendor").glob("*")]
    files = [path for path in vendored if path.suffix in (".js", ".css")]
    assert files
    for path in files:
        stem = path.name.removesuffix(path.suffix).removesuffix(".min")
        assert re.search(r"-\d+\.\d+\.\d+$", stem), path.name
        assert licence(path, stem).exists(), path.name


def licence(path: Path, stem: str) -> Path:
    return path.with_name(f"{stem}.LICENSE.txt")
