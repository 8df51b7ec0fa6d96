// Axes: where a value lies, and which round numbers to print beside it.

/** From a value to a pixel. */
export type Scale = (value: number) => number;

export function linear(from: number, to: number, low: number, high: number): Scale {
  const span = to - from || 1;
  return (value) => low + ((value - from) / span) * (high - low);
}

const STEPS = [1, 2, 5];

/** The smallest round step (1, 2 or 5 times a power of ten) that is at least `least`. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return (STEPS.find((step) => step * power >= least * (1 - 1e-9)) ?? 10) * power;
}

/** A range of round numbers around the values, never narrower than `narrowest`, so that noise does not look like news. */
export function roundRange(low: number, high: number, narrowest: number): [number, number] {
  const missing = Math.max(0, narrowest - (high - low)) / 2;
  const step = roundStep(Math.max(high - low, narrowest) / 4);
  const tidy = (value: number): number => Number(value.toPrecision(12));
  return [tidy(Math.floor((low - missing) / step) * step), tidy(Math.ceil((high + missing) / step) * step)];
}

/** Smallest and largest of some values; `null` where there are none. */
export function extent(values: Iterable<number | null | undefined>): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Round times within a span, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const step = TIME_STEPS_S.find((one) => (to - from) / one <= most) ?? 3600;
  const ticks: number[] = [];
  for (let t = Math.ceil(from / step - 1e-9) * step; t <= to + 1e-9; t += step) ticks.push(t);
  return ticks;
}

/** `m:ss`, or `h:mm:ss`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${pad(whole % 60)}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

/** A signed number with a true minus sign. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : (value < 0 ? "−" : "+") + text;
}

/** How many standard errors an 80 % range reaches to each side of one value. */
export const BAND_80 = 1.2816;

/** How many standard errors the 80 % ring of two independent values has as its radius: sqrt(-2 ln 0.2). */
export const RING_80 = 1.7941;
