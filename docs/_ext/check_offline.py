r"""Check that the built site stands alone, and that every formula arrived.

    python docs/_ext/check_offline.py docs/_build/html

Reads every page, drawing and stylesheet of the site and lists

- what a browser would load from elsewhere: script, style, font, image, frame
  (a link that waits for a click is welcome to lead outside);
- formulas that failed (``merror``), or that reached the reader as raw TeX
  (code may show TeX, running text may not).

Scripts are not run: a request that one makes later goes unseen.
Exit code 0: nothing found. 1: a list, one finding a line. 2: there is no site.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

EXTERNAL = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
ADDRESS_IN_STYLE = r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s;]+)"""
STYLE_LOADS = re.compile(ADDRESS_IN_STYLE, re.IGNORECASE)
RAW_TEX = re.compile(r"\$[^$]*\$|\\[A-Za-z]{2,}")

LOADING_ATTRIBUTES = {"src", "srcset", "data", "poster", "background"}
HREF_LOADS = {"link", "image", "use", "feimage"}  # the last three within SVG
WAITING = {"canonical", "search", "index", "next", "prev", "author", "license"}
CODE = {"pre", "code", "script", "style"}


class Page(HTMLParser):
    """One page or drawing; `findings` collects (line, sentence)."""

    def __init__(self, text):
        super().__init__()
        self.findings = []
        self.inside_code = 0
        self.feed(text)
        self.close()

    def find(self, sentence):
        """Note a finding at the place the parser has reached."""
        self.findings.append((self.getpos()[0], sentence))

    def handle_starttag(self, tag, attrs):
        """Look at what the element loads."""
        self.inside_code += tag in CODE
        if tag == "merror":
            self.find("a formula failed (merror)")
        relations = set((dict(attrs).get("rel") or "").split())
        for name, value in attrs:
            value = value or ""
            href = name in {"href", "xlink:href"} and tag in HREF_LOADS
            href = href and not relations & WAITING
            loads = href or name in LOADING_ATTRIBUTES
            addresses = value.split(",") if name == "srcset" else [value]
            for address in filter(EXTERNAL.match, addresses if loads else []):
                self.find(f"<{tag} {name}> loads {address.strip()}")
            if name == "style":
                self.look_for_style_loads(value)

    def handle_startendtag(self, tag, attrs):
        """Open and close an element that has no inside, as SVG writes many."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        """Leave code, if this ends it."""
        self.inside_code -= tag in CODE

    def handle_data(self, text):
        """Look for TeX in text that a reader sees, and for addresses in styles."""
        self.look_for_style_loads(text)
        if not self.inside_code:
            for raw in RAW_TEX.findall(text):
                self.find(f"raw TeX in the text: {raw}")

    def look_for_style_loads(self, style):
        """Note every outside address in a piece of CSS."""
        for address in STYLE_LOADS.findall(style):
            self.find(f"a style loads {address}")


def findings(site):
    """Yield (file, line, sentence) for everything wrong in the site."""
    for path in sorted(site.rglob("*")):
        if path.suffix in {".html", ".svg"}:
            for line, sentence in Page(path.read_text(encoding="utf-8")).findings:
                yield path.relative_to(site), line, sentence
        elif path.suffix == ".css":
            lines = path.read_text(encoding="utf-8").splitlines()
            for number, line in enumerate(lines, 1):
                for address in STYLE_LOADS.findall(line):
                    yield path.relative_to(site), number, f"a style loads {address}"


def main(arguments):
    """Print the findings; the exit code says whether there were any."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "index.html").exists():
        print("usage: check_offline.py SITE, a folder with index.html; got", arguments)
        return 2
    found = list(findings(Path(arguments[0])))
    for path, line, sentence in found:
        print(f"{path}:{line}: {sentence}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
