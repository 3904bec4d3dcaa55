"""What the pages show, one file for each page. Read only; every query names the workspace."""

#: What a lead `l` is called on a page: its name, or whatever it is known by.
CALLED = "coalesce(nullif(trim(l.first_name || ' ' || l.last_name), ''), l.email, l.phone, 'Unnamed lead')"
