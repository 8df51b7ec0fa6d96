// What the gateway sends: the events of src/affectloop/events.py as affectloop.codec.to_json writes them.

export const EXPRESSIONS = ["neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise"] as const;
export type Expression = (typeof EXPRESSIONS)[number];
export type Emotion = "anger" | "contempt" | "disgust" | "fear" | "happiness" | "sadness" | "surprise";
export type Modality = "face" | "wristband" | "voice";
export const MODALITIES: readonly Modality[] = ["face", "wristband", "voice"];

export type Reason =
  | "good" | "no-signal" | "warming-up" | "off-body" | "noisy" | "moving" | "too-few-beats" | "no-face" | "turned-away" | "too-small"
  | "too-dark" | "blurred" | "silent" | "no-speech" | "clipped" | "unsure" | "not-allowed";

export interface Header {
  session_id: string;
  stream_id: string;
  sequence: number;
  event_time_us: number;
  complete_until_us: number;
}

export interface SignalChunk {
  header: Header;
  kind: "eda" | "ecg" | "ppg" | "acceleration" | "temperature";
  sample_rate_hz: number;
  samples: number[][];
}

export interface FaceFeatures {
  header: Header;
  quality: number;
  reason: Reason;
  expression: number[] | null;
}

export interface SkinConductanceResponse {
  onset_time_us: number;
  peak_time_us: number;
  amplitude_microsiemens: number;
}

export interface PhysioFeatures {
  header: Header;
  heart_rate_bpm: number | null;
  heart_rate_error_bpm: number | null;
  heart_quality: number;
  heart_reason: Reason;
  tonic_microsiemens: number | null;
  phasic_microsiemens: number | null;
  responses_per_min: number | null;
  responses: SkinConductanceResponse[];
  eda_quality: number;
  eda_reason: Reason;
}

export interface AudioFeatures {
  header: Header;
  quality: number;
  reason: Reason;
  voice_share: number | null;
  pitch_hz: number | null;
}

export interface EmotionEstimate {
  header: Header;
  abstained: boolean;
  reason: Reason;
  confidence: number;
  valence: number | null;
  valence_error: number | null;
  arousal: number | null;
  arousal_error: number | null;
  engagement: number | null;
  engagement_error: number | null;
  strain: number | null;
  strain_error: number | null;
  face_share: number;
  wristband_share: number;
  voice_share: number;
  model: string;
}

export interface Item {
  item_id: string;
  emotion: Emotion;
  duration_ms: number;
  intensity: number;
  view_deg: number;
  options: number;
}

export interface TrialAnswered {
  header: Header;
  trial_id: string;
  item: Item;
  answer: Emotion;
  correct: boolean;
  valid: boolean;
  reaction_time_ms: number | null;
}

export type Cause =
  | "first-item" | "on-target" | "success-high" | "success-low" | "recent-misses" | "confusion" | "strain-rising" | "calm"
  | "no-estimate" | "estimate-unsure" | "estimate-stale" | "held" | "break-due" | "override"
  | "ability-up" | "ability-down" | "other-emotion" | "varied" | "easing-over";
export type Guidance = "none" | "slow-motion" | "compare-pair" | "break";

export interface CauseGiven {
  cause: Cause;
  value: number | null;
  detail: string;
}

export interface Directive {
  header: Header;
  item: Item;
  level: number;
  difficulty: number;
  expected_success: number;
  target_success: number;
  ability: number;
  ability_error: number;
  pause_ms: number;
  guidance: Guidance;
  causes: CauseGiven[];
}

export interface SessionChanged {
  header: Header;
  change: "started" | "consent-given" | "consent-withdrawn" | "ended";
  consented: Modality[];
}

/** What the gateway tells of the session itself; never a key, a name or a face. */
export interface Descriptor {
  session_id: string;
  mode: "live" | "replay";
  started_at_us: number;
  ended_at_us?: number | null;
  profile: string;
  emotion_inference: boolean;
  consented: Modality[];
  streams: ([string, string] | { topic: string; stream_id: string })[];
}

export type Message =
  | { topic: "session"; event: Descriptor; age_ms: number | null }
  | { topic: "capture.signals.v1"; event: SignalChunk; age_ms: number | null }
  | { topic: "face.features.v1"; event: FaceFeatures; age_ms: number | null }
  | { topic: "physio.features.v1"; event: PhysioFeatures; age_ms: number | null }
  | { topic: "audio.features.v1"; event: AudioFeatures; age_ms: number | null }
  | { topic: "emotion.estimates.v1"; event: EmotionEstimate; age_ms: number | null }
  | { topic: "session.directives.v1"; event: Directive; age_ms: number | null }
  | { topic: "session.trials.v1"; event: TrialAnswered; age_ms: number | null }
  | { topic: "session.events.v1"; event: SessionChanged; age_ms: number | null };

const OF_TOPIC: Record<string, Modality> = {
  "capture.frames.v1": "face", "face.features.v1": "face",
  "capture.signals.v1": "wristband", "physio.features.v1": "wristband",
  "capture.audio.v1": "voice", "audio.features.v1": "voice",
};

/** The modality that a topic's records belong to, if any. */
export function modalityOf(topic: string): Modality | undefined {
  return OF_TOPIC[topic];
}

/** The modalities that a session's declared streams bring. */
export function declared(session: Descriptor): Set<Modality> {
  const topics = session.streams.map((stream) => (Array.isArray(stream) ? stream[0] : stream.topic));
  return new Set(topics.map(modalityOf).filter((modality) => modality !== undefined));
}
