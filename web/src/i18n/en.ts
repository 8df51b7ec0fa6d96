// The words of every page: a learner's and a teacher's, not an engineer's.

import type { Cause, Emotion, Expression, Guidance, Modality, Reason, ServiceName } from "../api/events";

const percent = (value: number): string => `${Math.round(value * 100)}\u202f%`;

/** Why a stretch has no value: what its records say, or why there are none. */
export type GapReason = Reason | "no-record" | "ended" | "fault";

/** A word for every code that an event may hold: one that is missing, or that no event knows, is a type error. */
interface CodeWords {
  services: Record<ServiceName, string>; // what a fault in one stops
  emotions: Record<Emotion | Expression, string>;
  short: Record<Emotion, string>;
  modalities: Record<Modality, string>;
  reasons: Record<GapReason, string>;
  causes: Record<Cause, (value: number | null, detail: string) => string>; // its figure, and the emotions that it names
  guidance: Record<Guidance, string>;
}

const codes: CodeWords = {
  services: { face: "face", physio: "heart and skin", audio: "voice", fusion: "estimate", recommender: "choice of items" },
  emotions: {
    anger: "anger", contempt: "contempt", disgust: "disgust", fear: "fear", happiness: "happiness", sadness: "sadness",
    surprise: "surprise", neutral: "neutral",
  },
  short: {
    anger: "An", contempt: "Co", disgust: "Di", fear: "Fe", happiness: "Ha", sadness: "Sa", surprise: "Su",
  },
  modalities: { face: "Face", wristband: "Wristband", voice: "Voice" },
  reasons: {
    "good": "good", "no-signal": "no signal", "warming-up": "settling in", "off-body": "not worn", "noisy": "too noisy",
    "moving": "moving too much", "too-few-beats": "too few heartbeats", "no-face": "no face seen", "turned-away": "turned away",
    "too-small": "too far away", "too-dark": "too dark", "blurred": "blurred", "silent": "silent", "no-speech": "nobody speaks",
    "clipped": "too loud", "unsure": "too unsure", "not-allowed": "sensing off", "no-record": "nothing received", "ended": "recording over",
    "fault": "stopped by a fault",
  },
  causes: {
    "first-item": () => "first item: an easy one",
    "on-target": (value) => (value === null ? "success on target" : `success ${percent(value)}, on target`),
    "success-high": (value) => (value === null ? "success above target" : `success ${percent(value)}`),
    "success-low": (value) => (value === null ? "success below target" : `success only ${percent(value)}`),
    "recent-misses": (value, detail) => `${value === null ? "recent" : Math.round(value)} ${value === 1 ? "miss" : "misses"}${detail && `: ${detail}`}`,
    "confusion": (_, detail) => (detail ? `mixed up: ${detail}` : "two emotions mixed up"),
    "strain-rising": (value) => (value === null ? "strain rising" : `strain rising: ${value.toFixed(2)}`),
    "calm": () => "calm",
    "no-estimate": () => "no estimate: answers alone",
    "estimate-unsure": () => "estimate unsure: not used",
    "estimate-stale": () => "estimate too old: not used",
    "held": (value) => (value === null ? "held, to settle" : `held for ${Math.round(value)} more`),
    "break-due": (value) => (value === null ? "time for a break" : `time for a break: ${Math.round(value)}\u00a0min`),
    "override": (value) => (value === null ? "the learner's wish" : value < 0 ? "asked for easier items" : "asked for harder items"),
    "ability-up": (value) => `answers raise the skill${value === null ? "" : ` by ${value.toFixed(1)}`}`,
    "ability-down": (value) => `answers lower the skill${value === null ? "" : ` by ${Math.abs(value).toFixed(1)}`}`,
    "other-emotion": (value, detail) => `${detail} next${value === null ? "" : value < 0 ? ": less skill there" : ": more skill there"}`,
    "varied": () => "shown another way, as likely to be right",
    "easing-over": () => "easing is over",
  },
  guidance: {
    "none": "", "slow-motion": "Next: the expression in slow motion", "compare-pair": "Next: the two side by side", "break": "Next: a short break",
  },
};

