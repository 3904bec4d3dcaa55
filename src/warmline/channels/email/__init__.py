"""Email out: SMTP, and what is made for every mail (tokens, tracked links, HTML)."""
