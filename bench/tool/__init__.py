"""The part of scripts/bench that runs when everything is built: it measures rows, prints a table,
and writes files.
"""
