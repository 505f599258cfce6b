"""Edits to text: a libcst transformer that looks up what was decided. It decides nothing."""
