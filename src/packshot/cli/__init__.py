"""The command line: `packshot shoot`, every step alone, and the service.

Exit codes: 0 all well; 1 a file failed, or something that is needed is away; 2 a file broke a hard rule of its channel;
64 the command, a path or a setting was not understood; 70 a fault of Packshot's own (see `edge.py`); 130 stopped.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

import structlog
import typer

from packshot import __version__
from packshot.cli import lists, operate, plates, serve, shoot, steps
from packshot.cli.edge import USAGE, exit_code

# Typer carries a Click of its own and exports this class of it by its child only.
_UsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    help="Raw product photos in, catalog-ready files out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
shoot.add_to(app)
steps.add_to(app)
lists.add_to(app)
serve.add_to(app)
operate.add_to(app)
plates.add_to(app)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Say which version this is.")) -> None:
    if version:
        print(f"packshot {__version__}")
        raise typer.Exit


def _without_outages(logger: Any, method: str, event: Any) -> Any:
    """A single command says by itself what it cannot reach; the service's programs configure logs of their own."""
    if str(event.get("event", "")).endswith((".away", ".still_away", ".back")):
        raise structlog.DropEvent
    return event


def main() -> None:
    """Run, and turn every error into a sentence or two and an exit code."""
    structlog.configure(
        processors=[
            _without_outages,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    warnings.filterwarnings("ignore", module="PIL")  # warnings about odd EXIF do not help the user
    try:
        code = app(standalone_mode=False)
    except _UsageError as wrong:
        wrong.show()
        code = USAGE
    except Exception as error:
        code = exit_code(error)
    except KeyboardInterrupt as stopped:
        code = exit_code(stopped)
    sys.exit(code or 0)
