// The sheet: all lanes on one canvas over one time axis, with the lines that cross them.

import { linear } from "../scale";
import type { Lane, Look } from "./lanes";
import { words, type Ink, type Pane } from "./pane";

export const RIGHT_PX = 40; // numbers of the lanes' scales
export const AXIS_PX = 22;
const INSET_PX = 8; // of a lane's drawing within its strip

export interface Sheet {
  lanes: readonly Lane[];
  from: number;
  to: number;
  ticks: { t: number; text: string }[];
  marks: number[]; // times at which the difficulty moved
  cursor: number | null;
  cursorText: string;
}

/** The strips' heights: their weights' share of the height, each a whole number of pixels. */
export function strips(lanes: readonly Lane[], height: number): { top: number; height: number }[] {
  const all = lanes.reduce((sum, lane) => sum + lane.weight, 0);
  const inner = Math.max(0, height - AXIS_PX);
  let done = 0;
  return lanes.map((lane) => {
    const top = Math.round((done / all) * inner);
    done += lane.weight;
    return { top, height: Math.round((done / all) * inner) - top };
  });
}

/** Fit the canvas to its place and pixels; returns its context. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
  const ctx = canvas.getContext("2d")!;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

export function draw(canvas: HTMLCanvasElement, width: number, height: number, sheet: Sheet, look: Look, ink: Ink): void {
  if (width < RIGHT_PX + 20 || height < AXIS_PX + 20) return;
  const ctx = fit(canvas, width, height);
  const font = getComputedStyle(canvas).fontFamily;
  const right = width - RIGHT_PX;
  const x = linear(sheet.from, sheet.to, 0, right);
  const base: Omit<Pane, "top" | "bottom"> = { ctx, x, from: sheet.from, to: sheet.to, left: 0, right, ink, font };
  grid(base, sheet, height);
  strips(sheet.lanes, height).forEach((strip, index) => {
    const pane = { ...base, top: strip.top + INSET_PX, bottom: strip.top + strip.height - INSET_PX };
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, strip.top, width, strip.height);
    ctx.clip();
    sheet.lanes[index]!.paint(pane, look);
    ctx.restore();
    rule(ctx, 0, width, strip.top + strip.height, ink.line);
  });
  axis(base, sheet, height);
}

function rule(ctx: CanvasRenderingContext2D, left: number, right: number, y: number, color: string): void {
  ctx.fillStyle = color;
  ctx.fillRect(left, y - 1, right - left, 1);
}

function upright(pane: Omit<Pane, "top" | "bottom">, t: number, height: number, color: string, dash: number[]): void {
  const { ctx } = pane;
  const x = Math.round(pane.x(t)) + 0.5;
  if (x < pane.left || x > pane.right + 1) return;
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.lineCap = "butt";
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x, 0);
  ctx.lineTo(x, height - AXIS_PX);
  ctx.stroke();
  ctx.setLineDash([]);
}

function grid(pane: Omit<Pane, "top" | "bottom">, sheet: Sheet, height: number): void {
  for (const tick of sheet.ticks) upright(pane, tick.t, height, pane.ink["line-2"], []);
  for (const mark of sheet.marks) upright(pane, mark, height, pane.ink["ink-2"], [2, 4]);
}

function axis(base: Omit<Pane, "top" | "bottom">, sheet: Sheet, height: number): void {
  const pane: Pane = { ...base, top: 0, bottom: height };
  const y = height - 6;
  sheet.ticks.forEach((tick) => {
    const x = pane.x(tick.t);
    if (sheet.cursor !== null && Math.abs(x - pane.x(sheet.cursor)) < 56) return;
    const align = x > pane.right - 12 ? "right" : x < 12 ? "left" : "center";
    words(pane, tick.text, align === "right" ? pane.right : Math.max(0, x), y, align);
  });
  if (sheet.cursor === null) return;
  upright(base, sheet.cursor, height, pane.ink.accent, []);
  const x = Math.min(Math.max(pane.x(sheet.cursor), 24), pane.right - 24);
  const { ctx } = pane;
  ctx.font = `650 12px ${pane.font}`;
  const wide = ctx.measureText(sheet.cursorText).width + 14;
  ctx.fillStyle = pane.ink.accent;
  ctx.beginPath();
  ctx.roundRect(x - wide / 2, height - AXIS_PX + 2, wide, 18, 9);
  ctx.fill();
  ctx.fillStyle = "#fff";
  ctx.textAlign = "center";
  ctx.fillText(sheet.cursorText, x, height - 7);
}
