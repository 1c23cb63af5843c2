"""Check the links between the pages of a built documentation, anchors included.

python doc/check_links.py doc/_build/html
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """Links of a page, and what links to it can point at."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], {"", "top"}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        """Remember links, sources of images, and anchors."""
        attrs = dict(attrs)
        self.anchors.update(attrs[key] for key in ("id", "name") if attrs.get(key))
        link = attrs.get("href") if tag == "a" else attrs.get("src")
        if link and not urlsplit(link).scheme and not link.startswith("//"):
            self.links.append(unquote(link))


def broken_links(folder):
    """Pairs of page and link that lead nowhere.

    Parameters
    ----------
    folder : Path
        The built pages.

    Returns
    -------
    list of tuple of str
    """
    paths = [p for p in folder.rglob("*.html") if "_static" not in p.parts]
    pages = {path.resolve(): _Page(path) for path in paths}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            target = target.partition("?")[0]
            where = (path.parent / target).resolve() if target else path
            if where.is_dir():
                where /= "index.html"
            is_page = where in pages
            if not where.exists() or (is_page and anchor not in pages[where].anchors):
                broken.append((str(path.relative_to(folder.resolve())), link))
    return broken


if __name__ == "__main__":
    broken = broken_links(Path(sys.argv[1]))
    for page, link in broken:
        print(f"{page}: {link}")
    sys.exit(f"{len(broken)} broken links" if broken else 0)