export const en = {
  code: "en",
  name: "English",
  percent,
  ...codes,
  rows: {
    trials: "Trials", face: "Face", heart: "Heart rate", skin: "Skin conductance", voice: "Voice", arousal: "Arousal", valence: "Valence",
    difficulty: "Difficulty", ability: "Skill",
  },
  notes: { arousal: "calm to aroused", valence: "unpleasant to pleasant", face: "expression", voice: "pitch, Hz", difficulty: "level, 1 to 12", ability: "estimated, logits" },
  started: (level: number) => `started at ${level}`,
  raised: (level: number) => `raised to ${level}`,
  eased: (level: number) => `eased to ${level}`,
  heldAt: (level: number, trials: number) => `held at ${level}${trials > 1 ? ` for ${trials} trials` : ""}`,
  level: (level: number) => `Level ${level}`,
  itemModel: (ms: number, intensity: number, degrees: number, options: number) =>
    `${Math.round(ms)}\u00a0ms · ${percent(intensity)} intensity · ${Math.round(Math.abs(degrees))}° view · ${options} answers`,
  expected: (value: number, target: number) => `Expected success ${percent(value)} (target ${percent(target)})`,
  skill: (value: string, error: string) => `Skill ${value} ± ${error} logits`,
  ago: (seconds: number) => (seconds < 60 ? `${Math.round(seconds)} s ago` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s ago`),
  secondsBack: (seconds: number) => (seconds === 0 ? "now" : `−${seconds}\u00a0s`),
  seconds: (seconds: number) => `${Math.round(seconds)} s`,
  bpm: (value: number, error: number | null) => `${Math.round(value)}\u00a0bpm${error === null ? "" : `\u00a0±\u00a0${error < 1 ? "1" : Math.round(error)}`}`,
  microsiemens: (value: number) => `${value.toFixed(value < 10 ? 2 : 1)}\u00a0µS`,
  responsesPerMin: (value: number) => `${Math.round(value)}\u00a0responses/min`,
  speaking: (share: number) => `speaking ${percent(share)}`,
  hertz: (value: number) => `pitch ${Math.round(value)}\u00a0Hz`,
  mean: (text: string) => `mean ${text}`,
  levelRange: (low: number, high: number) => (low === high ? `Level ${low}` : `Level ${low} to ${high}`),
  rightOf: (right: number, all: number) => `${right} of ${all} right`,
  answered: (shown: string, answer: string, right: boolean) => (right ? `${shown}, right` : `${shown}, said ${answer}`),
  on: "on",
  off: "off",
  stateFor: (state: string, seconds: number) => `${state} for ${Math.round(seconds)} s`,
  quiet: "quiet",
  offNoConsent: "no consent",
  offNotThere: "not connected",
  session: (name: string) => `Session ${name}`,
  recorded: "recorded learner",
  live: "live",
  over: "session over",
  stoppedByFault: "stopped by a fault",
  faultNotice: (parts: string) => `A fault in the software stopped a part of this session: ${parts}. The rest of it goes on.`,
  connecting: "Connecting …",
  reconnecting: (seconds: number) => `Connection lost. Trying again in ${seconds} s.`,
  waiting: "Connected. Nothing has been received yet.",
  refused: "This link is not valid, or it has expired. Ask for a new one, or enter a token.",
  unknown: "There is no session of this name.",
  eventAge: (p50: number, p95: number, ofEstimate: boolean) =>
    `${ofEstimate ? "estimate" : "features"} ${Math.round(p50)} ms after the moment (p95 ${Math.round(p95)} ms)`,
  stop: "Stop sensing",
  stopping: "Stopping …",
  stopped: "Sensing stopped",
  stopFailed: "Could not stop. Try again, or unplug the devices.",
  rightNow: "Right now",
  aroused: "aroused ↑",
  calm: "calm ↓",
  pleasant: "pleasant →",
  unpleasant: "← unpleasant",
  ringNote: "The ring is where the learner most likely is (80\u202f%).",
  hiddenNote: "Nothing is shown where it is too unsure.",
  noEstimate: "No estimate",
  notYet: "not yet",
  planeLabel: (valence: string, arousal: string) => `Valence ${valence}, arousal ${arousal}, from minus one to one.`,
  restsOn: "What the estimate rests on",
  none: "none",
  confidence: (value: number) => `confidence ${percent(value)}`,
  engagementAndStrain: "Engagement and strain",
  engagement: "engagement",
  strain: "strain",
  barNote: "Frame and ± span 80\u202f%, on a scale from 0 to 1.",
  limits: "An aid to training. It is not a diagnosis, and no one can read a lie from it.",
  lastSeconds: (seconds: number) => `The last ${seconds} seconds`,
  bands: "bands and ± span 80\u202f%",
  asTable: "as a table",
  difficulty: "Difficulty",
  why: "Why it changed",
  noDecision: "The first item has not been chosen yet.",
  withoutSensing: "This session trains without sensing",
  withoutSensingText:
    "Nothing of the learner's face, body or voice is read. The difficulty follows the answers alone, and every reason stands beside it.",
  withoutInference: "Feelings are not read in this session",
  withoutInferenceText: "The rules of this school do not allow it. Signals are shown as measured, and the difficulty follows the answers alone.",
  rowsLabel: "Signals, estimate and difficulty over time. Arrow keys move a reading line; the same values can be read as a table.",
  time: "time",
  faceFound: "face found",
  strongest: "strongest expression",
  language: "Language",
  token: "Access token",
  tokenHint: "The address that Affectloop printed has it behind #token=",
  open: "Open",
  sessions: "Sessions",
  noSessions: "There is no session yet.",
  sessionsFailed: "The list could not be read. Check the token.",
  liveView: "Live view",
  started2: "started",
  state: "state",
  sensing: "sensing",
  running: "running",
  ended: "ended",
  forget: "Forget the token",
};

export type Words = typeof en;
