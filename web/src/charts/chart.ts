// The chart: all rows on one canvas over one time axis, with the lines that cross them.

import { write, type Palette, type Pane } from "./pane";
import type { ChartContext, Row } from "./rows";
import { linear } from "./scale";

export const RIGHT_PX = 40; // numbers of the rows' scales
export const AXIS_PX = 22;
const INSET_PX = 8; // of a row's drawing within its strip

export interface Chart {
  rows: readonly Row[];
  from: number;
  to: number;
  ticks: { t: number; text: string }[];
  marks: number[]; // times at which the difficulty moved
  cursor: number | null;
  cursorText: string;
}

/** Where each row lies: its weight's share of the height, in whole pixels. */
export function layout(rows: readonly Row[], height: number): { top: number; height: number }[] {
  const all = rows.reduce((sum, row) => sum + row.weight, 0);
  const inner = Math.max(0, height - AXIS_PX);
  let done = 0;
  return rows.map((row) => {
    const top = Math.round((done / all) * inner);
    done += row.weight;
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

export function drawChart(canvas: HTMLCanvasElement, width: number, height: number, chart: Chart, context: ChartContext, palette: Palette): void {
  if (width < RIGHT_PX + 20 || height < AXIS_PX + 20) return;
  const ctx = fit(canvas, width, height);
  const font = getComputedStyle(canvas).fontFamily;
  const right = width - RIGHT_PX;
  const x = linear(chart.from, chart.to, 0, right);
  const base: Omit<Pane, "top" | "bottom"> = { ctx, x, from: chart.from, to: chart.to, left: 0, right, palette, font };
  grid(base, chart, height);
  layout(chart.rows, height).forEach((place, index) => {
    const pane = { ...base, top: place.top + INSET_PX, bottom: place.top + place.height - INSET_PX };
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, place.top, width, place.height);
    ctx.clip();
    chart.rows[index]!.draw(pane, context);
    ctx.restore();
    rule(ctx, 0, width, place.top + place.height, palette.line);
  });
  axis(base, chart, height);
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

function grid(pane: Omit<Pane, "top" | "bottom">, chart: Chart, height: number): void {
  for (const tick of chart.ticks) upright(pane, tick.t, height, pane.palette["line-2"], []);
  for (const mark of chart.marks) upright(pane, mark, height, pane.palette["ink-2"], [2, 4]);
}

function axis(base: Omit<Pane, "top" | "bottom">, chart: Chart, height: number): void {
  const pane: Pane = { ...base, top: 0, bottom: height };
  const y = height - 6;
  chart.ticks.forEach((tick) => {
    const x = pane.x(tick.t);
    if (chart.cursor !== null && Math.abs(x - pane.x(chart.cursor)) < 56) return;
    const align = x > pane.right - 12 ? "right" : x < 12 ? "left" : "center";
    write(pane, tick.text, align === "right" ? pane.right : Math.max(0, x), y, align);
  });
  if (chart.cursor === null) return;
  upright(base, chart.cursor, height, pane.palette.accent, []);
  const x = Math.min(Math.max(pane.x(chart.cursor), 24), pane.right - 24);
  const { ctx } = pane;
  ctx.font = `650 12px ${pane.font}`;
  const wide = ctx.measureText(chart.cursorText).width + 14;
  ctx.fillStyle = pane.palette.accent;
  ctx.beginPath();
  ctx.roundRect(x - wide / 2, height - AXIS_PX + 2, wide, 18, 9);
  ctx.fill();
  ctx.fillStyle = "#fff";
  ctx.textAlign = "center";
  ctx.fillText(chart.cursorText, x, height - 7);
}
