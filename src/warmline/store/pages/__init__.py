"""What the pages show, one file for each page. Read only; every query names the workspace."""
