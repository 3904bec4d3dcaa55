"""GET /static/...: stylesheet, font and scripts, kept by browsers for good: their address names their content."""

from __future__ import annotations

from functools import cache

from whitenoise.base import WhiteNoise

from .. import static_files
from .http import Request, Response, text


async def serve(request: Request) -> Response:
    found = _files().files.get(request.path)
    if found is None:
        return text(404, "There is no such file.\n")
    answer = found.get_response(request.method, _as_wsgi(request))
    body = b""
    if answer.file is not None:
        with answer.file as opened:
            body = opened.read()
    # The length is written with the answer; whitenoise's own would stand there twice.
    headers = [
        (name.lower().encode(), value.encode()) for name, value in answer.headers if name.lower() != "content-length"
    ]
    return Response(int(answer.status), body, tuple(headers))


@cache
def _files() -> WhiteNoise:
    noise = WhiteNoise(None, immutable_file_test=lambda _path, _url: True, allow_all_origins=False)
    noise.add_files(str(static_files.ROOT), static_files.prefix())
    return noise


def _as_wsgi(request: Request) -> dict[str, str]:
    return {"HTTP_" + name.upper().replace("-", "_"): value for name, value in request.headers.items()}
