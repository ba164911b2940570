"""Dossiers as one HTML file that works by itself: offline, in English and Thai, without a request to anywhere."""

from __future__ import annotations

from sysdesign_cli.views.report.page import TemplatesMissing, report

__all__ = ["TemplatesMissing", "report"]
