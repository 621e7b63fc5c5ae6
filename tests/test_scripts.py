"""The modules of the pages, and how they are joined into one script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from crm.web.scripts import joined
from tests.servers import ROOT

FOLDER = ROOT / "crm" / "static" / "js"
MODULES = sorted(FOLDER.glob("*.js"))
HIDDEN = ("method", "action", "elements", "name", "id", "target", "submit", "reset", "length", "enctype")
"""What a field of the same name hides of its form."""

sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)


@every_module
def test_a_module_is_small_and_says_at_its_top_what_it_does(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert re.match(r"// [A-Z].*[.:]$", lines[0])
    assert max(map(len, lines)) <= 120
    assert len(lines) <= 150


@every_module
def test_no_module_asks_a_form_for_what_a_field_may_hide(path: Path) -> None:
    assert re.findall(rf"\bform\.(?:{'|'.join(HIDDEN)})\b", path.read_text()) == []


@every_module
def test_no_module_speaks_a_language(path: Path) -> None:
    code = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    assert re.findall(r"""["'`>][A-Z][a-z]+[,.]? [a-z]+""", code) == [], "sentences stand in attributes of templates"


@sqlite_alone
def test_every_module_is_in_the_script_once(client: FlaskClient) -> None:
    script = client.get("/static/app.js")
    assert script.mimetype == "text/javascript"
    for path in MODULES:
        code = [line for line in path.read_text().splitlines() if not re.match(r" *//|import |export |$", line)]
        assert script.text.count(max(code, key=len, default="")) == 1 or not code, path.name


@sqlite_alone
def test_the_script_is_kept_for_a_year_and_asked_for_by_its_content(client: FlaskClient) -> None:
    page = client.get("/login", follow_redirects=True).text
    address = re.search(r'<script type="module" src="(/static/app\.js\?v=\w{10})">', page)
    assert address
    script = client.get(address[1])
    assert script.headers["Cache-Control"] == "public, max-age=31536000"
    assert client.get(address[1], headers={"If-None-Match": script.headers["ETag"]}).status_code == 304


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_what_is_imported_comes_first_and_the_rest_stays_private(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        main='import { one } from "./one.js";\nimport "./two.js";\nuse(one, here);\n',
        one="const here = 1;\nexport const one = here;\n",
        two='import { one } from "./one.js";\nexport async function two() { return one; }\nconst here = 2;\n',
    )
    functions = re.findall(
        r"const \{ (.*?) \} = \(\(\) => \{\n(.*?)return \{.*?\};\n\}\)\(\);", joined(folder, "main.js"), re.DOTALL
    )
    assert functions == [
        ("one", "const here = 1;\nconst one = here;\n"),
        ("two", "async function two() { return one; }\nconst here = 2;\n"),
        ("", "use(one, here);\n"),
    ]


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        ({"main": 'import "./one.js";\n', "one": 'import "./main.js";\n'}, "in a circle"),
        ({"main": 'import { two } from "./one.js";\n', "one": "export const one = 1;\n"}, "does not export two"),
        (
            {"main": 'import { a } from "./one.js";\nexport const a = 1;\n', "one": "export const a = 1;\n"},
            "two modules",
        ),
        ({"main": 'import * as one from "./one.js";\n', "one": ""}, "import \\* as one"),
        ({"main": "export default 1;\n"}, "export default"),
        ({"main": "export let count = 0;\n"}, "export let"),
    ],
)
def test_what_can_not_be_joined_is_refused(tmp_path: Path, modules: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        joined(write(tmp_path, **modules), "main.js")
