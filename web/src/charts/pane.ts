// Strokes that every row is made of: lines that break where values are missing, bands, hatched gaps, words with a halo.

import { firstAfter, type Gap, type Trace, type Value } from "../tracks/model";
import { EMOTIONS, EXPRESSIONS } from "../api/vocabulary";
import type { Scale } from "./scale";

const COLOURS = [
  "panel", "ink", "ink-2", "line", "line-2", "hatch", "accent", "accent-soft", "warn", "stop", "good", "face", "body", "voice", "fused", "trial",
  ...EMOTIONS, ...EXPRESSIONS,
] as const;

/** The colours of ui/theme.css, read once. */
export type Palette = Record<(typeof COLOURS)[number], string>;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}

/** The part of the canvas that a row may draw on. */
export interface Pane {
  ctx: CanvasRenderingContext2D;
  x: Scale;
  from: number;
  to: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
  palette: Palette;
  font: string;
}

export interface Stroke {
  color: string;
  width?: number;
  dash?: number[];
}

const INSIDE = 1; // points beyond each edge, so that lines reach it

function span(pane: Pane, times: readonly number[]): [number, number] {
  return [Math.max(0, firstAfter(times, pane.from) - 1 - INSIDE), Math.min(times.length, firstAfter(times, pane.to) + INSIDE)];
}

function pen(pane: Pane, stroke: Stroke): CanvasRenderingContext2D {
  const { ctx } = pane;
  ctx.strokeStyle = stroke.color;
  ctx.lineWidth = stroke.width ?? 1.8;
  ctx.setLineDash(stroke.dash ?? []);
  ctx.lineJoin = "round";
  ctx.lineCap = stroke.dash ? "butt" : "round";
  return ctx;
}

/** Draw within the row's time span alone: the numbers of its scale stand right of it. */
function clipped(pane: Pane, drawing: () => void): void {
  const { ctx } = pane;
  ctx.save();
  ctx.beginPath();
  ctx.rect(pane.left, pane.top - 8, pane.right - pane.left + 1, pane.bottom - pane.top + 16);
  ctx.clip();
  drawing();
  ctx.restore();
}

/** A line through the values; it breaks at `null` and where the next value is more than `step` seconds away. */
export function line(pane: Pane, times: readonly number[], values: readonly Value[], y: Scale, step: number, stroke: Stroke): void {
  const ctx = pen(pane, stroke);
  const [first, last] = span(pane, times);
  const path = new Path2D(); // clipping would forget the canvas's own path
  let drawing = false;
  for (let index = first; index < last; index++) {
    const value = values[index];
    if (value === null || value === undefined) {
      drawing = false;
      continue;
    }
    const near = index > first && times[index]! - times[index - 1]! <= step;
    if (drawing && near) path.lineTo(pane.x(times[index]!), y(value));
    else {
      path.moveTo(pane.x(times[index]!), y(value));
      path.lineTo(pane.x(times[index]!), y(value)); // a value alone is a dot
    }
    drawing = true;
  }
  clipped(pane, () => ctx.stroke(path));
  ctx.setLineDash([]);
}

/** A filled band of `factor` errors around the values. */
export function band(pane: Pane, trace: Trace & { step: number }, of: number, error: number, factor: number, y: Scale, color: string): void {
  const [first, last] = span(pane, trace.t);
  const values = trace.columns[of]!;
  const errors = trace.columns[error]!;
  let run: number[] = [];
  const flush = (): void => {
    if (run.length > 1) fillBand(pane, run, trace.t, values, errors, factor, y, color);
    run = [];
  };
  for (let index = first; index < last; index++) {
    const known = values[index] !== null && values[index] !== undefined;
    if (!known || (run.length > 0 && trace.t[index]! - trace.t[index - 1]! > trace.step)) flush();
    if (known) run.push(index);
  }
  flush();
}

