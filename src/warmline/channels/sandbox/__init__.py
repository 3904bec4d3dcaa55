"""The sandbox: a provider for every kind that behaves, or misbehaves, as told. No account needed, nothing leaves."""
