"""Take out of a PDF what could act by itself; pages, text and plain links stay.

Runs in a process of its own (`sandbox.py`): what it reads comes from strangers. Streams are never unpacked, so
that a small file can't become a large one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from crm.invoices import rules

# The actions of ISO 32000-2, 12.6.4, that run, fetch, play, send or hide. GoTo and URI are what is left.
ACTIONS = frozenset(
    (
        *("JavaScript", "Launch", "SubmitForm", "ImportData", "ResetForm", "GoToR", "GoToE", "GoToDp", "Thread"),
        *("Hide", "Named", "Rendition", "Movie", "Sound", "RichMediaExecute", "GoTo3DView", "SetOCGState"),
        *("Trans", "SetState", "NOP"),
    )
)
ANNOTATIONS = frozenset(("RichMedia", "Movie", "Sound", "Screen", "3D", "FileAttachment"))
# Where actions, scripts, forms that are programs, and files hang.
KEYS = frozenset(
    (
        *("/OpenAction", "/JavaScript", "/JS", "/XFA", "/NeedsRendering", "/EmbeddedFiles", "/Collection"),
        *("/Renditions", "/Requirements", "/AlternatePresentations", "/RichMediaContent", "/RichMediaSettings"),
    )
)
# The same, but short enough to be somebody's name for a glyph or picture too, which would be a stream.
SHORT_KEYS = frozenset(("/AA", "/EF", "/RF", "/AF"))
# Where a stream says that its content is in another file.
EXTERNAL = frozenset(("/F", "/FFilter", "/FDecodeParms", "/Ref", "/OPI"))
LINKS = (b"http://", b"https://", b"mailto:", b"tel:")


def clean_pdf(source: Path, target: Path) -> int:
    """Write the PDF without active content and return its number of pages; raise rules.Refused."""
    with source.open("rb") as file:
        if rules.sniff(file.read(rules.HEAD)) != "pdf":
            raise rules.Refused(rules.WRONG_TYPE)
    try:
        pages = _write_clean(source, target)
        _check_written(target, pages)
    except pikepdf.PasswordError as error:
        raise rules.Refused(rules.PROTECTED) from error
    except (pikepdf.PdfError, ValueError) as error:
        raise rules.Refused(rules.DAMAGED_PDF) from error
    return pages


def _write_clean(source: Path, target: Path) -> int:
    with pikepdf.open(source, suppress_warnings=True) as pdf:
        if pdf.is_encrypted:
            raise rules.Refused(rules.PROTECTED)
        pages = len(pdf.pages)
        if pages == 0:
            raise rules.Refused(rules.NO_PAGES)
        if pages > rules.MAX_PAGES:
            raise rules.Refused(rules.TOO_MANY_PAGES)
        for item in _dictionaries(pdf):
            _scrub(item)
        for page in pdf.pages:
            _drop_emptied_annotations(page.obj)
        pdf.save(
            target,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.preserve,
        )
    return pages


def _check_written(target: Path, pages: int) -> None:
    with pikepdf.open(target, suppress_warnings=True, attempt_recovery=False) as pdf:
        if len(pdf.pages) != pages or any(_is_active(item) for item in _dictionaries(pdf)):
            raise ValueError("the cleaned PDF is not what it should be")


def _dictionaries(pdf: Pdf) -> Iterator[Object]:
    """Yield every dictionary and stream once: the indirect ones, and the direct ones inside each of them.

    References are not followed, since what they lead to has its own turn. So a loop can't hold it up.
    """
    for root in (pdf.trailer, *pdf.objects):
        waiting: list[object] = [root]
        while waiting:
            item = waiting.pop()
            if isinstance(item, Dictionary | Stream):
                yield item
                waiting += (value for _, value in item.items() if _is_direct(value))
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
    keys = [key for key in item.keys() if key in KEYS]  # noqa: SIM118 - iterating an Object is not its keys.
    keys += [key for key in SHORT_KEYS if key in item and not isinstance(item[key], Stream)]
    if isinstance(item, Stream):
        keys += [key for key in EXTERNAL if key in item]
    return keys


def _is_emptied_whole(item: Object) -> bool:
    """Whether this is an action or annotation that acts, or a file; wherever it hangs, nothing may be left of it."""
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
