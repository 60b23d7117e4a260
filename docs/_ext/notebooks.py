r"""Every page that runs is a notebook, too, made from the same source.

    python docs/_ext/notebooks.py FOLDER          # write all notebooks there
    python docs/_ext/notebooks.py FOLDER --run    # and run those of docs/learn

The build writes them into the site, and each page ends in a link to its own. Jupyter
knows no numbered equations and no directives: `$$ ... $$ (name)` becomes `\tag{1}`, and
``{eq}`name` `` becomes (1), with the number that the page shows; a link to another page
leads to that page's notebook.
"""

import argparse
import os
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import jupytext
import nbformat

DOCS = Path(__file__).resolve().parents[1]
EQUATION = re.compile(
    r"\$\$\s*$(.*?)^\s*\$\$ *(?:\(([\w-]+)\))?", re.DOTALL | re.MULTILINE
)
DIRECTIVE = re.compile(r"^```\{(?!code-cell).*?^```\n", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[([^]]+)\]\((?!https?:)([^)#\s]+)\.(?:md|py)(#[^)]*)?\)")
HIDDEN = {"hide-input", "remove-input", "remove-cell"}


def pages():
    """Return every page with cells of code: its name in Sphinx, and its file."""
    written = [
        p for p in DOCS.rglob("*.md") if "```{code-cell}" in p.read_text("utf-8")
    ]
    found = {str(p.relative_to(DOCS).with_suffix("")): p for p in written}
    examples = DOCS.parent.glob("examples/*.py")
    return dict(
        sorted({**found, **{f"examples/{p.stem}": p for p in examples}}.items())
    )


def notebook(name):
    """Return the notebook of a page."""
    path = pages()[name]
    text, fmt = path.read_text("utf-8"), "py:percent"
    if path.suffix == ".md":
        text, fmt = text.split("---\n", 2)[2], "md:myst"
    made = jupytext.reads(text, fmt)
    numbers = {}
    for k, cell in enumerate(made.cells):
        cell.id = f"cell-{k}"  # else a new one at each build
        if cell.cell_type == "markdown":
            cell.source = EQUATION.sub(partial(_numbered, numbers), cell.source)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = _readable(cell.source, numbers, name)
        elif HIDDEN & set(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made.metadata = nbformat.from_dict({"kernelspec": python})
    return made


def _numbered(numbers, equation):
    text, label = equation.groups()
    if label is None:
        return f"$$\n{text.strip()}\n$$"
    numbers[label] = len(numbers) + 1
    return f"$$\n{text.strip()} \\tag{{{numbers[label]}}}\n$$"


def _readable(text, numbers, name):
    text = DIRECTIVE.sub("", text)
    text = re.sub(r"\{eq\}`([\w-]+)`", lambda found: f"({numbers[found[1]]})", text)
    known, folder = pages(), (DOCS / name).parent

    def link(found):
        words, page, part = found.groups()
        is_known = os.path.relpath(folder / page, DOCS) in known
        return f"[{words}]({page}.ipynb{part or ''})" if is_known else words

    return LINK.sub(link, text)


def write(folder):
    """Write all notebooks into a folder, lying as the pages do; yield their paths."""
    for name in pages():
        path = Path(folder, f"{name}.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook(name), path)
        yield path


def run(path):
    """Run a notebook beside its file, as a reader would; an error is raised."""
    import kernels
    from nbclient import NotebookClient

    kernels.setup(None)
    made = nbformat.read(path, as_version=4)
    NotebookClient(
        made, timeout=120, resources={"metadata": {"path": path.parent}}
    ).execute()
    return path


def _offer(app, pagename, templatename, context, doctree):
    if pagename in pages():
        there = os.path.relpath(f"notebooks/{pagename}.ipynb", Path(pagename).parent)
        link = f'<a href="{there}" download>Download this page as a notebook</a>'
        context["body"] += f'<p class="notebook">{link}</p>'


def _written(app, exception):
    if exception is None:
        list(write(Path(app.outdir, "notebooks")))


def setup(app):
    """Write the notebooks into the site, and link each from its page."""
    app.connect("html-page-context", _offer)
    app.connect("build-finished", _written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def main(arguments):
    """Write the notebooks, and run those of the chapters if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", action="store_true", help="run those of docs/learn")
    options = parser.parse_args(arguments)
    written = list(write(options.folder))
    print(f"{len(written)} notebooks in {options.folder}")
    if options.run:
        chapters = [path for path in written if path.parent.name == "learn"]
        with ProcessPoolExecutor(2) as pool:
            for path in pool.map(run, chapters):
                print(f"ran {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
