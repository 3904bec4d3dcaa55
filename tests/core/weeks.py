"""Weeks for tests, in a line each."""

from __future__ import annotations

from warmline.core.hours import Week, Window


def every_day(*windows: Window) -> Week:
    return (windows, windows, windows, windows, windows, windows, windows)
