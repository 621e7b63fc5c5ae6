"""Remove active content from a PDF; pages, text and plain links stay.

Runs in a sandboxed process (`sandbox.py`). Streams are never unpacked, so that a small file can't become a large one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from crm.invoices import rules

# Actions that run, fetch, play, send or hide (ISO 32000-2, 12.6.4); GoTo and URI are allowed.
ACTIONS = frozenset(
    (
        *("JavaScript", "Launch", "SubmitForm", "ImportData", "ResetForm", "GoToR", "GoToE", "GoToDp", "Thread"),
        *("Hide", "Named", "Rendition", "Movie", "Sound", "RichMediaExecute", "GoTo3DView", "SetOCGState"),
        *("Trans", "SetState", "NOP"),
    )
)
ANNOTATIONS = frozenset(("RichMedia", "Movie", "Sound", "Screen", "3D", "FileAttachment"))
# Keys of actions, scripts, XFA forms and files; fonts, colours and glyphs may have these names too.
KEYS = frozenset(
    (
        *("/OpenAction", "/AA", "/JavaScript", "/JS", "/XFA", "/NeedsRendering", "/EmbeddedFiles", "/Collection"),
        *("/Renditions", "/Requirements", "/AlternatePresentations", "/RichMediaContent", "/RichMediaSettings"),
        *("/EF", "/RF", "/AF"),
    )
)
# Keys within /AA, /EF and /RF, name trees, and actions (7.11.4, 7.9.6, 12.6.3).
EVENTS = (
    *("/E", "/X", "/D", "/U", "/Fo", "/Bl", "/PO", "/PC", "/PV", "/PI", "/O", "/C", "/K", "/F", "/V"),
    *("/WC", "/WS", "/DS", "/WP", "/DP"),
)
FILES = ("/F", "/UF", "/DOS", "/Mac", "/Unix")
OF_NO_RESOURCE = frozenset(("/S", "/Names", "/Kids", "/EF", "/Assets", "/JS"))
COLOURS = frozenset(
    ("CalGray", "CalRGB", "Lab", "ICCBased", "Indexed", "Pattern", "Separation", "DeviceN", "DeviceRGB", "DeviceGray")
)
RESOURCES = frozenset(("Font", "ExtGState", "Pattern", "OCG", "OCMD"))
# A graphics state needs no /Type (8.4.5, table 57).
GRAPHICS_STATE = frozenset(
    (
        *("/Type", "/LW", "/LC", "/LJ", "/ML", "/D", "/RI", "/OP", "/op", "/OPM", "/Font", "/BG", "/BG2", "/UCR"),
        *("/UCR2", "/TR", "/TR2", "/HT", "/FL", "/SM", "/SA", "/BM", "/SMask", "/CA", "/ca", "/AIS", "/TK"),
    )
)
# Keys of a stream whose content is in another file.
EXTERNAL = frozenset(("/F", "/FFilter", "/FDecodeParms", "/Ref", "/OPI"))
LINKS = (b"http://", b"https://", b"mailto:", b"tel:")


def prepare() -> None:
    """Make qpdf open its random source, needed for encrypted files, before isolation forbids opening files."""
    with pikepdf.new() as pdf:
        pdf.save(io.BytesIO(), encryption=pikepdf.Encryption(user="", owner=""))


def clean_pdf(content: bytes, target: BinaryIO) -> tuple[int, str]:
    """Write the PDF without active content or password, and return its pages and a notice; raises rules.Refused."""
    try:
        pages, notice = _write_clean(rules.pdf_within(content), target)
        _check_written(target, pages)
    except pikepdf.PasswordError as error:
        raise rules.Refused(rules.PROTECTED) from error
    except (pikepdf.PdfError, ValueError) as error:
        is_locked = "unsupported encryption" in str(error)
        raise rules.Refused(rules.PROTECTED if is_locked else rules.DAMAGED_PDF) from error
    return pages, notice


def _write_clean(content: bytes, target: BinaryIO) -> tuple[int, str]:
    with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
        pages = len(pdf.pages)
        if pages == 0:
            raise rules.Refused(rules.NO_PAGES)
        if pages > rules.MAX_PAGES:
            raise rules.Refused(rules.TOO_MANY_PAGES)
        if _is_live_form(pdf):
            raise rules.Refused(rules.LIVE_FORM)
        is_cover = pages == 1 and _is_portfolio(pdf)
        has_form = _has_form(pdf)
        attached: dict[str, None] = {}
        for item in _dictionaries(pdf):
            attached |= dict.fromkeys(_attached(item))
            _scrub(item)
        if is_cover and attached:
            raise rules.Refused(rules.PORTFOLIO)
        for page in pdf.pages:
            _drop_emptied_annotations(page.obj)
        pdf.save(
            target,
            encryption=False,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.preserve,
        )
    notices = (rules.attached(list(attached)), rules.FORM if has_form else "")
    return pages, "\n".join(filter(None, notices))


def _is_portfolio(pdf: Pdf) -> bool:
    collection = pdf.Root.get("/Collection")
    return isinstance(collection, Dictionary) and _name(collection, "/View") != "H"


def _has_form(pdf: Pdf) -> bool:
    form = pdf.Root.get("/AcroForm")
    return isinstance(form, Dictionary) and "/XFA" in form


def _is_live_form(pdf: Pdf) -> bool:
    """Detect a form that makes its pages when opened; its static page only says that a reader can't do that."""
    if not _has_form(pdf):
        return False
    fields = pdf.Root.AcroForm.get("/Fields")
    makes_pages: object = pdf.Root.get("/NeedsRendering")
    return makes_pages is True or not (isinstance(fields, Array) and len(fields))


