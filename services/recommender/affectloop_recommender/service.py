"""The recommender as the runtime hosts it."""

from affectloop.runtime.service import Loop, Service
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
)
