"""Every metric, once, with a sentence; docs/metrics.md is generated from this file. Labels never name a session or person."""

from prometheus_client import Counter, Gauge, Histogram

AGE_BUCKETS_S = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5, 10)

RECORDS = Counter("affectloop_records_total", "Records read, by what became of them.", ["service", "topic", "outcome"])
PUBLISHED = Counter("affectloop_published_total", "Records written.", ["service", "topic"])
EVENT_AGE = Histogram(
    "affectloop_event_age_seconds", "From event time to output, live sessions.", ["service", "topic"], buckets=AGE_BUCKETS_S
)
FEED = Histogram("affectloop_feed_seconds", "One turn of a service's host: decode, prepare, step, complete.", ["service"])
FAULTS = Counter("affectloop_faults_total", "Sessions that a fault stopped in a service, by what it was doing.", ["service", "outcome"])
SESSIONS = Gauge("affectloop_sessions", "Sessions that a service holds now.", ["service"])
HELD = Gauge("affectloop_held_records", "Records read and not yet acknowledged.", ["service"])
DROPPED = Counter("affectloop_dropped_total", "Records that capture did not pass on, by why.", ["service", "topic", "outcome"])
GAPS = Counter("affectloop_gaps_total", "Places where a device's frame or sample numbers jump.", ["service", "topic"])
CLOCK_OFFSET = Histogram(
    "affectloop_clock_offset_seconds",
    "How far a device's clock is from the server's, either way, the least transport included; a sample a stream every 10 s.",
    ["service", "topic"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
CLOCK_DRIFT = Histogram(
    "affectloop_clock_drift_ratio",
    "How much faster or slower a device's clock runs than the server's, either way; a sample a stream every 10 s.",
    ["service", "topic"],
    buckets=(1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
)
REQUEST = Histogram(
    "affectloop_request_seconds",
    "Requests to the gateway, by the route's pattern and how they ended; what waits for a directive waits on purpose.",
    ["service", "route", "outcome"],
    buckets=AGE_BUCKETS_S,
)
CONNECTIONS = Gauge("affectloop_connections", "Connections that are open, WebSockets included.", ["service"])
HUNG_UP = Counter(
    "affectloop_hung_up_total",
    "Connections that were hung up on: one too many, or too slow.",
    ["service", "outcome"],
)
LATENESS = Histogram(
    "affectloop_playback_lateness_seconds",
    "How late a record of a file was published at real-time speed.",
    ["service"],
    buckets=AGE_BUCKETS_S,
)
