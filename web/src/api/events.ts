// Written by web/generate.py from src/affectloop/events and topics.py: the fields that a view may be shown; `make docs` writes it anew.
// Only types: the pages need no build for them.


/** Why the recommender decides as it does; shown to the learner in words. */
export type Cause =
  | "first-item"
  | "on-target"
  | "success-high"
  | "success-low"
  | "recent-misses"
  | "confusion"
  | "strain-rising"
  | "calm"
  | "no-estimate"
  | "estimate-unsure"
  | "estimate-stale"
  | "held"
  | "break-due"
  | "override"
  | "ability-up"
  | "ability-down"
  | "other-emotion"
  | "varied"
  | "easing-over";

/** The seven emotions that the training teaches. */
export type Emotion = "anger" | "contempt" | "disgust" | "fear" | "happiness" | "sadness" | "surprise";

/** What the learner is offered beside the next item. */
export type Guidance = "none" | "slow-motion" | "compare-pair" | "break";

/** What a person consents to, one by one. */
export type Modality = "face" | "wristband" | "voice";

/** Why a value is there, or is not. */
export type Reason =
  | "good"
  | "no-signal"
  | "warming-up"
  | "off-body"
  | "noisy"
  | "moving"
  | "too-few-beats"
  | "no-face"
  | "turned-away"
  | "too-small"
  | "too-dark"
  | "blurred"
  | "silent"
  | "no-speech"
  | "clipped"
  | "unsure"
  | "not-allowed";

/** What happened to a session. */
export type SessionChange = "started" | "consent-given" | "consent-withdrawn" | "ended" | "stopped-by-fault";

/** A physiological signal; the comment is the unit of its samples. */
export type SignalKind = "eda" | "ecg" | "ppg" | "acceleration" | "temperature";

/** One of EXPRESSIONS. */
export type Expression = "neutral" | "happiness" | "sadness" | "anger" | "fear" | "disgust" | "surprise";

/** One of ACTION_UNITS. */
export type ActionUnit =
  | "AU1"
  | "AU2"
  | "AU4"
  | "AU5"
  | "AU6+7"
  | "AU10"
  | "AU12"
  | "AU14"
  | "AU15"
  | "AU17"
  | "AU20"
  | "AU22"
  | "AU24"
  | "AU25+26"
  | "AU28"
  | "AU45";

/** Who, where and when of a record; field 1 of every message. */
export interface Header {
  session_id: string;
  stream_id: string;
  sequence: number; // 0 to 2 ** 62
  event_time_us: number; // us since 1970; 1 to 2 ** 62
  complete_until_us: number; // us since 1970; 1 to END_OF_TIME_US
  captured_by: string;
}

/** Some samples of one physiological signal. */
export interface SignalChunk {
  header: Header;
  kind: SignalKind;
  sample_rate_hz: number; // Hz; 0.01 to 10,000
  samples: number[][]; // by kind; -1,000,000 to 1,000,000; samples by channels
}

/** What the face shows in one frame; without a face `quality` is 0, `reason` says why and the rest is `null`. */
export interface FaceFeatures {
  header: Header;
  quality: number; // 0 to 1
  reason: Reason;
  box: number[] | null; // share of the frame: x, y, width, height; -1 to 2; 4 numbers
  pose_deg: number[] | null; // degrees: yaw, pitch, roll; -180 to 180; 3 numbers
  action_units: number[] | null; // change from the learner's neutral; -1 to 1; 16 numbers
  expression: number[] | null; // probability, by EXPRESSIONS; 0 to 1; 7 numbers
}

/** One skin conductance response of the phasic EDA. */
export interface SkinConductanceResponse {
  onset_time_us: number; // us since 1970; 1 to 2 ** 62
  peak_time_us: number; // us since 1970; 1 to 2 ** 62
  amplitude_microsiemens: number; // uS; 0 to 100
}

/** What the wristband or chest strap says at the end of one hop (1 s); stream `physio`. */
export interface PhysioFeatures {
  header: Header;
  heart_rate_bpm: number | null; // bpm; 20 to 250
  heart_rate_error_bpm: number | null; // bpm, one standard error; 0 to 100
  heart_rate_source: SignalKind | null;
  heart_quality: number; // 0 to 1
  heart_reason: Reason;
  rmssd_ms: number | null; // ms; 0 to 1,000
  sdnn_ms: number | null; // ms; 0 to 1,000
  variability_quality: number; // 0 to 1
  variability_reason: Reason;
  tonic_microsiemens: number | null; // uS; 0 to 200
  phasic_microsiemens: number | null; // uS; -100 to 100
  responses_per_min: number | null; // 1/min; 0 to 120
  responses: SkinConductanceResponse[];
  eda_quality: number; // 0 to 1
  eda_reason: Reason;
  heart_rate_change_bpm: number | null; // bpm from the resting level; -200 to 200
  tonic_change_microsiemens: number | null; // uS from the resting level; -200 to 200
  temperature_celsius: number | null; // degrees Celsius; -20 to 60
  movement_g: number | null; // g, standard deviation of the acceleration's norm; 0 to 50
  wear_quality: number | null; // 1, how many of the band's sensors say that it is worn; 0 to 1
  wear_reason: Reason | null;
}

