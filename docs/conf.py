"""How the documentation is built.

Every page runs. A tutorial is a MyST notebook (Markdown with code cells), an
example is a plain script in ``examples/``; both are executed against this
working tree, and a cell that fails stops the build. Formulas become MathML
here, at build time, so the finished site needs no network and no server: open
``_build/html/index.html`` from disk.

    python -m sphinx -M html docs docs/_build -W -j auto
    python docs/_ext/check_offline.py docs/_build/html

When a cell fails, ``-D nb_execution_raise_on_error=0`` builds on and shows the
cell with its traceback; ``-D nb_execution_mode=cache`` runs only pages whose code
changed, for authors in a hurry.
"""

import os
import sys
import tomllib
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent

# Autodoc imports the packages in this process, each page in a kernel of its
# own: both must see this working tree, whatever else is installed.
sys.path[:0] = [str(ROOT), str(DOCS / "_ext")]
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)

# -- The project -------------------------------------------------------------

project = "minigrad: a neuron, a layer, an LSTM"
author = "the minigrad authors"
pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
release = pyproject["project"]["version"]
html_title = f"minigrad {release}"  # on every page: above the sidebar, after the title

# -- Pages -------------------------------------------------------------------

extensions = ["myst_nb", "sphinx.ext.autodoc"]
extensions += ["kernels", "mathml", "notebooks", "plain_docstrings"]  # in _ext

# Scripts count as pages (see nb_custom_formats), so what is no page is named.
exclude_patterns = ["_build", "_ext", "conf.py", "make_pictures.py"]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# -- Execution ---------------------------------------------------------------

nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_show_tb = True  # for builds that are told to go on
nb_execution_in_temp = True  # what a page writes must not land in the source tree
nb_execution_timeout = 120
nb_merge_streams = True
nb_code_prompt_show = "Show the {type}"
nb_code_prompt_hide = "Hide the {type}"
nb_render_markdown_format = "myst"  # tables that a cell prints may hold formulas
nb_output_stderr = "warn"  # a stray warning would name a path: with -W it stops us

# -- Docstrings --------------------------------------------------------------

autodoc_member_order = "bysource"  # the order of the argument
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"exclude-members": "clock"}
default_role = "py:obj"  # `name` in a docstring: a link where there is one

# -- Appearance --------------------------------------------------------------

html_theme = "furo"
html_math_renderer = "mathml"
pygments_dark_style = "github-dark"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_js_files = ["pictures.js"]
html_show_search_summary = False  # a page opened from disk may not fetch them
html_copy_source = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#7a5200",
        "color-brand-content": "#7a5200",
        "color-brand-visited": "#6a4a6e",
    },
    "dark_css_variables": {
        "color-brand-primary": "#f2c14e",
        "color-brand-content": "#f2c14e",
        "color-brand-visited": "#d3a8d8",
    },
}


# -- Examples as pages -------------------------------------------------------


def copy_examples(app):
    """Bring ``examples/*.py`` in as ``docs/examples/*.py``, where Sphinx finds pages.

    Only what changed is written, so an unchanged example is not run again, and
    the copy of an example that was deleted or renamed goes.
    """
    copies = DOCS / "examples"
    copies.mkdir(exist_ok=True)
    originals = {path.name: path.read_bytes() for path in ROOT.glob("examples/*.py")}
    for copy in copies.glob("*.py"):
        if copy.name not in originals:
            copy.unlink()
    for name, source in originals.items():
        copy = copies / name
        if not copy.exists() or copy.read_bytes() != source:
            copy.write_bytes(source)


def setup(app):
    """Copy the examples before Sphinx looks for pages; say where the site will be."""
    os.environ["MINIGRAD_SITE"] = str(
        app.outdir
    )  # for a page that shows a file it made
    app.connect("builder-inited", copy_examples)
