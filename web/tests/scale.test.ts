import { describe, expect, it } from "vitest";
import { clock, extent, linear, roundRange, roundStep, signed, timeTicks } from "../src/charts/scale";

describe("a scale", () => {
  it("puts the ends of its range on the ends of its place", () => {
    const y = linear(60, 100, 80, 10);
    expect([y(60), y(80), y(100)]).toEqual([80, 45, 10]);
  });

  it("does not divide by a range of nothing", () => {
    expect(linear(5, 5, 0, 10)(5)).toBe(0);
  });

  it("rounds its range outwards to round numbers and never makes noise fill the row", () => {
    expect(roundRange(82.1, 82.9, 20)).toEqual([70, 95]);
    expect(roundRange(61, 118, 20)).toEqual([60, 120]);
  });

  it("knows round steps", () => {
    expect([0.03, 0.2, 7, 12].map(roundStep)).toEqual([0.05, 0.2, 10, 20]);
  });

  it("passes over what was not measured", () => {
    expect(extent([3, null, -1, undefined, NaN])).toEqual([-1, 3]);
    expect(extent([null, undefined])).toBeNull();
  });
});

describe("times", () => {
  it("are marked at round seconds, not too many", () => {
    expect(timeTicks(3, 63, 7)).toEqual([10, 20, 30, 40, 50, 60]);
    expect(timeTicks(0, 3300, 9).length).toBeLessThanOrEqual(9);
  });

  it("read as minutes and seconds", () => {
    expect([0, 61, 3725].map(clock)).toEqual(["0:00", "1:01", "1:02:05"]);
  });
});

describe("numbers", () => {
  it("carry a true minus sign, and no sign at zero", () => {
    expect([signed(-0.31, 1), signed(0.31, 1), signed(-0.001, 1)]).toEqual(["−0.3", "+0.3", "0.0"]);
  });
});