def _attached(item: Object) -> list[str]:
    files = item.get("/EF")
    if not isinstance(files, Dictionary) or _is_resource(files):
        return []
    name = item.get("/UF", item.get("/F"))
    return [str(name) if isinstance(name, pikepdf.String) else "a file"]


def _check_written(target: BinaryIO, pages: int) -> None:
    target.seek(0)
    with pikepdf.open(target, suppress_warnings=True, attempt_recovery=False) as pdf:
        if len(pdf.pages) != pages or any(_is_active(item) for item in _dictionaries(pdf)):
            raise ValueError("the cleaned PDF is not what it should be")


def _dictionaries(pdf: Pdf) -> Iterator[Object]:
    """Yield each dictionary and stream once; references are not followed, so loops do no harm."""
    for root in (pdf.trailer, *pdf.objects):
        waiting: list[object] = [root]
        while waiting:
            item = waiting.pop()
            if isinstance(item, Dictionary | Stream):
                # Before the yield, because the caller may empty the item.
                waiting += (value for _, value in item.items() if _is_direct(value))
                yield item
            elif isinstance(item, Array):
                waiting += (value for value in item if _is_direct(value))


def _is_direct(value: object) -> bool:
    return isinstance(value, Dictionary | Array) and not value.is_indirect


def _scrub(item: Object) -> None:
    for key in _active_keys(item):
        del item[key]
    if _is_emptied_whole(item):
        for key in list(item.keys()):
            if key != "/Length":
                del item[key]
        if isinstance(item, Stream):
            item.write(b"")


def _is_active(item: Object) -> bool:
    return bool(_active_keys(item)) or _is_emptied_whole(item)


def _active_keys(item: Object) -> list[str]:
    keys = [key for key in item.keys() if key in KEYS and _acts(key, item[key])]  # noqa: SIM118 - iterating an Object is not its keys.
    if isinstance(item, Stream):
        keys += [key for key in EXTERNAL if key in item]
    return keys


def _acts(key: str, value: object) -> bool:
    """Say whether a reader would act on this value under this key, rather than draw with it."""
    if isinstance(value, Stream):
        # A glyph or picture of that name; only scripts and XFA forms are streams themselves.
        return key in ("/JS", "/XFA") and (key == "/XFA" or _name(value, "/Subtype") not in ("Image", "Form"))
    return not _is_resource(value)


def _is_resource(value: object) -> bool:
    """Say whether this is a font, colour space, graphics state, pattern or layer with a name like an active key.

    A false claim to be one is harmless: such a dictionary has nothing that a reader could run or open.
    """
    if isinstance(value, Array):
        return len(value) > 0 and isinstance(value[0], Name) and str(value[0])[1:] in COLOURS
    if not isinstance(value, Dictionary):
        return isinstance(value, Name)
    keys = set(value.keys())
    events = any(isinstance(value.get(key), Dictionary) for key in EVENTS)
    if events or any(isinstance(value.get(key), Stream | Array) for key in FILES) or keys & OF_NO_RESOURCE:
        return False
    known = _name(value, "/Type") in RESOURCES or "/PatternType" in keys or "/ShadingType" in keys
    return known or bool(keys and keys <= GRAPHICS_STATE)


def _is_emptied_whole(item: Object) -> bool:
    """Say whether this is an active action or annotation, or a file, which is emptied wherever it hangs."""
    action = _name(item, "/S")
    if action in ACTIONS or (action == "URI" and not _is_plain_link(item)):
        return True
    return _name(item, "/Subtype") in ANNOTATIONS or _name(item, "/Type") == "EmbeddedFile"


def _is_plain_link(action: Object) -> bool:
    uri = action.get("/URI")
    return isinstance(uri, pikepdf.String) and bytes(uri).strip().lower().startswith(LINKS)


def _name(item: Object, key: str) -> str:
    value = item.get(key)
    return str(value)[1:] if isinstance(value, Name) else ""


def _drop_emptied_annotations(page: Object) -> None:
    annotations = page.get("/Annots")
    if isinstance(annotations, Array):
        page["/Annots"] = Array([item for item in annotations if isinstance(item, Dictionary) and len(item)])
