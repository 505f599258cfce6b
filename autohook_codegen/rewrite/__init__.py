"""Edits to text, statement by statement: each form's writing and recognising in one file."""