/** What the voice says at the end of one hop (500 ms); stream `audio`. */
export interface AudioFeatures {
  header: Header;
  quality: number; // 0 to 1
  reason: Reason;
  voice_share: number | null; // share of the hop in which the learner speaks; 0 to 1
  level_dbfs: number | null; // dB of full scale; -200 to 6
  pitch_hz: number | null; // Hz, median over the hop's voiced frames; 40 to 1,000
  intensity_db: number | null; // dB over the noise floor; -50 to 150
  syllables_per_s: number | null; // 1/s, over the last seconds of speech; 0 to 20
  arousal: number | null; // -1 to 1
  arousal_error: number | null; // 1, one standard error; 0 to 2
}

/** How the learner is doing at the end of one hop (500 ms); stream `fusion`. */
export interface EmotionEstimate {
  header: Header;
  abstained: boolean;
  reason: Reason;
  confidence: number; // 0 to 1
  valence: number | null; // 1, unpleasant to pleasant; -1 to 1
  valence_error: number | null; // 0 to 2
  arousal: number | null; // 1, calm to aroused; -1 to 1
  arousal_error: number | null; // 0 to 2
  engagement: number | null; // 0 to 1
  engagement_error: number | null; // 0 to 1
  strain: number | null; // 0 to 1
  strain_error: number | null; // 0 to 1
  expression: number[] | null; // probability, by EXPRESSIONS; 0 to 1; 7 numbers
  face_share: number; // share of the estimate that rests on the face; 0 to 1
  wristband_share: number; // share that rests on the wristband; 0 to 1
  voice_share: number; // share that rests on the voice; 0 to 1
  model: string;
}

/** One training item: which expression, how long, how strong, from where. */
export interface Item {
  item_id: string;
  emotion: Emotion;
  duration_ms: number; // ms; 10 to 2,000
  intensity: number; // 0 to 1
  view_deg: number; // degrees of yaw; -90 to 90
  options: number; // answers offered; 2 to 7
  poser: string;
}

/** A learner answered an item; a fact. Stream `trials`, `sequence` the number of the trial, from 1. */
export interface TrialAnswered {
  header: Header;
  trial_id: string;
  item: Item;
  answer: Emotion;
  correct: boolean;
  valid: boolean;
  reaction_time_ms: number | null; // ms after the onset; 0 to 600,000
  shown_ms: number | null; // ms, measured; 0 to 10,000
  shown_frames: number | null; // 0 to 10,000
  refresh_hz: number | null; // Hz; 1 to 1,000
  wished_levels: number | null; // levels above what is chosen, from here on; 0 ends the wish; -11 to 11
}

/** A cause with its figure: `success-high` and 0.92. */
export interface CauseGiven {
  cause: Cause;
  value: number | null; // by cause; -1,000,000 to 1,000,000
  detail: string;
}

/** What comes next, and why; a fact. Stream `directives`, `sequence` the number of the trial it answers (0 opens). */
export interface Directive {
  header: Header;
  item: Item;
  level: number; // 1 to 12
  difficulty: number; // logit; -20 to 20
  expected_success: number; // probability; 0 to 1
  target_success: number; // probability; 0 to 1
  ability: number; // logit; -20 to 20
  ability_error: number; // logit, one standard error; 0 to 20
  pause_ms: number; // ms before the next item; 0 to 600,000
  guidance: Guidance;
  causes: CauseGiven[];
}

/** A session started, its consents changed, it ended, or a fault stopped it in one service; a fact. */
export interface SessionChanged {
  header: Header;
  change: SessionChange;
  consented: Modality[];
  profile: string;
  service: string;
  topic: string;
}

/** Every topic, shown or not, as a session declares its streams. */
export type TopicName =
  | "capture.frames.v1"
  | "capture.signals.v1"
  | "capture.audio.v1"
  | "face.features.v1"
  | "physio.features.v1"
  | "audio.features.v1"
  | "emotion.estimates.v1"
  | "session.baselines.v1"
  | "session.trials.v1"
  | "session.directives.v1"
  | "session.events.v1";

/** Every service that a fault may stop a session in. */
export type ServiceName = "audio" | "face" | "fusion" | "physio" | "recommender";

/** What a message of each topic holds. */
export interface EventOfTopic {
  "capture.signals.v1": SignalChunk;
  "face.features.v1": FaceFeatures;
  "physio.features.v1": PhysioFeatures;
  "audio.features.v1": AudioFeatures;
  "emotion.estimates.v1": EmotionEstimate;
  "session.trials.v1": TrialAnswered;
  "session.directives.v1": Directive;
  "session.events.v1": SessionChanged;
}