function fillBand(
  pane: Pane, run: readonly number[], times: readonly number[], values: readonly Value[], errors: readonly Value[], factor: number,
  y: Scale, color: string,
): void {
  const { ctx } = pane;
  const edge = (index: number, sign: number): number => y(values[index]! + sign * factor * (errors[index] ?? 0));
  const path = new Path2D();
  run.forEach((index) => path.lineTo(pane.x(times[index]!), edge(index, 1)));
  for (const index of [...run].reverse()) path.lineTo(pane.x(times[index]!), edge(index, -1));
  path.closePath();
  ctx.globalAlpha = 0.16;
  ctx.fillStyle = color;
  clipped(pane, () => ctx.fill(path));
  ctx.globalAlpha = 1;
}

/** Words on a halo of the panel's colour. */
export function write(
  pane: Pane, text: string, x: number, y: number, align: CanvasTextAlign = "left", color: string = pane.palette["ink-2"], weight = 400,
): void {
  const { ctx } = pane;
  ctx.font = `${weight} 12px ${pane.font}`;
  ctx.textAlign = align;
  ctx.textBaseline = "alphabetic";
  ctx.lineJoin = "round";
  ctx.strokeStyle = pane.palette.panel;
  ctx.lineWidth = 4;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = color;
  ctx.fillText(text, x, y);
}

export function textWidth(pane: Pane, text: string, weight = 400): number {
  pane.ctx.font = `${weight} 12px ${pane.font}`;
  return pane.ctx.measureText(text).width;
}

/** Hatched stretches with their reason, wherever it fits. */
export function hatch(pane: Pane, gaps: readonly Gap[], word: (reason: Gap["reason"]) => string): void {
  for (const gap of gaps) {
    const left = Math.max(pane.left, pane.x(gap.from));
    const right = Math.min(pane.right, pane.x(gap.to));
    if (right - left < 2) continue;
    stripes(pane, left, right);
    const lines = wrap(pane, word(gap.reason), right - left - 6);
    const middle = (pane.top + pane.bottom) / 2 + 4 - (lines.length - 1) * 7;
    const tooWide = Math.max(...lines.map((text) => textWidth(pane, text))) > right - left + 2;
    if (tooWide || lines.length * 14 > pane.bottom - pane.top) continue; // the reading line and the table tell it
    lines.forEach((text, index) => {
      write(pane, text, within(pane, (left + right) / 2, textWidth(pane, text)), middle + 14 * index, "center");
    });
  }
}

/** Break a text into lines that fit, where it has spaces to break at. */
function wrap(pane: Pane, text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length > 0 && textWidth(pane, longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Where words of that width stay within the row. */
export function within(pane: Pane, x: number, width: number): number {
  return Math.min(Math.max(x, pane.left + width / 2), pane.right - width / 2);
}

function stripes(pane: Pane, left: number, right: number): void {
  const { ctx, top, bottom } = pane;
  const tall = bottom - top;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, tall);
  ctx.clip();
  ctx.fillStyle = pane.palette.panel;
  ctx.fillRect(left, top, right - left, tall);
  ctx.strokeStyle = pane.palette.hatch;
  ctx.lineWidth = 1;
  ctx.beginPath();
  const shift = left - (left % 7); // stripes stay still on the page while the gap moves
  for (let x = shift - tall - 7; x < right; x += 7) {
    ctx.moveTo(x, bottom);
    ctx.lineTo(x + tall, top);
  }
  ctx.stroke();
  ctx.restore();
}

/** Round values at the right of the row, with faint lines. */
export function ticks(pane: Pane, values: readonly number[], y: Scale, label: (value: number) => string): void {
  const { ctx } = pane;
  ctx.lineWidth = 1;
  ctx.strokeStyle = pane.palette["line-2"];
  for (const value of values) {
    const at = Math.round(y(value)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(pane.left, at);
    ctx.lineTo(pane.right, at);
    ctx.stroke();
    ctx.font = `11px ${pane.font}`;
    ctx.textAlign = "left";
    ctx.fillStyle = pane.palette["ink-2"];
    ctx.fillText(label(value), pane.right + 5, Math.min(Math.max(at + 3.5, pane.top + 7), pane.bottom + 2));
  }
}

/** A dot where the newest value is. */
export function dot(pane: Pane, x: number, y: number, color: string, radius = 3.5): void {
  const { ctx } = pane;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = color;
  ctx.fill();
}
