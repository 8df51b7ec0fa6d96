// Fills the tracks from the messages of a live feed, and forgets what has left the window.

import type {
  AudioFeatures, Directive, EmotionEstimate, FaceFeatures, Modality, PhysioFeatures, SessionChanged, SignalChunk, TrialAnswered,
} from "../api/events";
import type { EventMessage, Message, SessionDescription, ShownTopic } from "../api/messages";
import { END_OF_TIME_US, STREAM_OF_TOPIC } from "../api/vocabulary";
import { markStopped, tracksOf } from "./faults";
import { emptyTracks, firstAfter, noteGap, put, type Trace, type Tracks } from "./model";

const KEPT_S = 90; // the rows show 60 s; a little more lets their left edge be whole
const PULSE_KEPT_S = 8;
const FACTS_KEPT = 400; // trials and decisions are few, and the list of reasons looks further back than the rows
const AGES_KEPT_MS = 60_000;
const LEARNERS_FACE = STREAM_OF_TOPIC["face.features.v1"]; // others in the picture have their own
const SAME_CLOCK_S = 120; // an old recording has its own time; an answer given today does not belong on its axis

/** Everything that the live view knows of one session. */
export class LiveTracks {
  readonly tracks: Tracks = emptyTracks();
  session: SessionDescription | null = null;
  ended = false;
  readonly faults = new Set<string>(); // services that a fault stopped it in
  estimate: EmotionEstimate | null = null;
  estimateAt = -Infinity;
  newest = -Infinity; // s since the origin
  readonly heardAt = new Map<Modality, number>(); // when a modality last had something to say, s since the origin
  private sensed = false;
  private originUs: number | null = null;
  private ages: { at: number; age: number; estimate: boolean }[] = [];

  /** Take one message; `nowMs` is a monotonic time for the ages. */
  take(message: Message, nowMs: number): void {
    if (message.topic === "session") {
      this.describe(message.event);
      return;
    }
    const t = this.seconds(message.event.header.event_time_us);
    this.moveOn(message.topic, t);
    if (message.age_ms !== null && message.age_ms !== undefined && !message.topic.startsWith("session.")) {
      this.noteAge(nowMs, message.age_ms, message.topic === "emotion.estimates.v1");
    }
    this.sort(message, t);
    if (message.event.header.complete_until_us >= END_OF_TIME_US) this.over(message.topic, message.event.header.stream_id);
    this.forget();
  }

  /** Median and 95th percentile of the event age over the last minute; of estimates, or of features where there are none. */
  age(nowMs: number): { p50: number; p95: number; ofEstimate: boolean } | null {
    this.ages = this.ages.filter((one) => nowMs - one.at < AGES_KEPT_MS);
    const ofEstimate = this.ages.some((one) => one.estimate);
    const ages = this.ages.filter((one) => one.estimate === ofEstimate).map((one) => one.age);
    if (ages.length === 0) return null;
    ages.sort((one, other) => one - other);
    const quantile = (share: number): number => ages[Math.min(ages.length - 1, Math.floor(share * ages.length))]!;
    return { p50: quantile(0.5), p95: quantile(0.95), ofEstimate };
  }

  /** Seconds since the session's origin. */
  seconds(timeUs: number): number {
    this.originUs ??= timeUs;
    return (timeUs - this.originUs) / 1e6;
  }

  /** Signals move the time on; facts do where there are no signals, or where they are of the same clock. */
  private moveOn(topic: ShownTopic, t: number): void {
    const fact = topic.startsWith("session.");
    if (!fact) this.sensed = true;
    if (!fact || !this.sensed || Math.abs(t - this.newest) < SAME_CLOCK_S) this.newest = Math.max(this.newest, t);
  }

  private describe(session: SessionDescription): void {
    this.session = session;
    this.originUs ??= session.started_at_us;
    this.ended = session.ended_at_us !== null;
    session.faults.forEach((service) => this.stopped(service));
  }

  private sort(message: EventMessage, t: number): void {
    switch (message.topic) {
      case "capture.signals.v1": return this.signals(message.event, t);
      case "face.features.v1": return this.face(message.event, t);
      case "physio.features.v1": return this.physio(message.event, t);
      case "audio.features.v1": return this.audio(message.event, t);
      case "emotion.estimates.v1": return this.estimated(message.event, t);
      case "session.trials.v1": return this.trial(message.event, t);
      case "session.directives.v1": return this.directive(message.event, t);
      case "session.events.v1": return this.changed(message.event);
      default: return message satisfies never; // a topic that is newly shown is drawn, or left out here by name
    }
  }

  private over(topic: ShownTopic, stream: string): void {
    if (topic === "face.features.v1" && stream !== LEARNERS_FACE) return;
    for (const track of tracksOf(this.tracks, topic)) track.ended = true;
  }

  private signals(chunk: SignalChunk, t: number): void {
    if (chunk.kind !== "eda" && chunk.kind !== "ppg") return;
    const trace = chunk.kind === "eda" ? this.tracks.conductance : this.tracks.pulse;
    chunk.samples.forEach((sample, index) => put(trace, t + index / chunk.sample_rate_hz, [sample[0] ?? null]));
    this.newest = Math.max(this.newest, t + Math.max(0, chunk.samples.length - 1) / chunk.sample_rate_hz);
  }

