"""Processes that read strangers' files: limited and isolated, so that no file can hurt the worker."""
