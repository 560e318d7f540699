"""Fail if a page of the built documentation would fetch anything from another host.

Usage: python scripts/check_site.py SITE
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# A link to follow is no fetch; these are what a browser loads by itself.
_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_NOT_LOADED = {"canonical", "next", "prev", "alternate", "edit"}
_IN_STYLE = re.compile(r"""(?:url\(|@import)\s*['"]?(?P<url>(?:https?:)?//[^'")\s;]+)""")
_FOREIGN = re.compile(r"(?:https?:)?//")


class _Page(HTMLParser):
    """Collects what one page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.found += _IN_STYLE.findall(values.get("style", ""))
        # Material's script fetches its diagram library when it meets this class.
        if "mermaid" in values.get("class", "").split():
            self.found.append("a mermaid diagram: its script is fetched from a CDN")
        if _NOT_LOADED & set(values.get("rel", "").split()):
            return
        url = values.get(_LOADED.get(tag, ""), "")
        if _FOREIGN.match(url):
            self.found.append(url)


def foreign(site: Path) -> Iterator[tuple[Path, str]]:
    """Each file of the site with something that it loads from another host."""
    for path in sorted(site.rglob("*")):
        if path.suffix == ".html":
            page = _Page()
            page.feed(path.read_text(encoding="utf-8"))
            yield from ((path, url) for url in page.found)
        elif path.suffix == ".css":
            text = path.read_text(encoding="utf-8")
            yield from ((path, match["url"]) for match in _IN_STYLE.finditer(text))


def main(arguments: list[str]) -> int:
    """Check one site and say what was found; 1 if something was, 2 if there is no site."""
    site = Path(arguments[0])
    pages = len(list(site.rglob("*.html")))
    if not pages:
        print(f"`{site}` holds no page: build the documentation first", file=sys.stderr)
        return 2
    found = list(foreign(site))
    for path, url in found:
        print(f"{path}: loads {url}", file=sys.stderr)
    print(f"{pages} pages, {len(found)} things loaded from other hosts")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
