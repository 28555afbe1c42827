"""Names that version 1 of the API still reads, each with the one that took its place. Answers have the new ones only.

The day they go, this file goes and what imports it says where.
"""

from __future__ import annotations

from pydantic import AliasChoices

STYLE = AliasChoices("style", "template")
STYLES = AliasChoices("styles", "looks")
JOBS = AliasChoices("jobs", "runs")
PATHS = {"/api/v1/templates": "/api/v1/styles", "/api/v1/runs": "/api/v1/jobs"}


def path_now(path: str) -> str:
    """The path that an address of before stands for; any other is given back as it is."""
    for old, new in PATHS.items():
        if path == old or path.startswith(f"{old}/"):
            path = new + path.removeprefix(old)
    return path.replace("/jobs/run_", "/jobs/job_")


def job_id_now(id: str) -> str:
    """The id of a job that was called a run."""
    return f"job_{id.removeprefix('run_')}" if id.startswith("run_") else id
