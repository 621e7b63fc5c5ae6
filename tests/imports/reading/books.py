"""Spreadsheets made by hand, also those that no program would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DAY = "day"
"""The first part of a cell with a date's number."""
ERROR = "error"

Sheet = tuple[str, str, Sequence[Sequence[Any]]]


def xlsx(rows: Sequence[Sequence[Any]], *, after: str = "", properties: str = "", strings: str = "") -> bytes:
    return book([("Sheet1", "visible", rows)], after=after, properties=properties, strings=strings)


def book(sheets: Sequence[Sheet], *, after: str = "", properties: str = "", strings: str = "", raw: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _parts(sheets, properties, strings).items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
        for number, (_, _, rows) in enumerate(sheets, 1):
            data = raw or "".join(_row(place, row) for place, row in enumerate(rows, 1))
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f"<worksheet {MAIN}><sheetData>{data}</sheetData>{after}</worksheet>",
            )
    return out.getvalue()


def _parts(sheets: Sequence[Sheet], properties: str, strings: str) -> dict[str, str]:
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="rId{n}"/>'
        for n, (name, state, _) in zip(numbers, sheets, strict=True)
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    related += f'<Relationship Id="rIdS" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    if strings:
        related += f'<Relationship Id="rIdT" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{RELATIONS}">{properties}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>',
        "xl/styles.xml": f'<styleSheet {MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    return parts | ({"xl/sharedStrings.xml": strings} if strings else {})


def _row(number: int, cells: Iterable[Any]) -> str:
    inner = "".join(_cell(f"{column(place)}{number}", value) for place, value in enumerate(cells) if value is not None)
    return f'<row r="{number}">{inner}</row>'


def _cell(place: str, value: Any) -> str:
    if isinstance(value, tuple):
        kind, inner = value
        return f'<c r="{place}" {"s" if kind == DAY else "t"}="{1 if kind == DAY else "e"}"><v>{inner}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def column(place: int) -> str:
    name, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def ods(rows: Sequence[Sequence[str]], *, encrypted: bool = False) -> bytes:
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = f"<office:document-content {names}><office:body><office:spreadsheet>"
    content += f'<table:table table:name="List">{cells}</table:table>'
    content += "</office:spreadsheet></office:body></office:document-content>"
    manifest = "<manifest:encryption-data/>" if encrypted else ""
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": f"<manifest:manifest>{manifest}</manifest:manifest>",
        }
    )


def zipped(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def far_corner() -> bytes:
    """Return 1.4 KB with two cells, between which a reader would want 512 GB."""
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return book([("S", "visible", [])], raw=corner)


def laughs() -> bytes:
    entities = '<!DOCTYPE a [<!ENTITY b "ha">' + "".join(
        f'<!ENTITY b{n} "{("&b" + (str(n - 1) if n else "") + ";") * 10}">' for n in range(10)
    )
    return xlsx([["Name"], ["A"]], strings=f"{entities}]><sst {MAIN}><si><t>&b9;</t></si></sst>")


def many_strings() -> bytes:
    return xlsx(
        [["Name"], ["A"]], strings=f'<sst {MAIN} count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'
    )


def white_space() -> bytes:
    return book([("S", "visible", [])], raw=" " * (150 << 20))
