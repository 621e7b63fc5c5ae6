"""Files of the storage as downloads."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from flask import Response, abort

from crm.kernel import storage
from crm.kernel.storage import StorageError
from crm.values.language import gettext as _


def download(key: str, filename: str, mimetype: str) -> Response:
    """Stream a stored file; 404 when it is gone, 503 when the storage is away."""
    try:
        size, chunks = storage.current().stream(key)
    except FileNotFoundError:
        abort(404, _("The file is no longer in the storage."))
    except StorageError:
        abort(503, _("The file can't be read right now. Try again in a minute."))
    response = Response(chunks, mimetype=mimetype)
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", **disposition(filename))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def disposition(name: str) -> dict[str, str]:
    """Return the parameters of `Content-Disposition: attachment` (RFC 6266): plain ASCII, and the name itself."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()+-]", "_", plain).strip()
    if plain.startswith("."):
        plain = f"file{plain}"
    # RFC 5987: unescaped characters.
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"}
