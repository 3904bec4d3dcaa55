"""The pages. A view reads what was asked, calls one function and renders; rules and SQL live elsewhere."""
