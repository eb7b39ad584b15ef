"""The daily improvement report: one view of a night's results, as a page, as text and as data.

`build` makes the view, `render_html` and `render_markdown` write it, `View.as_dict` is `report.json`; `task_pages`
writes its tasks one by one. Nothing here opens a file of a night, looks at the clock, or computes a statistic: results
come in, text goes out.
"""

from ratchet.report.build import build
from ratchet.report.html import render_html
from ratchet.report.markdown import render_markdown
from ratchet.report.summary import summary
from ratchet.report.task_pages import task_pages
from ratchet.report.view import Status, View

__all__ = ["Status", "View", "build", "render_html", "render_markdown", "summary", "task_pages"]
