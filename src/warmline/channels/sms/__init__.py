"""SMS channels, one file per provider."""
