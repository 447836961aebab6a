"""One module per row. Each has NAME, TITLE, packages(every) of its peers, and groups(settings)."""

from . import calls, codecs, events, frames, idle, round_trip

ALL = [codecs, round_trip, calls, frames, events, idle]
