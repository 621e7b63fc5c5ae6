"""A stranger's file becomes a table: its kind, letters, columns and rows, found by what is in it."""
