"""Look-ups of phone numbers: what kind of line it is, and whether it has changed hands. One file for each provider."""

from __future__ import annotations

from pathlib import Path

from warmline.core.settings import LookUps

from .contract import LookUp
from .file import FileLookUp
from .sandbox import SandboxLookUp


def build(settings: LookUps, folder: Path) -> LookUp | None:
    """The provider that a workspace names; None where it names none. `folder` is where the workspace's files lie."""
    match settings.provider:
        case "file":
            return FileLookUp(folder / settings.path)
        case "sandbox":
            return SandboxLookUp()
    return None
