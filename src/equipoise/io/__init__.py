"""Formats: files and objects to `Records` and back.

This layer lies below `equipoise.counts` and knows nothing of it: every reader returns a `Records`
value or raises one clear `DataError`.
"""
