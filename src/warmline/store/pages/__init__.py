"""What the pages show, one file for each page. Read only; every query names the workspace."""

#: What a lead `l` is called on a page: its name, or whatever it is known by.
CALLED = "coalesce(nullif(trim(l.first_name || ' ' || l.last_name), ''), l.email, l.phone, 'Unnamed lead')"

#: Of events: a person caused it. The index of rare events (schema/0012) holds only such, so whoever wants it says so.
BY_NO_MACHINE = "coalesce(data->>'automated', '') = ''"

#: Of touches `t`: a person is to find out what became of it. Of whoever was erased nobody can: there is no address any more.
UNKNOWN = "t.status = 'unknown' and t.address is not null"

#: Of enrollments: not over. Said in halves that each have an index, so that the years of those that ended are not read.
NOT_OVER = "(status in ('running', 'handed_off', 'parked') or status = 'scheduled')"


def free(table: str) -> str:
    """Of tasks or leads: nobody has it who is there. An array: whoever has left is asked for once, not for each row."""
    left = "array(select key from people where workspace_id = %(w)s and not active)"
    return f"({table}.owner is null or {table}.owner = any({left}))"
