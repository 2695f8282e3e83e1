"""The script that stands in for the one on Zendesk's CDN: the vendored modules, joined for a browser."""

from pathlib import Path

LIB = Path(__file__).with_name("vendor") / "zendesk_app_framework_sdk" / "lib"
MODULES = ("utils", "client", "index")


def bundle() -> str:
    """Defines ``window.ZAFClient``, as the official script does."""
    modules = "".join(
        f"'./{name}': function (module, require) {{\n{(LIB / f'{name}.js').read_text()}\n}},\n"
        for name in MODULES
    )
    return f"""(function () {{
var modules = {{
{modules}}};
var loaded = {{}};
function require(name) {{
  if (!loaded[name]) {{
    loaded[name] = {{ exports: {{}} }};
    modules[name](loaded[name], require);
  }}
  return loaded[name].exports;
}}
window.ZAFClient = require('./index');
}})();
"""
