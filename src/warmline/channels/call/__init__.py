"""Calls: the provider rings a person of the workspace first, and then the lead; and takes the calls of leads."""
