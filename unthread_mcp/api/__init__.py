"""Unthread's API: what it is, how it is spoken to, and what can go wrong."""
