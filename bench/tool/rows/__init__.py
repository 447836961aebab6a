"""One module for each row. Each has NAME, TITLE, packages(every) with the packages of its peers,
and groups(settings).
"""

from . import build, calls, codecs, events, frames, growth, idle, raw, round_trip, tls

ALL = [codecs, round_trip, calls, frames, events, tls, raw, idle, growth, build]
