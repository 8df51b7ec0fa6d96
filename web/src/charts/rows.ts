// The rows: what each draws along the shared time axis.

import type { Cause, Modality } from "../api/events";
import { EXPRESSIONS, MODALITIES } from "../api/vocabulary";
import { causeWords, type Words } from "../i18n";
import { changes, type Change } from "../tracks/levelChanges";
import { between, firstAfter, gapsWithin, silence, type Gap, type Trace, type Track, type Tracks, type Value } from "../tracks/model";
import { facesShown, peaks, smooth } from "./expressions";
import { band, dot, hatch, line, ticks, textWidth, within, write, type Pane } from "./pane";
import { BAND_80, extent, linear, roundRange, type Scale } from "./scale";

export type RowId = "trials" | "face" | "heart" | "skin" | "voice" | "arousal" | "valence" | "difficulty" | "ability";

export interface ChartContext {
  tracks: Tracks;
  words: Words;
  allowed: (modality: Modality) => boolean; // whether the modality is sensed now
  live: boolean;
}

export interface Row {
  id: RowId;
  weight: number;
  draw: (pane: Pane, context: ChartContext) => void;
}

const SPEAKING = 0.3; // share of a hop from which on it is drawn as speech
const SHORTEST_GAP_PX = 4;

function gaps(pane: Pane, track: Track, context: ChartContext, modality?: Modality): void {
  const perPixel = (pane.to - pane.from) / Math.max(1, pane.right - pane.left);
  const off = modality === undefined ? !MODALITIES.some(context.allowed) : !context.allowed(modality);
  const nothing: Gap[] = context.live && track.t.length === 0 ? [{ from: pane.from, to: pane.to, reason: silence(track) }] : [];
  const found = [...nothing, ...gapsWithin(track, pane.from, pane.to, SHORTEST_GAP_PX * perPixel)];
  const word = (reason: Gap["reason"]): string => context.words.reasons[off && reason === "no-record" ? "not-allowed" : reason] ?? reason;
  hatch(pane, found, word);
}

function inSpan(trace: { t: number[] }, values: readonly Value[], pane: Pane): Value[] {
  return values.slice(Math.max(0, firstAfter(trace.t, pane.from) - 1), firstAfter(trace.t, pane.to) + 1);
}

function newest(pane: Pane, track: Track, column: number, y: Scale, color: string, context: ChartContext): void {
  const index = track.t.length - 1;
  const value = index < 0 ? null : track.columns[column]![index];
  if (context.live && value !== null && value !== undefined && track.t[index]! >= pane.from) dot(pane, pane.x(Math.min(track.t[index]!, pane.to)), y(value), color);
}

function drawTrials(pane: Pane, context: ChartContext): void {
  const shown = context.tracks.trials.filter((trial) => pane.x(trial.t) >= pane.left + 4 && pane.x(trial.t) <= pane.right + 1);
  const distance = apart(shown.map((trial) => pane.x(trial.t)));
  const radius = Math.max(1.5, Math.min(5.5, 0.38 * distance));
  const middle = pane.top + Math.min(13, (pane.bottom - pane.top) * 0.32);
  for (const trial of shown) {
    const x = pane.x(trial.t);
    if (trial.correct) dot(pane, x, middle, pane.palette.good, radius);
    else cross(pane, x, middle, radius * 0.85);
  }
  let taken = -Infinity;
  for (const trial of shown) {
    const [x, text] = [pane.x(trial.t), context.words.short[trial.shown]];
    const width = textWidth(pane, text);
    if (distance < 4 || x - width / 2 < taken + 3) continue;
    write(pane, text, x, middle + 21, "center", trial.correct ? pane.palette["ink-2"] : pane.palette.stop, trial.correct ? 400 : 650);
    taken = x + width / 2;
  }
}

function cross(pane: Pane, x: number, y: number, half: number): void {
  const { ctx, palette } = pane;
  ctx.strokeStyle = palette.stop;
  ctx.lineWidth = Math.min(2.6, 0.6 + half * 0.45);
  ctx.lineCap = "round";
  ctx.beginPath();
  ctx.moveTo(x - half, y - half);
  ctx.lineTo(x + half, y + half);
  ctx.moveTo(x + half, y - half);
  ctx.lineTo(x - half, y + half);
  ctx.stroke();
}

