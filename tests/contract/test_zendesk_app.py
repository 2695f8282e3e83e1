"""The app's package, held against what Zendesk's validator and Zendesk's rules for apps ask for."""

import json
import re
import struct
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from mechanizer.outcome.next_action import _REFUSED
from mechanizer.outcome.status import STEPS

ROOT = Path(__file__).parents[2]
APP = ROOT / "zendesk_app"
SDK = "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"
LARGEST_ZIP = 60_000
# https://developer.zendesk.com/documentation/apps/app-developer-guide/styling/
LOGOS = {"logo.png": 320, "logo-small.png": 128}
LONGEST_SHORT_DESCRIPTION = 80
PARAMETER_TYPES = {
    *("text", "textarea", "url", "number", "checkbox", "dropdown", "date", "email", "hidden", "password"),
}
# Names of XML and of example addresses: nothing is loaded from them.
NAMES_ONLY = {"http://www.w3.org/2000/svg", "http://www.apache.org/licenses/LICENSE-2.0"}
PARSES_HTML = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|eval\("
)
OUTSIDE = re.compile(r"https?://[^\s\"'`)\\]+")


class Elements(HTMLParser):
    """Every element of a page: (name, attributes, text before the next one)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append([tag, dict(attributes), ""])

    def handle_data(self, data):
        if self.found:
            self.found[-1][2] += data


@pytest.fixture(scope="module")
def manifest():
    return json.loads((APP / "manifest.json").read_text())


@pytest.fixture(scope="module")
def english():
    return json.loads((APP / "translations/en.json").read_text())["app"]


@pytest.fixture(scope="module")
def page():
    return Elements((APP / "assets/iframe.html").read_text()).found


def sources(*endings):
    return [path for path in sorted(APP.rglob("*")) if path.suffix in endings]


def packaged(target, *arguments):
    command = [sys.executable, str(ROOT / "scripts/package_app.py"), str(target), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_manifest_has_all_that_zendesk_needs(manifest):
    assert set(manifest["author"]) >= {"name", "email"}
    assert manifest["defaultLocale"] == "en"
    assert manifest["frameworkVersion"] == "2.0"
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["location"] == {
        "support": {"ticket_sidebar": {"url": "assets/iframe.html", "flexible": True}}
    }
    assert all(re.fullmatch(r"([a-z0-9-]+\.)+[a-z]+", domain) for domain in manifest["domainWhitelist"])


def test_the_secret_is_one_that_zendesk_keeps_and_signs_with(manifest):
    parameters = {parameter["name"]: parameter for parameter in manifest["parameters"]}
    assert list(parameters) == ["api_url", "shared_secret"]
    assert all(parameter["type"] in PARAMETER_TYPES for parameter in parameters.values())
    secret = parameters["shared_secret"]
    assert (secret["secure"], secret["required"], secret["scopes"]) == (True, True, ["jwt_secret_key"])
    assert "default" not in secret
    assert not parameters["api_url"].get("secure")


def test_the_only_translation_is_complete(manifest, english):
    assert [path.stem for path in (APP / "translations").iterdir()] == [manifest["defaultLocale"]]
    for key in ("name", "short_description", "long_description", "installation_instructions"):
        assert english[key].strip()
    assert len(english["short_description"]) <= LONGEST_SHORT_DESCRIPTION
    assert set(english["parameters"]) == {parameter["name"] for parameter in manifest["parameters"]}
    for words in english["parameters"].values():
        assert words["label"].strip()
        assert words["helpText"].strip()


@pytest.mark.parametrize("name", LOGOS)
def test_a_logo_has_the_size_that_zendesk_shows(name):
    content = (APP / "assets" / name).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (LOGOS[name], LOGOS[name])


def test_the_icon_takes_the_color_of_what_is_around_it():
    icon = (APP / "assets/icon_ticket_sidebar.svg").read_text()
    assert 'viewBox="0 0 18 18"' in icon
    assert set(re.findall(r'fill="([^"]+)"', icon)) == {"currentColor"}
    assert "<script" not in icon


def test_the_page_has_no_inline_script_or_style(page):
    scripts = [(attributes, text.strip()) for tag, attributes, text in page if tag == "script"]
    assert [attributes["src"] for attributes, _ in scripts] == [SDK, "main.js"]
    assert not any(text for _, text in scripts)
    names = {name for _, attributes, _ in page for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert "style" not in {tag for tag, _, _ in page}


def test_every_file_that_the_page_names_is_there(page):
    named = [a.get("href") or a.get("src") for tag, a, _ in page if tag in ("link", "script", "img")]
    local = [name for name in named if name != SDK]
    imported = [
        name for path in sources(".js") for name in re.findall(r"from '\./([^']+)'", path.read_text())
    ]
    icons = re.findall(r'url\("(icons/[^"]+)"\)', (APP / "assets/app.css").read_text())
    for name in (*local, *imported, *icons):
        assert (APP / "assets" / name).is_file(), name
    used = {*local, *imported, *icons, "main.js"}
    there = {
        path.relative_to(APP / "assets").as_posix()
        for path in sources(".js", ".css")
        if path.name != "README.md"
    }
    assert there <= used


def test_nothing_is_loaded_from_outside_but_the_sdk():
    found = {
        address
        for path in sources(".js", ".css", ".html", ".svg")
        for address in OUTSIDE.findall(path.read_text())
    }
    assert {address.rstrip(".") for address in found} - NAMES_ONLY == {SDK}


def test_no_text_is_ever_parsed_as_html():
    assert not [path.name for path in sources(".js") if PARSES_HTML.search(path.read_text())]


def test_the_vendored_files_have_their_license():
    assert "Apache License" in (APP / "assets/garden/LICENSE.md").read_text()
    listed = (APP / "assets/garden/README.md").read_text()
    for path in (APP / "assets/garden").glob("*.css"):
        assert f"`{path.name}`" in listed


def test_what_to_do_is_said_in_the_words_of_the_api():
    """The dry run has no `next_action`: the app has the sentences of refusals itself."""
    words = (APP / "assets/words.js").read_text()
    (advice,) = re.findall(r"export const ADVICE = \{\n(.*?)\n\};", words, re.DOTALL)
    said = {
        code: sentence or other
        for code, sentence, other in re.findall(r"(\w+):\s+(?:'([^']*)'|\"([^\"]*)\"),", advice)
    }
    assert said == _REFUSED


def test_every_step_has_a_name_in_the_order_of_the_api():
    words = (APP / "assets/words.js").read_text()
    (steps,) = re.findall(r"export const STEPS = \{\n(.*?)\n\};", words, re.DOTALL)
    assert tuple(re.findall(r"^  (\w+):", steps, re.MULTILINE)) == STEPS


def test_the_package_is_small_and_the_same_each_time(tmp_path):
    first, again = tmp_path / "first.zip", tmp_path / "again.zip"
    for target in (first, again):
        assert packaged(target).returncode == 0
    assert first.read_bytes() == again.read_bytes()
    assert first.stat().st_size <= LARGEST_ZIP
    with ZipFile(first) as archive:
        names = archive.namelist()
    assert sorted(names) == sorted(p.relative_to(APP).as_posix() for p in APP.rglob("*") if p.is_file())
    assert {"manifest.json", "assets/iframe.html", "translations/en.json"} <= set(names)


def test_a_package_may_call_the_api_that_it_is_made_for_and_no_other(tmp_path):
    target = tmp_path / "app.zip"
    address = "https://abc123.execute-api.eu-west-1.amazonaws.com"
    assert packaged(target, address).returncode == 0
    with ZipFile(target) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["domainWhitelist"] == ["abc123.execute-api.eu-west-1.amazonaws.com"]
    assert manifest["parameters"][0]["default"] == address


def test_no_package_is_made_for_an_address_that_is_not_encrypted(tmp_path):
    refused = packaged(tmp_path / "app.zip", "http://abc123.example")
    assert refused.returncode == 2
    assert "https://" in refused.stderr
    assert not (tmp_path / "app.zip").exists()
