"""How this program logs: one line an event, a plain traceback, and never the values of local variables."""

from __future__ import annotations

import sys

import structlog


def plain_logs() -> None:
    """structlog's own default prints every local variable beside a traceback, secrets among them; this one does not."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=24
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
