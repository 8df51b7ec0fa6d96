// What stands beside each row: its value at one time, in words with unit and uncertainty. The table twin reads the same.

import type { Expression } from "../api/events";
import { EXPRESSIONS } from "../api/vocabulary";
import type { Words } from "../i18n";
import { at, firstAfter, gapsWithin, type Track, type Tracks, type Value } from "../tracks/model";
import { facesShown } from "./expressions";
import type { RowId } from "./rows";
import { BAND_80, extent, signed } from "./scale";

export interface Readout {
  lines: string[];
  legend?: { name: Expression; text: string }[];
}

/** Values older than this many steps of their track are not told as if they held. */
function value(track: Track, column: number, t: number): Value {
  const index = at(track, t, track.step + 0.5);
  return index < 0 ? null : (track.columns[column]![index] ?? null);
}

function why(track: Track, t: number, words: Words): string {
  const gap = gapsWithin(track, t - 0.01, t + 0.01, 0).at(-1);
  if (track.t.length === 0) return track.stopped ? words.reasons.fault : "–";
  return words.reasons[gap?.reason ?? "no-record"];
}

function withBand(track: Track, column: number, t: number): string | null {
  const [middle, error] = [value(track, column, t), value(track, column + 1, t)];
  return middle === null ? null : `${signed(middle, 2)}${error === null ? "" : `\u00a0±\u00a0${(BAND_80 * error).toFixed(2)}`}`;
}

/** The mean of a column over the span, in words. */
function overall(track: Track, column: number, { from, to }: Moment, words: Words, say: (value: number) => string): Readout | null {
  const [first, last] = [firstAfter(track.t, from), firstAfter(track.t, to)];
  const known = track.columns[column]!.slice(first, last).filter((one) => one !== null);
  if (known.length === 0) return null;
  return { lines: [words.mean(say(known.reduce((sum, one) => sum + one, 0) / known.length))] };
}

function affectLines(column: 0 | 2, name: "arousal" | "valence") {
  return ({ affect }: Tracks, moment: Moment, words: Words): Readout => {
    const mean = moment.summary ? overall(affect, column, moment, words, (one) => signed(one, 2)) : null;
    return { lines: [mean?.lines[0] ?? withBand(affect, column, moment.t) ?? why(affect, moment.t, words), words.notes[name]] };
  };
}

function faceLines(tracks: Tracks, { t, from, to, cursor, summary }: Moment, words: Words): Readout {
  const { face } = tracks;
  const shown = facesShown(face, from, to).reverse();
  if (cursor) shown.sort((one, other) => (value(face, other, t) ?? 0) - (value(face, one, t) ?? 0)); // at a moment, the strongest first
  const known = (summary && shown.length > 0) || shown.some((column) => value(face, column, t) !== null);
  const legend = shown.slice(0, 4).map((column) => {
    const now = value(face, column, t);
    const name = EXPRESSIONS[column]!;
    return { name, text: `${words.emotions[name]}${now === null || summary ? "" : ` ${words.percent(now)}`}` };
  });
  const inGap = face.t.length === 0 || gapsWithin(face, t - 0.01, t + 0.01, 0).length > 0;
  const seen = shown.length === 0 && !inGap;
  return { lines: known ? [words.notes.face] : [seen ? words.faceFound : why(face, t, words)], legend };
}

function trialLines(tracks: Tracks, t: number, from: number, cursor: boolean, words: Words): Readout {
  const until = tracks.trials.filter((trial) => trial.t >= from && trial.t <= t + 1e-6 && trial.valid);
  const last = until.at(-1);
  if (cursor && last) return { lines: [words.answered(words.emotions[last.shown], words.emotions[last.answer], last.correct)] };
  return { lines: until.length === 0 ? ["–"] : [words.rightOf(until.filter((trial) => trial.correct).length, until.length)] };
}

function spokenShare(track: Track, from: number, to: number): Value {
  const heard = track.columns[0]!.filter((share, index) => share !== null && track.t[index]! > from && track.t[index]! <= to) as number[];
  return heard.length === 0 ? null : heard.reduce((sum, share) => sum + share, 0) / heard.length;
}

export interface Moment {
  t: number;
  from: number; // the span on show, for what is summed over it
  to: number;
  cursor: boolean; // whether the reader points at the time
  summary?: boolean; // tell of the span rather than of the time
}

const READERS: Record<RowId, (tracks: Tracks, moment: Moment, words: Words) => Readout> = {
  trials: (tracks, { t, from, cursor, summary }, words) => trialLines(tracks, t, summary ? from : -Infinity, cursor, words),
  face: faceLines,
  heart: ({ heart }, moment, words) => {
    const { t } = moment;
    const mean = moment.summary ? overall(heart, 0, moment, words, (one) => words.bpm(one, null)) : null;
    if (mean) return mean;
    const [rate, error] = [value(heart, 0, t), value(heart, 1, t)];
    return { lines: [rate === null ? why(heart, t, words) : words.bpm(rate, error === null ? null : BAND_80 * error)] };
  },
  skin: ({ skin }, moment, words) => {
    const { t } = moment;
    const mean = moment.summary ? overall(skin, 1, moment, words, words.microsiemens) : null;
    if (mean) return mean;
    const [level, responses] = [value(skin, 1, t), value(skin, 2, t)];
    if (level === null) return { lines: [why(skin, t, words)] };
    return { lines: [words.microsiemens(level), ...(responses === null ? [] : [words.responsesPerMin(responses)])] };
  },
  voice: ({ voice }, { t, from, to, cursor }, words) => {
    const share = cursor ? value(voice, 0, t) : spokenShare(voice, from, to);
    const pitch = value(voice, 1, t);
    return { lines: [share === null ? why(voice, t, words) : words.speaking(share), pitch === null ? words.notes.voice : words.hertz(pitch)] };
  },
  arousal: affectLines(0, "arousal"),
  valence: affectLines(2, "valence"),
  difficulty: ({ decisions }, { t, from, to, summary }, words) => {
    const last = decisions.filter((one) => one.t <= t + 1e-6).at(-1);
    const levels = extent(decisions.filter((one) => one.t >= from && one.t <= to).map((one) => one.level));
    if (summary && levels) return { lines: [words.levelRange(...levels), words.notes.difficulty] };
    return { lines: [last ? words.level(last.level) : "–", words.notes.difficulty] };
  },
  ability: ({ decisions }, { t }, words) => {
    const last = decisions.filter((one) => one.t <= t + 1e-6).at(-1);
    return { lines: [last ? `${signed(last.ability, 1)}\u00a0±\u00a0${(BAND_80 * last.abilityError).toFixed(1)}` : "–", words.notes.ability] };
  },
};

export function readout(row: RowId, tracks: Tracks, moment: Moment, words: Words): Readout {
  return READERS[row](tracks, moment, words);
}