function drawFace(pane: Pane, context: ChartContext): void {
  const { face } = context.tracks;
  const y = linear(0, 1, pane.bottom, pane.top);
  const shown = facesShown(face, pane.from, pane.to);
  if (shown.length === 0) present(pane, face);
  else ticks(pane, [0, 0.5, 1], y, (value) => context.words.percent(value));
  gaps(pane, face, context, "face");
  for (const column of shown) {
    const name = EXPRESSIONS[column]!;
    const values = smooth(face, column, context.live ? 0.25 : 0);
    line(pane, face.t, values, y, face.step, { color: pane.palette[name], width: name === "neutral" ? 1.3 : 2 });
  }
  for (const peak of peaks(face, shown, pane)) {
    const text = context.words.emotions[EXPRESSIONS[peak.column]!];
    write(pane, text, within(pane, pane.x(peak.t), textWidth(pane, text)), Math.max(pane.top + 9, y(peak.value) - 5), "center", pane.palette.ink);
  }
}

/** Without expressions (they are not read, or not yet), at least where a face was found. */
function present(pane: Pane, face: Track): void {
  const { ctx } = pane;
  if (face.t.length === 0) return;
  const [left, right] = [Math.max(pane.left, pane.x(face.t[0]!)), Math.min(pane.right, pane.x(face.t.at(-1)!))];
  const middle = (pane.top + pane.bottom) / 2;
  ctx.globalAlpha = 0.18;
  ctx.fillStyle = pane.palette.face;
  ctx.fillRect(left, middle - 8, Math.max(0, right - left), 16);
  ctx.globalAlpha = 1;
}

function drawHeart(pane: Pane, context: ChartContext): void {
  const { heart } = context.tracks;
  const rates = inSpan(heart, heart.columns[0]!, pane);
  const errors = inSpan(heart, heart.columns[1]!, pane);
  const all = extent(rates.flatMap((rate, index) => (rate === null ? [] : [rate - (errors[index] ?? 0), rate + (errors[index] ?? 0)])));
  const range = roundRange(...(all ?? [60, 90]), 20);
  const y = linear(range[0], range[1], pane.bottom, pane.top);
  if (all) ticks(pane, three(range), y, (value) => String(Math.round(value)));
  gaps(pane, heart, context, "wristband");
  band(pane, heart, 0, 1, BAND_80, y, pane.palette.body);
  line(pane, heart.t, heart.columns[0]!, y, heart.step, { color: pane.palette.body, width: 2 });
  newest(pane, heart, 0, y, pane.palette.body, context);
}

function drawSkin(pane: Pane, context: ChartContext): void {
  const { skin, conductance, responses } = context.tracks;
  const measured = conductance.t.length > 0;
  const level = measured ? { t: conductance.t, columns: [trusted(conductance, unjudged(skin))] } : { t: skin.t, columns: [skin.columns[1]!] };
  const all = extent([...inSpan(level, level.columns[0]!, pane), ...inSpan(skin, skin.columns[0]!, pane)]);
  const range = roundRange(...(all ?? [0, 1]), 0.4);
  const y = linear(range[0], range[1], pane.bottom, pane.top);
  if (all) ticks(pane, three(range), y, (value) => value.toFixed(range[1] - range[0] < 2 ? 2 : 1));
  gaps(pane, skin, context, "wristband");
  line(pane, skin.t, skin.columns[0]!, y, skin.step, { color: pane.palette.body, width: 1, dash: [3, 3] });
  line(pane, level.t, level.columns[0]!, y, skin.step, { color: pane.palette.body, width: 1.8 });
  const shown = responses.filter((response) => response.t >= pane.from && response.t <= pane.to);
  const radius = Math.max(1.6, Math.min(4.5, 0.3 * apart(shown.map((response) => pane.x(response.t)))));
  for (const response of shown) {
    const value = between(level, 0, response.t, skin.step);
    if (value === null) continue;
    dot(pane, pane.x(response.t), y(value), pane.palette.body, radius);
    if (radius > 3) dot(pane, pane.x(response.t), y(value), pane.palette.panel, radius - 2);
  }
}

