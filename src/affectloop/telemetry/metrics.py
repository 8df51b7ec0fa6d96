"""Every metric, once, with a sentence; docs/metrics.md is generated from this file. Labels never name a session or person."""

from prometheus_client import Counter, Gauge, Histogram

AGE_BUCKETS_S = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5, 10)

RECORDS = Counter("affectloop_records_total", "Records read, by what became of them.", ["service", "topic", "outcome"])
PUBLISHED = Counter("affectloop_published_total", "Records written.", ["service", "topic"])
EVENT_AGE = Histogram(
    "affectloop_event_age_seconds", "From event time to output, live sessions.", ["service", "topic"], buckets=AGE_BUCKETS_S
)
FEED = Histogram("affectloop_feed_seconds", "One turn of a service's host: decode, prepare, step, complete.", ["service"])
SESSIONS = Gauge("affectloop_sessions", "Sessions that a service holds now.", ["service"])
HELD = Gauge("affectloop_held_records", "Records read and not yet acknowledged.", ["service"])
