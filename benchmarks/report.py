"""The report on a generated system of 300 services: how long a browser takes to open it, and how large it is.

``python benchmarks/report.py [services]``; needs chromium and chromedriver. What counts is the median of five openings, each from
asking for the file to the end of its loading, script included.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import generate  # noqa: E402

#: Enough for the services that all others call: what is saturated would be told, and there would be less to draw.
REPLICAS = 400
OPENINGS = 5
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_LOADED = "const it = performance.getEntriesByType('navigation')[0]; return it.loadEventEnd - it.startTime"


def opened(page: Path, profile: str) -> float:
    """Seconds until the page is there."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    try:
        times = []
        for _ in range(OPENINGS):
            browser.get("about:blank")
            browser.get(page.as_uri())
            times.append(float(browser.execute_script(_LOADED)) / 1000)
        return statistics.median(times)
    finally:
        browser.quit()


def main(services: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario, page = Path(folder) / "hubs.yaml", Path(folder) / "report.html"
        scenario.write_text(generate.hubs(services, replicas=REPLICAS), encoding="utf-8")
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "sysdesign_cli", "report", str(scenario), "-o", str(page)], check=True, cwd=ROOT)
        made_s = time.perf_counter() - start
        print(f"{services} services: made in {made_s:.1f} s; {page.stat().st_size / 1e6:.2f} MB; opens: all {opened(page, folder):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
