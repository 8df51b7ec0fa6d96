"""The report of a session: figures, a page to read, every estimate."""

from affectloop.report.figures import summarise
from affectloop.report.pages import write, write_report

__all__ = ["summarise", "write", "write_report"]