/** Where nobody says that the signal is good: its gaps, and all that comes after a fault. */
export function unjudged(track: Track): readonly Gap[] {
  return track.stopped ? [...track.gaps, { from: track.t.at(-1) ?? -Infinity, to: Infinity, reason: "fault" }] : track.gaps;
}

/** What was measured, without the stretches that are not to be trusted. */
function trusted(trace: Trace, distrusted: readonly Gap[]): Value[] {
  let next = 0;
  return trace.columns[0]!.map((value, index) => {
    const t = trace.t[index]!;
    while (next < distrusted.length && distrusted[next]!.to <= t) next++;
    return next < distrusted.length && distrusted[next]!.from < t ? null : value;
  });
}

/** The usual distance between marks, for their size. */
function apart(places: readonly number[]): number {
  return places.length > 1 ? (places.at(-1)! - places[0]!) / (places.length - 1) : Infinity;
}

function drawVoice(pane: Pane, context: ChartContext): void {
  const { ctx } = pane;
  const { voice } = context.tracks;
  const [shares, pitches] = [voice.columns[0]!, voice.columns[1]!];
  const range = roundRange(...(extent(inSpan(voice, pitches, pane)) ?? [100, 300]), 120);
  const y = linear(range[0], range[1], pane.bottom - 3, pane.top + 3);
  if (extent(inSpan(voice, pitches, pane))) ticks(pane, [range[0], range[1]], y, (value) => String(Math.round(value)));
  gaps(pane, voice, context, "voice");
  for (const [from, to] of spoken(voice.t, shares, voice.step)) {
    const left = Math.max(pane.left, pane.x(from));
    const right = Math.min(pane.right, pane.x(to));
    if (right <= left) continue;
    ctx.fillStyle = pane.palette.voice;
    ctx.globalAlpha = 0.15;
    ctx.beginPath();
    ctx.roundRect(left, pane.top, Math.max(2, right - left), pane.bottom - pane.top, 4);
    ctx.fill();
    ctx.globalAlpha = 1;
  }
  const heard = pitches.map((pitch, index) => ((shares[index] ?? 0) >= SPEAKING ? pitch : null));
  line(pane, voice.t, heard, y, voice.step, { color: pane.palette.voice, width: 2 });
}

/** Stretches of speech: a hop ends at its time and is as long as the step before it. */
export function spoken(times: readonly number[], shares: readonly Value[], longest: number): [number, number][] {
  const found: [number, number][] = [];
  times.forEach((t, index) => {
    if ((shares[index] ?? 0) < SPEAKING) return;
    const start = index > 0 && t - times[index - 1]! <= longest ? times[index - 1]! : t - 0.5;
    const last = found.at(-1);
    if (last && start - last[1] < 0.01) last[1] = t;
    else found.push([start, t]);
  });
  return found;
}

function drawAffect(column: 0 | 2): (pane: Pane, context: ChartContext) => void {
  return (pane, context) => {
    const { affect } = context.tracks;
    const y = linear(-1, 1, pane.bottom, pane.top);
    ticks(pane, [-1, 0, 1], y, (value) => (value === 0 ? "0" : value > 0 ? "+1" : "−1"));
    gaps(pane, affect, context);
    band(pane, affect, column, column + 1, BAND_80, y, pane.palette.fused);
    line(pane, affect.t, affect.columns[column]!, y, affect.step, { color: pane.palette.fused, width: 2.2 });
    newest(pane, affect, column, y, pane.palette.fused, context);
  };
}

