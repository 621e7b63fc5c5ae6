"""Why a file can't be read, and what was noticed while it was."""

from __future__ import annotations

from crm.values.language import N_
from crm.values.stored import stored

EMPTY = stored(N_("This file is empty. Choose another one."))
NO_ROWS = stored(N_("There is a header in this file, but no row below it."))
TOO_BIG = stored(N_("This file has more than 50 MB. Split it, and import the parts one by one."))
TOO_MANY_ROWS = stored(N_("There are more than 200,000 rows in this file. Split it, and import the parts."))
TOO_MANY_COLUMNS = stored(N_("There are more than 500 columns in this file. Keep those with your customers' details."))
TOO_LONG_CELL = stored(
    N_("A cell in row %(row)s has more than 32,767 characters. Shorten it and choose the file again.")
)
PASSWORD = stored(N_("This file has a password. Save it without one and choose that."))
PDF = stored(N_("This is a PDF, whatever its name says. Export the list as CSV or Excel and choose that."))
HTML = stored(
    N_("This is a web page (HTML), whatever its name says. Open it in Excel, save it as .xlsx or CSV, and choose that.")
)
PICTURE = stored(N_("This is a picture. Export the list as CSV or Excel and choose that."))
WORD = stored(N_("This is a text document. Save its table as CSV or Excel and choose that."))
NUMBERS = stored(N_("This is a file of Apple Numbers. Export it there as CSV or Excel and choose that."))
XML = stored(N_("This is an XML file. Open it in Excel, save it as .xlsx or CSV, and choose that."))
ARCHIVE = stored(N_("This file is compressed in a way that can't be opened here. Unpack it and choose the list in it."))
JSON = stored(
    N_("This is JSON. Only lines of one JSON object each are read here; export the list as CSV and choose that.")
)
NOT_TEXT = stored(N_("This is not a list: it holds neither text nor a spreadsheet. Choose a CSV, Excel or vCard file."))
ZIP_BOMB = stored(N_("This ZIP becomes too large when it is unpacked. Unpack it and choose the list in it."))
ZIP_WITHOUT_LISTS = stored(N_("There is no CSV file in this ZIP. Unpack it and choose the list in it."))
UNREADABLE = stored(N_("This file can't be read: it is damaged or cut off. Open it in Excel, and save it as CSV."))
TOO_COMPLEX = stored(N_("This file can't be read: it takes too much time or memory. Open it in Excel, save it as CSV."))
INTERRUPTED = stored(N_("Reading was interrupted. Try again."))
NEVER_CLOSED = stored(
    N_("The quotation mark opened in line %(line)s is never closed. Close it and choose the file again.")
)
WRONG_ENCODING = stored(N_("The letters of this file can't be read as %(encoding)s. Choose another encoding."))

NUL_BYTES = stored(N_("There were empty bytes in this file. They were left out."))
CUT_LETTERS = stored(N_("Some letters of this file could not be read and are shown as �."))
HIDDEN_SHEETS = stored(N_("Hidden sheets of this file were left out."))
SEVERAL_FILES = stored(N_("This ZIP has several lists. Their rows are counted on from one to the next: %(names)s."))

TOO_MANY_CELLS = stored(
    N_("This row has more cells than there are columns. A separator may stand in a text without quotes.")
)
BROKEN_CARD = stored(N_("This contact card is broken: its end is missing."))
NO_OBJECT = stored(N_("This line is not a JSON object."))
