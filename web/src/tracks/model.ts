// What the rows draw, in seconds since the session's origin: filled by a live feed, or read whole from a report.

import type { CauseGiven, Emotion, Guidance, Item, Reason } from "../api/events";
import { EXPRESSIONS } from "../api/vocabulary";
import type { GapReason } from "../i18n";

export type Value = number | null;

/** Values over time; `null` where there is none. All columns are as long as `t`, which rises. */
export interface Trace {
  t: number[];
  columns: Value[][];
}

/** A stretch without a value, and why. */
export interface Gap {
  from: number;
  to: number;
  reason: GapReason;
}

/** A trace, its gaps, and the longest step between two values that is not a gap. */
export interface Track extends Trace {
  gaps: Gap[];
  step: number;
  inGap?: boolean; // the last gap goes on
  stopped?: boolean; // a fault stopped the service that filled it
  ended?: boolean; // its last record said that nothing follows
}

export interface SkinResponse {
  t: number;
  amplitude: number;
}

export interface Trial {
  t: number;
  number: number;
  shown: Emotion;
  answer: Emotion;
  correct: boolean;
  valid: boolean;
  reactionMs: Value;
}

/** One decision of the recommender. */
export interface Decision {
  t: number;
  number: number;
  level: number;
  item: Item;
  expected: number;
  target: number;
  ability: number;
  abilityError: number;
  guidance: Guidance;
  causes: CauseGiven[];
}

export interface Tracks {
  face: Track; // one column an expression, in the order of EXPRESSIONS
  heart: Track; // bpm, one standard error
  skin: Track; // tonic uS, tonic + phasic uS, responses a minute
  conductance: Trace; // uS as measured; empty where only features are there
  pulse: Trace; // blood volume pulse, the last seconds
  voice: Track; // share of the hop, pitch Hz
  affect: Track; // arousal, its standard error, valence, its standard error
  responses: SkinResponse[];
  trials: Trial[];
  decisions: Decision[];
}

export const COLUMNS = { face: EXPRESSIONS.length, heart: 2, skin: 3, conductance: 1, pulse: 1, voice: 2, affect: 4 } as const;

export function emptyTrack(columns: number, step: number): Track {
  return { t: [], columns: Array.from({ length: columns }, () => []), gaps: [], step };
}

/** The longest steps between records that are not gaps: three times each stream's own. */
export function emptyTracks(): Tracks {
  return {
    face: emptyTrack(COLUMNS.face, 0.7),
    heart: emptyTrack(COLUMNS.heart, 3),
    skin: emptyTrack(COLUMNS.skin, 3),
    conductance: emptyTrack(COLUMNS.conductance, 3),
    pulse: emptyTrack(COLUMNS.pulse, 1),
    voice: emptyTrack(COLUMNS.voice, 1.6),
    affect: emptyTrack(COLUMNS.affect, 1.6),
    responses: [],
    trials: [],
    decisions: [],
  };
}

/** Add a row; one that is older than the last finds its place, one of the same time is a copy and is left out. */
export function put(trace: Trace, t: number, row: readonly Value[]): boolean {
  const at = firstAfter(trace.t, t);
  if (at > 0 && trace.t[at - 1] === t) return false;
  trace.t.splice(at, 0, t);
  trace.columns.forEach((column, index) => column.splice(at, 0, row[index] ?? null));
  return true;
}

/** Index of the first time after `t`. */
export function firstAfter(times: readonly number[], t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the value that holds at `t`: the last one before, unless it is older than `oldest` seconds. */
export function at(trace: Trace, t: number, oldest: number): number {
  const index = firstAfter(trace.t, t) - 1;
  return index >= 0 && t - trace.t[index]! <= oldest ? index : -1;
}

/** The value of a column at `t`, between its neighbours; `null` where one of them is missing or far. */
export function between(trace: Trace, column: number, t: number, step: number): Value {
  const after = firstAfter(trace.t, t);
  const [t0, t1] = [trace.t[after - 1], trace.t[after]];
  const [v0, v1] = [trace.columns[column]![after - 1], trace.columns[column]![after]];
  if (t0 === undefined || v0 === null || v0 === undefined || t - t0 > step) return null;
  if (t1 === undefined || v1 === null || v1 === undefined || t1 - t0 > step) return v0;
  return v0 + ((v1 - v0) * (t - t0)) / (t1 - t0);
}

/** Lengthen the last gap, or begin one, or close it: what the record just put at `t` says. */
export function noteGap(track: Track, t: number, reason: Reason | null): void {
  const last = track.gaps.at(-1);
  const previous = track.t.at(-2);
  const follows = previous !== undefined && t - previous <= track.step;
  const goesOn = last !== undefined && track.inGap === true && follows;
  if (goesOn) last.to = t; // up to the first good value, so that the hatch fills the whole hole in the line
  if (reason !== null && !(goesOn && last.reason === reason)) track.gaps.push({ from: follows && !goesOn ? previous : t, to: t, reason });
  track.inGap = reason !== null;
}

/** The gaps to show in a span: those with a reason that last, and stretches without any record. */
export function gapsWithin(track: Track, from: number, to: number, shortest: number): Gap[] {
  const shown = track.gaps.filter((gap) => gap.to > from && gap.from < to && gap.to - gap.from >= shortest);
  return [...shown, ...silences(track, from, to)].sort((one, other) => one.from - other.from);
}

/** Why nothing follows the last record. */
export function silence(track: Track): GapReason {
  return track.stopped ? "fault" : track.ended ? "ended" : "no-record";
}

function silences(track: Track, from: number, to: number): Gap[] {
  const found: Gap[] = [];
  const add = (start: number, end: number, longest: number, reason: Gap["reason"] = "no-record"): void => {
    if (end - start > longest && end > from && start < to) found.push({ from: Math.max(start, from), to: Math.min(end, to), reason });
  };
  if (track.t.length === 0) return found;
  const first = Math.max(1, firstAfter(track.t, from));
  for (let index = first; index < track.t.length && track.t[index - 1]! < to; index++) {
    add(track.t[index - 1]!, track.t[index]!, track.step);
  }
  const late = track.step + 1.5; // what is on its way is not missing
  add(track.t.at(-1)!, to, late, silence(track));
  return found;
}
