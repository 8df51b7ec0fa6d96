// Written by web/generate.py from src/affectloop/events and topics.py; `make docs` writes it anew.

import type { ActionUnit, Emotion, EventOfTopic, Expression, Modality, ServiceName, TopicName } from "./events";

export const MODALITIES = [
  "face",
  "wristband",
  "voice",
] as const satisfies readonly Modality[];

export const EMOTIONS = [
  "anger",
  "contempt",
  "disgust",
  "fear",
  "happiness",
  "sadness",
  "surprise",
] as const satisfies readonly Emotion[];

export const EXPRESSIONS = [
  "neutral",
  "happiness",
  "sadness",
  "anger",
  "fear",
  "disgust",
  "surprise",
] as const satisfies readonly Expression[];

export const ACTION_UNITS = [
  "AU1",
  "AU2",
  "AU4",
  "AU5",
  "AU6+7",
  "AU10",
  "AU12",
  "AU14",
  "AU15",
  "AU17",
  "AU20",
  "AU22",
  "AU24",
  "AU25+26",
  "AU28",
  "AU45",
] as const satisfies readonly ActionUnit[];

/** `complete_until_us` of a stream's last record, as a browser rounds it: nothing follows. */
export const END_OF_TIME_US = Number("9223372036854775807");

/** Whose consent a topic's records take; facts and fused results take none of their own. */
export const MODALITY_OF_TOPIC: Partial<Record<TopicName, Modality>> = {
  "capture.frames.v1": "face",
  "capture.signals.v1": "wristband",
  "capture.audio.v1": "voice",
  "face.features.v1": "face",
  "physio.features.v1": "wristband",
  "audio.features.v1": "voice",
};

/** The one stream of a topic that a service makes; others in the picture have their own. */
export const STREAM_OF_TOPIC = {
  "face.features.v1": "face",
  "physio.features.v1": "physio",
  "audio.features.v1": "audio",
  "emotion.estimates.v1": "fusion",
  "session.trials.v1": "trials",
  "session.directives.v1": "directives",
  "session.events.v1": "session",
} as const satisfies Partial<Record<keyof EventOfTopic, string>>;

/** What each service makes: where a fault stopped a session in it, nothing more comes there. */
export const TOPICS_OF_SERVICE: Record<ServiceName, readonly TopicName[]> = {
  audio: ["audio.features.v1"],
  face: ["face.features.v1"],
  fusion: ["emotion.estimates.v1"],
  physio: ["physio.features.v1"],
  recommender: ["session.directives.v1"],
};
