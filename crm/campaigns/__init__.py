"""Campaigns: one text to everybody in a segment, each recipient a row, each message an ordinary one."""

__all__ = ["demo", "feature"]
