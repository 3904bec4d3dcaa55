"""A second opinion on what may be sent: the law as one plain table, judged minute by minute, and compared with the gate."""
