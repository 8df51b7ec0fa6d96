"""The recommender as the runtime hosts it."""

from affectloop.runtime.service import Loop, Resources, Service
from affectloop.topics import BASELINES, DIRECTIVES, ESTIMATES, SESSION_EVENTS, TRIALS
from affectloop_recommender.processor import RecommenderProcessor
from affectloop_recommender.settings import RecommenderSettings

SERVICE = Service(
    name="recommender",
    consumes=(SESSION_EVENTS, TRIALS, ESTIMATES),
    produces=(DIRECTIVES, BASELINES),
    settings=RecommenderSettings,
    processor=RecommenderProcessor,
    loop=Loop.JOINS,
    resources=Resources(memory_mib=512, reserved_cpus=0.1, reserved_memory_mib=192, autoscaled=False),
)
