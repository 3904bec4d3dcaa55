"""A backup is one file: a tar with the dump of the database, the texts of the workspace, and a manifest with checksums.

    database.dump          pg_dump's custom format
    folder/warmline.toml   and the other texts, as they lay in the workspace's folder
    folder/.warmline/secret    the key that signs links, when it is the folder's own
    manifest.json          last: what is in it, of when, and the SHA-256 of every part

It appears under its name only when it is whole and has been read back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from warmline.machine import MachineError

FORMAT = 1
DUMP, MANIFEST, FOLDER = "database.dump", "manifest.json", "folder/"
_BLOCK = 512
_PIECE = 1024 * 1024


@dataclass(slots=True)
class Manifest:
    """What a backup says of itself. `rows`: of every table at the instant `taken_at`, of the database's wall clock.

    `server`: major version of the PostgreSQL that it is of. `major`: of the programs that wrote the dump; older ones can't
    read it.
    """

    taken_at: datetime
    version: str
    server: int
    major: int
    steps: tuple[str, ...]
    workspaces: tuple[str, ...]
    rows: dict[str, int]
    parts: dict[str, str] = field(default_factory=dict)  # name -> SHA-256
    format: int = FORMAT


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file, mode 0600, that takes its name when the block has ended well: on the disk, all of it or nothing."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        opened = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as problem:
        raise MachineError(
            f"Could not write in {path.parent}: {problem.strerror}. Name a file in a folder that you may write to."
        ) from problem
    try:
        with os.fdopen(opened, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as problem:
        raise MachineError(f"Could not write {path}: {problem.strerror}. Nothing was left behind.") from problem
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()


def write(
    file: IO[bytes], dump: Callable[[IO[bytes]], None], texts: Mapping[str, bytes], describe: Callable[[], Manifest]
) -> Manifest:
    """Write a backup into an open, empty file. `dump` writes the database into the file it is given, whatever its size;
    `describe` is asked when it has. Returns the manifest as written."""
    # The size of the dump is known when it is written: its header is put in front of it then.
    file.write(b"\0" * _BLOCK)
    file.flush()
    dump(file)
    size = os.fstat(file.fileno()).st_size - _BLOCK
    file.seek(0)
    file.write(_header(DUMP, size))
    parts = {DUMP: _digest(file, size)}
    file.seek(0, os.SEEK_END)
    file.write(b"\0" * (-size % _BLOCK))
    for name, text in sorted(texts.items()):
        parts[FOLDER + name] = hashlib.sha256(text).hexdigest()
        _add(file, FOLDER + name, text)
    manifest = describe()
    manifest.parts = parts
    _add(file, MANIFEST, json.dumps(asdict(manifest) | {"taken_at": manifest.taken_at.isoformat()}, indent=2).encode())
    file.write(b"\0" * 2 * _BLOCK)
    file.flush()
    return manifest


class Archive:
    """A backup to read. Every part was compared with its checksum when `open_archive` returned."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    def close(self) -> None:
        self._tar.close()

    def dump(self) -> IO[bytes]:
        return _part(self._tar, DUMP)

    def texts(self) -> dict[str, bytes]:
        """Of the workspace's folder, by their paths in it."""
        names = [name for name in self.manifest.parts if name.startswith(FOLDER)]
        return {name.removeprefix(FOLDER): _part(self._tar, name).read() for name in names}


@contextmanager
def open_archive(file: IO[bytes] | Path) -> Iterator[Archive]:
    """Raises MachineError when it is no backup, is of a newer format, or a part is not what it was when written."""
    archive = _opened(file)
    try:
        yield archive
    finally:
        archive.close()


def _opened(file: IO[bytes] | Path) -> Archive:
    name = file if isinstance(file, Path) else file.name
    with contextlib.ExitStack() as on_failure:
        try:
            path, opened = (file, None) if isinstance(file, Path) else (None, file)
            tar = on_failure.enter_context(tarfile.open(path, "r:", fileobj=opened))
            manifest = _read_manifest(_part(tar, MANIFEST).read())
            for part, wanted in manifest.parts.items():
                if _digest_of(_part(tar, part)) != wanted:
                    raise MachineError(f"{name} is damaged: {part} is not what was written. Use another backup.")
        except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError, AttributeError) as problem:
            raise MachineError(
                f"{name} is no backup that `warmline backup` made, or only a part of one ({problem}). Use another file."
            ) from problem
        except OSError as problem:
            raise MachineError(
                f"{name} can't be read: {problem.strerror}. Check the path and your rights to it."
            ) from problem
        on_failure.pop_all()
    return Archive(tar, manifest)


def _digest_of(reading: IO[bytes]) -> str:
    found = hashlib.sha256()
    while piece := reading.read(_PIECE):
        found.update(piece)
    return found.hexdigest()


def _read_manifest(text: bytes) -> Manifest:
    said = json.loads(text)
    if said["format"] > FORMAT:
        raise MachineError(
            f"This backup was made by Warmline {said.get('version', '?')}, in a newer format. Install that version."
        )
    for name, wanted in (("rows", "leads"), ("parts", DUMP)):
        if wanted not in said[name]:
            raise ValueError(f"its {name} lack {wanted}")
    return Manifest(
        taken_at=datetime.fromisoformat(said["taken_at"]),
        version=said["version"],
        server=int(said["server"]),
        major=int(said["major"]),
        steps=tuple(said["steps"]),
        workspaces=tuple(said["workspaces"]),
        rows={str(table): int(count) for table, count in said["rows"].items()},
        parts=dict(said["parts"]),
        format=said["format"],
    )


def _part(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(tar.getmember(name))
    if found is None:
        raise KeyError(name)
    return found


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry.tobuf(tarfile.GNU_FORMAT)  # one block for any size and a short name


def _add(file: IO[bytes], name: str, text: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text), 0o600
    file.write(entry.tobuf(tarfile.GNU_FORMAT) + text + b"\0" * (-len(text) % _BLOCK))


def _digest(file: IO[bytes], size: int) -> str:
    """Of the dump, read back from the file: what pg_dump wrote is not seen here otherwise."""
    file.seek(_BLOCK)
    found = hashlib.sha256()
    while size:
        piece = file.read(min(_PIECE, size))
        found.update(piece)
        size -= len(piece)
    return found.hexdigest()


__all__ = ["Archive", "Manifest", "open_archive", "whole_file", "write"]
