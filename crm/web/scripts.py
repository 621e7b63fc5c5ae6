"""Join the modules of static/js, each as a function, into one script: a first page may make eight requests.

Comments stay behind, of the styles too: they are a sixth of what a browser would load.
"""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(r'^import (?:\{ ([\w, ]+) \} from )?"\./(\w+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:const|function) (\w+))", re.MULTILINE)
COMMENT_LINE = re.compile(r"^ *//.*\n", re.MULTILINE)
STYLE_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
OTHER_FORM = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def joined(folder: Path, entry: str) -> str:
    exports: dict[str, list[str]] = {}
    parts: list[str] = []

    def add(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise ValueError(f"{' → '.join((*importers, name))}: modules may not import each other in a circle")
        if name in exports:
            return
        text = (folder / name).read_text(encoding="utf-8")
        for names, other in IMPORT.findall(text):
            add(other, (*importers, name))
            for wanted in filter(None, names.split(", ")):
                if wanted not in exports[other]:
                    raise ValueError(f"{name}: {other} does not export {wanted}")
        exports[name] = [found[1] for found in EXPORT.findall(text)]
        parts.append(_function(name, text, exports[name]))

    add(entry, ())
    names = [name for found in exports.values() for name in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)}: two modules export this name")
    return COMMENT_LINE.sub("", "\n".join(parts))


def plain_styles(path: Path) -> str:
    return STYLE_COMMENT.sub("", path.read_text(encoding="utf-8"))


def _function(name: str, text: str, exports: list[str]) -> str:
    body = EXPORT.sub(r"\1", IMPORT.sub("", text))
    if other := OTHER_FORM.search(body):
        raise ValueError(f"{name}: write {other[0]!r} as `import {{ names }} from` or `export const` or `function`")
    names = ", ".join(exports)
    return f"const {{ {names} }} = (() => {{\n{body}return {{ {names} }};\n}})();\n"
