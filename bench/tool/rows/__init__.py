"""One module per row. Each has NAME, TITLE, PACKAGES (of its peers) and groups(settings)."""

from . import calls, events, frames, idle, round_trip

ALL = [frames, calls, round_trip, events, idle]
