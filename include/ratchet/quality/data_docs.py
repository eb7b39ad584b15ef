"""Great Expectations' own pages of a gate, for data engineers.

The pages take their style sheets from a CDN; without a network a small one of our own keeps them readable. Our report
shows the same results. Only what they need is kept here, and nothing in them calls home.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from ratchet.files import replace_folder, storage_error
from ratchet.quality.results import Stage

SITE = "ratchet"
_CALLS_HOME = re.compile(
    r"""<img[^>]*src="https?://great-expectations-web-assets[^>]*>
                           | url\('https?://great-expectations-web-assets[^']*'\)""",
    re.VERBOSE,
)
_SUITE_PAGE = re.compile(r'<a href="[^"]*/expectations/[^"]*"\s*>([^<]*)</a>')  # pages that are not built
_STYLE = Path(__file__).with_name("data_docs.css")
_TUTORIALS = ("*.gif", "iterative-dev-loop.png")  # 3.4 MB of pictures about Great Expectations itself


def write_data_docs(context: Any, docs_dir: Path, stage: Stage) -> Path:
    """Write the pages of everything a context has validated to `docs_dir/<stage>/`, replacing older ones whole.

    Returns:
        The page to open.

    Raises:
        StorageError: if the folder cannot be written.
    """
    fresh, folder = docs_dir / f".{stage}.tmp", docs_dir / stage
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        _build(context, fresh)
        _prune(fresh)
        replace_folder(folder, fresh)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise storage_error(error, folder) from error
    return folder / "index.html"


def _build(context: Any, folder: Path) -> None:
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.resolve())}
    index = {"class_name": "DefaultSiteIndexBuilder"}
    only_results = {"expectations": "None", "profiling": "None"}  # a result's page repeats what was expected
    context.add_data_docs_site(
        site_name=SITE,
        site_config={
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": store,
            "site_index_builder": index,
            "site_section_builders": only_results,
        },
    )
    context.build_data_docs(site_names=[SITE])


def _prune(folder: Path) -> None:
    for pattern in _TUTORIALS:
        for picture in folder.glob(f"static/images/{pattern}"):
            picture.unlink()
    style = f"<style>{_STYLE.read_text('utf-8')}</style>"
    for page in folder.rglob("*.html"):
        text = _CALLS_HOME.sub("", page.read_text("utf-8"))
        text = _SUITE_PAGE.sub(r"\1", text).replace("<head>", f"<head>{style}", 1)
        contents = _contents(folder) if page.parent == folder else ""
        page.write_text(text.replace("<body>", f"<body>{contents}", 1), "utf-8")


def _contents(folder: Path) -> str:
    """Return links to the page of each suite: the table on the index needs scripts from a network."""
    pages = sorted(folder.glob("validations/*/*/*/*.html"))
    links = (f'<li><a href="{page.relative_to(folder).as_posix()}">{page.parts[-4]}</a></li>' for page in pages)
    return f"<ul>{''.join(links)}</ul>"
