"""What MkDocs is told beyond ``mkdocs.yml`` while it builds the site: ``python3 dev.py site``.

- The navigation is that of ``docs/index.md``: a page that is linked there stands in the menu, in that order.
- README, contributing and changes, which lie above ``docs/``, become pages; links to them are set right.
- Pictures are drawn by the program of this moment: wherever a page shows ``sysdesign diagram … -o NAME.svg``, the command is run and its
  picture stands below; ``gallery.md`` shows every scenario, whole and with a part of it dead, and a sample report.
- Notebooks are run, and shown with what they showed.
"""

from __future__ import annotations

import re
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs import site_made
from docs.examples import ROOT

#: Pages from above docs/ -> what they are called there.
ABOVE: Final = {
    "README.md": "readme.md",
    "README.th.md": "readme.th.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.md",
}
SECTIONS: Final = ("Tutorial", "Guides", "Reference", "Background", "ภาษาไทย", "Project")
_LINK: Final = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.nav = navigation()
    return config


def navigation() -> list[Any]:
    """The sections in their order, each with its pages in the order of the index."""
    sections: dict[str, list[str]] = {name: [] for name in SECTIONS}
    linked = [target for target, _ in _LINK.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))]
    for target in dict.fromkeys(_site_name(target) for target in linked):
        if target.endswith(".md"):
            sections[_section(target)].append(target)
    sections["Guides"].append(site_made.GALLERY)
    sections["Project"].append("license.md")
    return [{"Home": "index.md"}, *({name: [_entry(page) for page in pages]} for name, pages in sections.items())]


def _entry(page: str) -> str | dict[str, str]:
    """A page under the name of its heading; the reference begins with a comment, where MkDocs looks no further."""
    path = ROOT / "docs" / page
    heading = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.is_file() else None
    return {heading[1]: page} if heading is not None else page


def _section(page: str) -> str:
    folder, _, _ = page.rpartition("/")
    if page.endswith(".th.md"):
        return "ภาษาไทย"
    if page in ABOVE.values():
        return "Project"
    return {"": "Tutorial", "notebooks": "Tutorial"}.get(folder, folder.capitalize())


def _site_name(target: str) -> str:
    """What a link of the index is in the site: pages from above docs/ and notebooks have other names there."""
    if target.startswith("../"):
        return ABOVE.get(target[3:], target)
    return target.removesuffix(".ipynb") + ".md" if target.endswith(".ipynb") else target


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, page in ABOVE.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_moved(text) if name != "LICENSE" else f"# Licence\n\n```text\n{text}```\n"))
    for path, content in site_made.everything().items():
        files.append(File.generated(config, path, content=content))
    return files


def _moved(text: str) -> str:
    """A page that lay above docs/, with its links as seen from within."""
    return _LINK.sub(lambda link: f"]({ABOVE.get(link[1], link[1].removeprefix('docs/'))}{link[2] or ''})", text)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri == "index.md":
        page.meta["hide"] = ["navigation"]  # the page is a menu itself
        markdown = _LINK.sub(lambda link: f"]({_site_name(link[1])}{link[2] or ''})", markdown)
        markdown = markdown.replace("\n\n", f"\n\n{site_made.WELCOME}\n\n", 1)
    else:
        markdown = markdown.replace(".ipynb)", ".md)")
    return site_made.with_pictures(markdown, page.file.src_uri)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Thai pages say so, for browsers and screen readers."""
    return output.replace('<html lang="en"', '<html lang="th"', 1) if page.file.src_uri.endswith(".th.md") else output