function drawDifficulty(pane: Pane, context: ChartContext): void {
  const { ctx, palette } = pane;
  const { decisions } = context.tracks;
  const first = Math.max(0, firstAfter(decisions.map((one) => one.t), pane.from) - 1);
  const shown = decisions.slice(first).filter((one) => one.t <= pane.to);
  if (shown.length === 0) return;
  const [low, high] = extent(shown.map((one) => one.level))!;
  const bottom = Math.max(0, Math.min(low - 1, high - 3));
  const y = linear(bottom, Math.max(high + 1, bottom + 4), pane.bottom, pane.top);
  ticks(pane, [...new Set([low, high])], y, (value) => String(value));
  ctx.strokeStyle = palette.trial;
  ctx.lineWidth = 2.2;
  ctx.lineJoin = "miter";
  ctx.setLineDash([]);
  ctx.beginPath();
  shown.forEach((one, index) => {
    const x = Math.max(pane.left, pane.x(one.t));
    if (index === 0) ctx.moveTo(x, y(one.level));
    else {
      ctx.lineTo(x, y(shown[index - 1]!.level));
      ctx.lineTo(x, y(one.level));
    }
  });
  ctx.lineTo(pane.right, y(shown.at(-1)!.level));
  ctx.stroke();
  label(pane, context, y);
}

const WEIGHTY: readonly Cause[] = ["recent-misses", "break-due", "override", "strain-rising", "confusion"];
const TELLING: readonly Cause[] = ["success-high", "success-low", "first-item", "easing-over", "ability-up", "ability-down"];

function weight(change: Change): number {
  const has = (causes: readonly Cause[]): boolean => change.causes.some((given) => causes.includes(given.cause));
  return has(WEIGHTY) ? 2 : has(TELLING) ? 1 : 0;
}

/** The reasons beside the steps; the weightier, then the newer one wins where two would overlap. */
function label(pane: Pane, context: ChartContext, y: Scale): void {
  const taken: { above: boolean; left: number; right: number }[] = [];
  const moves = changes(context.tracks.decisions).filter((change) => change.direction !== "held");
  const lasts = new Map(moves.map((change, index) => [change, moves[index + 1]?.t ?? (context.live ? Infinity : pane.to)]));
  for (const change of moves.reverse().sort((one, other) => weight(other) - weight(one))) {
    const x = pane.x(change.t);
    if (x < pane.left - 60 || x > pane.right) continue;
    const first = change.causes[0]; // the list beside has them all
    const text = first ? causeWords(first, context.words) : context.words.level(change.level);
    const width = textWidth(pane, text);
    const left = Math.max(pane.left + 2, Math.min(x + 5, pane.right - width));
    const above = change.direction !== "eased";
    if (pane.x(lasts.get(change)!) - x < 0.6 * width || x - left > 0.4 * width) continue; // it would hide other steps
    if (taken.some((one) => one.above === above && left < one.right + 8 && left + width > one.left - 8)) continue;
    taken.push({ above, left, right: left + width });
    write(pane, text, left, y(change.level) + (above ? -6 : 15), "left", pane.palette["ink-2"]);
  }
}

function drawAbility(pane: Pane, context: ChartContext): void {
  const { decisions } = context.tracks;
  const track: Track = {
    t: decisions.map((one) => one.t), columns: [decisions.map((one) => one.ability), decisions.map((one) => one.abilityError)], gaps: [], step: Infinity,
  };
  const edges = decisions.flatMap((one) => [one.ability - BAND_80 * one.abilityError, one.ability + BAND_80 * one.abilityError]);
  const range = roundRange(...(extent(edges) ?? [-1, 1]), 1);
  const y = linear(range[0], range[1], pane.bottom, pane.top);
  ticks(pane, three(range), y, (value) => value.toFixed(1).replace("-", "−"));
  band(pane, track, 0, 1, BAND_80, y, pane.palette.trial);
  line(pane, track.t, track.columns[0]!, y, Infinity, { color: pane.palette.trial, width: 2 });
}

function three(range: [number, number]): number[] {
  return [range[0], (range[0] + range[1]) / 2, range[1]];
}

export const ROWS: readonly Row[] = [
  { id: "trials", weight: 46, draw: drawTrials },
  { id: "face", weight: 100, draw: drawFace },
  { id: "heart", weight: 82, draw: drawHeart },
  { id: "skin", weight: 84, draw: drawSkin },
  { id: "voice", weight: 60, draw: drawVoice },
  { id: "arousal", weight: 76, draw: drawAffect(0) },
  { id: "valence", weight: 76, draw: drawAffect(2) },
  { id: "difficulty", weight: 84, draw: drawDifficulty },
  { id: "ability", weight: 80, draw: drawAbility },
];
