"""Clips through the same pipeline: reading, analysis, overlay, report and tables."""
