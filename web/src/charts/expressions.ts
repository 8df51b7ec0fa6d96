// Which expressions are worth a line, and where their words stand.

import { EXPRESSIONS } from "../api/vocabulary";
import { firstAfter, type Track, type Value } from "../tracks/model";

const WORTH_A_LINE = 0.25; // probability that an expression must reach in the span
const WORTH_A_WORD = 0.45;
const MOST_LINES = 4;
const APART_PX = 70; // words closer than this would overlap
const NEUTRAL = EXPRESSIONS.indexOf("neutral");

/** The columns to draw: neutral as the background, then the expressions that show in the span, strongest last. */
export function facesShown(face: Track, from: number, to: number): number[] {
  const [first, last] = [firstAfter(face.t, from), firstAfter(face.t, to)];
  const highest = face.columns.map((column) => column.slice(first, last).reduce<number>((most, value) => Math.max(most, value ?? 0), 0));
  const showing = highest.map((value, column) => ({ value, column })).filter((one) => one.column !== NEUTRAL && one.value >= WORTH_A_LINE);
  showing.sort((one, other) => other.value - one.value);
  return [...(highest[NEUTRAL]! > 0 ? [NEUTRAL] : []), ...showing.slice(0, MOST_LINES).map((one) => one.column).reverse()];
}

/** A mean over `half` seconds to both sides; holes stay holes. */
export function smooth(track: Track, column: number, half: number): Value[] {
  const values = track.columns[column]!;
  if (half === 0) return values;
  let [low, high, sum, count] = [0, 0, 0, 0];
  const add = (index: number, sign: number): void => {
    const value = values[index];
    if (value === null || value === undefined) return;
    sum += sign * value;
    count += sign;
  };
  return track.t.map((t, index) => {
    while (high < values.length && track.t[high]! <= t + half) add(high++, 1);
    while (track.t[low]! < t - half) add(low++, -1);
    return values[index] === null || values[index] === undefined ? null : sum / count;
  });
}

export interface Peak {
  t: number;
  value: number;
  column: number;
}

/** The highest moments of the expressions, far enough apart for their words. */
export function peaks(face: Track, columns: readonly number[], pane: { from: number; to: number; left: number; right: number }): Peak[] {
  const perPixel = (pane.to - pane.from) / Math.max(1, pane.right - pane.left);
  const [first, last] = [firstAfter(face.t, pane.from + 20 * perPixel), firstAfter(face.t, pane.to - 12 * perPixel)];
  const candidates: Peak[] = [];
  for (const column of columns) {
    if (column === NEUTRAL) continue;
    const values = smooth(face, column, 0.25);
    for (let index = first; index < last; index++) {
      const value = values[index];
      if (value === null || value === undefined || value < WORTH_A_WORD) continue;
      if (value >= (values[index - 1] ?? 0) && value > (values[index + 1] ?? 0)) candidates.push({ t: face.t[index]!, value, column });
    }
  }
  candidates.sort((one, other) => other.value - one.value);
  const kept: Peak[] = [];
  for (const peak of candidates) {
    if (kept.every((other) => Math.abs(other.t - peak.t) / perPixel > (other.column === peak.column ? 2 : 1) * APART_PX)) kept.push(peak);
  }
  return kept;
}
