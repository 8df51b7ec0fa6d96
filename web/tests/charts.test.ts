import { describe, expect, it } from "vitest";
import type { Cause, Guidance } from "../src/api/events";
import { Playhead } from "../src/apps/live/playhead";
import { layout } from "../src/charts/chart";
import { facesShown, smooth } from "../src/charts/expressions";
import { spoken, unjudged } from "../src/charts/rows";
import { causeWords, choose, LANGUAGES } from "../src/i18n";
import { changes } from "../src/tracks/levelChanges";
import { emptyTrack, put, type Decision } from "../src/tracks/model";

function decision(number: number, level: number, causes: Cause[] = [], guidance: Guidance = "none"): Decision {
  const item = { item_id: "i", emotion: "fear", duration_ms: 120, intensity: 0.6, view_deg: 0, options: 7, poser: "" } as const;
  const given = causes.map((cause) => ({ cause, value: null, detail: "" }));
  return { t: number * 5, number, level, item, expected: 0.78, target: 0.78, ability: 0, abilityError: 0.3, guidance, causes: given };
}

describe("the list of reasons", () => {
  it("has an entry for each move and one for each stretch without", () => {
    const found = changes([decision(0, 5), decision(1, 5), decision(2, 5, ["on-target"]), decision(3, 6), decision(4, 5, ["recent-misses"])]);
    expect(found.map((change) => [change.direction, change.level, change.trials])).toEqual([
      ["started", 5, 1], ["held", 5, 2], ["raised", 6, 1], ["eased", 5, 1],
    ]);
    expect(found[1]!.causes[0]!.cause).toBe("on-target");
  });

  it("does not claim a start for a reader who joins late", () => {
    expect(changes([decision(9, 5)])[0]!.direction).toBe("held");
  });

  it("shows a code that it does not know rather than nothing", () => {
    expect(causeWords({ cause: "from-the-future" as Cause, value: 1, detail: "" }, LANGUAGES[0]!)).toBe("from-the-future");
  });

  it("names both emotions in the reader's language", () => {
    const [en, zh] = LANGUAGES;
    const given = { cause: "recent-misses", value: 2, detail: "fear/surprise" } as const;
    expect(causeWords(given, en!)).toBe("2 misses: fear / surprise");
    expect(causeWords(given, zh!)).toBe("2 次答错：恐惧 / 惊讶");
  });

  it("chooses the language of the address, then of the reader, then English", () => {
    expect([choose("?lang=zh", ["en"]).code, choose("", ["fr", "zh-TW"]).code, choose("", ["fr"]).code]).toEqual(["zh-CN", "zh-CN", "en"]);
  });
});

describe("the face row", () => {
  const track = emptyTrack(7, 0.7);
  for (let index = 0; index < 100; index++) put(track, index / 10, [0.8, index === 50 ? 0.6 : 0.05, 0.1, 0, 0, 0, 0.02]);

  it("draws neutral and what shows in the span, nothing else", () => {
    expect(facesShown(track, 0, 10)).toEqual([0, 1]);
    expect(facesShown(track, 6, 10)).toEqual([0]);
  });

  it("smooths without filling holes", () => {
    const holed = emptyTrack(1, 1);
    [1, 3, null, 5].forEach((value, index) => put(holed, index / 10, [value]));
    expect(smooth(holed, 0, 0.11)).toEqual([2, 2, null, 5]);
  });
});

describe("the skin row", () => {
  it("draws no measured signal after a fault: nobody says that it is good", () => {
    const track = emptyTrack(3, 3);
    for (const t of [1, 2, 3]) put(track, t, [2, 2, 4]);
    expect(unjudged(track)).toEqual([]);
    track.stopped = true;
    expect(unjudged(track)).toEqual([{ from: 3, to: Infinity, reason: "fault" }]);
  });
});

describe("the voice row", () => {
  it("joins hops of speech into stretches that begin where the hop began", () => {
    expect(spoken([0.5, 1, 1.5, 2, 2.5], [0, 0.9, 0.8, 0, 0.7], 1.6)).toEqual([[0.5, 1.5], [2, 2.5]]);
  });
});

describe("the chart", () => {
  it("gives every row its share and loses no pixel", () => {
    const rows = [46, 100, 33].map((weight) => ({ id: "face" as const, weight, draw: () => undefined }));
    const places = layout(rows, 422);
    expect(places[0]!.top).toBe(0);
    expect(places.reduce((sum, place) => sum + place.height, 0)).toBe(400);
  });
});

describe("the right edge", () => {
  it("moves on evenly while records come in bursts, and never goes back", () => {
    const playhead = new Playhead();
    const shown: number[] = [];
    for (let ms = 0; ms <= 5000; ms += 100) {
      if (ms % 1000 === 0) playhead.saw(ms / 1000, ms);
      shown.push(playhead.at(ms));
    }
    const steps = shown.slice(1).map((t, index) => t - shown[index]!);
    expect(Math.min(...steps)).toBeGreaterThan(0.09);
    expect(Math.max(...steps)).toBeLessThan(0.11);
  });

  it("does not run on for ever without records", () => {
    const playhead = new Playhead();
    playhead.saw(10, 0);
    expect(playhead.at(3_600_000)).toBeLessThanOrEqual(30);
  });

  it("follows a replay that is faster than time", () => {
    const playhead = new Playhead();
    for (let ms = 0; ms < 1000; ms += 10) playhead.saw(ms, ms);
    expect(playhead.at(1000)).toBeGreaterThanOrEqual(990);
  });
});