  private face(event: FaceFeatures, t: number): void {
    if (event.header.stream_id !== LEARNERS_FACE) return; // the learner's own; others in the picture are not shown
    this.heard("face", t, event.quality > 0);
    const added = put(this.tracks.face, t, event.expression ?? []);
    if (added) noteGap(this.tracks.face, t, event.expression === null && event.reason !== "good" ? event.reason : null);
  }

  private physio(event: PhysioFeatures, t: number): void {
    this.heard("wristband", t, event.heart_quality > 0 || event.eda_quality > 0);
    const { heart, skin, responses } = this.tracks;
    const level = event.tonic_microsiemens === null ? null : event.tonic_microsiemens + (event.phasic_microsiemens ?? 0);
    if (put(heart, t, [event.heart_rate_bpm, event.heart_rate_error_bpm])) {
      noteGap(heart, t, event.heart_rate_bpm === null ? event.heart_reason : null);
    }
    if (!put(skin, t, [event.tonic_microsiemens, level, event.responses_per_min])) return;
    noteGap(skin, t, level === null ? event.eda_reason : null);
    for (const response of event.responses) {
      const peak = this.seconds(response.peak_time_us);
      if (!responses.some((known) => known.t === peak)) responses.push({ t: peak, amplitude: response.amplitude_microsiemens });
    }
  }

  private audio(event: AudioFeatures, t: number): void {
    this.heard("voice", t, (event.voice_share ?? 0) > 0);
    const quiet = event.reason === "silent" || event.reason === "no-speech"; // that nobody speaks is known, not missing
    const share = event.voice_share ?? (quiet ? 0 : null);
    if (put(this.tracks.voice, t, [share, event.pitch_hz])) noteGap(this.tracks.voice, t, share === null ? event.reason : null);
  }

  private estimated(event: EmotionEstimate, t: number): void {
    const { affect } = this.tracks;
    const row = event.abstained ? [] : [event.arousal, event.arousal_error, event.valence, event.valence_error];
    if (put(affect, t, row)) noteGap(affect, t, event.abstained ? event.reason : null);
    if (t < this.estimateAt) return;
    this.estimate = event;
    this.estimateAt = t;
  }

  private trial(event: TrialAnswered, t: number): void {
    const { trials } = this.tracks;
    const number = event.header.sequence;
    if (trials.some((known) => known.number === number)) return;
    trials.push({
      t, number, shown: event.item.emotion, answer: event.answer, correct: event.correct, valid: event.valid,
      reactionMs: event.reaction_time_ms,
    });
    trials.sort((one, other) => one.number - other.number);
  }

  private directive(event: Directive, t: number): void {
    const { decisions } = this.tracks;
    const number = event.header.sequence;
    if (decisions.some((known) => known.number === number)) return;
    decisions.push({
      t, number, level: event.level, item: event.item, expected: event.expected_success, target: event.target_success,
      ability: event.ability, abilityError: event.ability_error, guidance: event.guidance, causes: event.causes,
    });
    decisions.sort((one, other) => one.number - other.number);
  }

  private changed(event: SessionChanged): void {
    if (event.change === "ended") this.ended = true;
    if (event.change === "stopped-by-fault") this.stopped(event.service);
    const changesConsent = event.change === "consent-given" || event.change === "consent-withdrawn"; // the start is what the descriptor tells
    if (this.session && changesConsent) this.session = { ...this.session, consented: event.consented };
  }

  private stopped(service: string): void {
    this.faults.add(service);
    markStopped(this.tracks, [service]);
  }

  private heard(modality: Modality, t: number, says: boolean): void {
    const before = this.heardAt.get(modality);
    if (before === undefined || (says && t > before)) this.heardAt.set(modality, t); // silence counts from the first record
  }

  private noteAge(nowMs: number, age: number, estimate: boolean): void {
    this.ages.push({ at: nowMs, age, estimate });
  }

  private forget(): void {
    const { tracks } = this;
    const before = this.newest - KEPT_S;
    for (const track of [tracks.face, tracks.heart, tracks.skin, tracks.voice, tracks.affect]) {
      drop(track, before);
      while (track.gaps[0] && track.gaps[0].to < before) track.gaps.shift();
    }
    drop(tracks.conductance, before);
    drop(tracks.pulse, this.newest - PULSE_KEPT_S);
    while (tracks.responses[0] && tracks.responses[0].t < before) tracks.responses.shift();
    if (tracks.trials.length > FACTS_KEPT) tracks.trials.splice(0, tracks.trials.length - FACTS_KEPT);
    if (tracks.decisions.length > FACTS_KEPT) tracks.decisions.splice(0, tracks.decisions.length - FACTS_KEPT);
  }
}

function drop(trace: Trace, before: number): void {
  const stale = firstAfter(trace.t, before);
  if (stale < 64) return; // in handfuls: moving an array's start is not free
  trace.t.splice(0, stale);
  trace.columns.forEach((column) => column.splice(0, stale));
}
