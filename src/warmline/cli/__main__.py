"""`python -m warmline.cli`: how `warmline up` starts its parts, whatever is on the PATH."""

from warmline.cli import app

app(prog_name="warmline")
