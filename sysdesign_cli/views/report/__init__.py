"""Dossiers as one HTML file that works by itself: offline, in English and Thai, without a request to anywhere."""

from __future__ import annotations

from sysdesign_cli.views.report.page import report
from sysdesign_cli.views.report.templates import TemplatesMissing

__all__ = ["TemplatesMissing", "report"]
