import { describe, expect, it } from "vitest";
import type { Reason } from "../src/api/events";
import type { Message } from "../src/api/messages";
import { LANGUAGES, stoppedParts } from "../src/i18n";
import { markStopped } from "../src/tracks/faults";
import { LiveTracks } from "../src/tracks/live";
import { at, between, emptyTrack, emptyTracks, gapsWithin, noteGap, put, silence } from "../src/tracks/model";
import { audio, changed, face, SESSION } from "./events";

describe("a track", () => {
  it("keeps its times in order, whatever order they come in, and a copy once", () => {
    const track = emptyTrack(1, 1);
    for (const t of [1, 3, 2, 3]) put(track, t, [t]);
    expect([track.t, track.columns[0]]).toEqual([[1, 2, 3], [1, 2, 3]]);
  });

  it("holds a value only as long as it is asked to", () => {
    const track = emptyTrack(1, 1);
    put(track, 5, [80]);
    expect([at(track, 5.5, 1), at(track, 7, 1), at(track, 4, 1)]).toEqual([0, -1, -1]);
  });

  it("reads between two values, but not across a hole", () => {
    const track = emptyTrack(1, 1);
    put(track, 0, [10]);
    put(track, 1, [20]);
    put(track, 5, [30]);
    expect(between(track, 0, 0.5, 2)).toBe(15);
    expect(between(track, 0, 4, 2)).toBeNull();
  });

  it("has one gap from the last value before to the first after, split where the reason changes", () => {
    const track = emptyTrack(1, 0.5);
    const reasons: (Reason | null)[] = [null, null, "turned-away", "turned-away", "no-face", null, null, null];
    reasons.forEach((reason, index) => {
      put(track, index / 10, [reason ? null : 1]);
      noteGap(track, index / 10, reason);
    });
    expect(track.gaps).toEqual([{ from: 0.1, to: 0.4, reason: "turned-away" }, { from: 0.4, to: 0.5, reason: "no-face" }]);
  });

  it("shows silence as a gap of its own", () => {
    const track = emptyTrack(1, 0.5);
    for (const t of [0, 0.1, 5, 5.1]) put(track, t, [1]);
    expect(gapsWithin(track, 0, 5.2, 0)).toEqual([{ from: 0.1, to: 5, reason: "no-record" }]);
    expect(gapsWithin(track, 0, 20, 0).at(-1)).toEqual({ from: 5.1, to: 20, reason: "no-record" });
  });
});

describe("the live feed", () => {
  it("says that a recording is over, not that nothing is received", () => {
    const live = new LiveTracks();
    const last = face(1);
    last.event.header.complete_until_us = Number("9223372036854775807");
    [face(0.9), last].forEach((message) => live.take(message, 0));
    expect(gapsWithin(live.tracks.face, -5, 30, 0).at(-1)?.reason).toBe("ended");
  });

  it("shows the learner's face and no one else's", () => {
    const live = new LiveTracks();
    live.take({ topic: "session", event: SESSION, age_ms: null }, 0);
    live.take(face(1), 0);
    live.take(face(1.1, "good", "face-2"), 0);
    expect(live.tracks.face.t).toEqual([1]);
  });

  it("forgets what has left the window", () => {
    const live = new LiveTracks();
    for (let t = 0; t < 300; t += 0.1) live.take(face(Math.round(t * 10) / 10, t % 50 < 2 ? "no-face" : "good"), 0);
    expect(live.tracks.face.t[0]).toBeGreaterThan(200);
    expect(live.tracks.face.gaps.every((gap) => gap.to > 200)).toBe(true);
  });

  it("does not let an answer given today move the time of an old recording", () => {
    const live = new LiveTracks();
    live.take(face(1), 0);
    live.take(changed(9e6, "started", []), 0);
    expect(live.newest).toBeCloseTo(0, 6);
  });

  it("takes a consent away when it is withdrawn, not when an old start comes in late", () => {
    const live = new LiveTracks();
    live.take({ topic: "session", event: { ...SESSION, consented: [] }, age_ms: null }, 0);
    live.take(changed(0, "started", ["face"]), 0);
    expect(live.session?.consented).toEqual([]);
    live.take(changed(1, "consent-given", ["face"]), 0);
    expect(live.session?.consented).toEqual(["face"]);
  });

  it("tells the age of estimates, or of features where there is no estimate", () => {
    const live = new LiveTracks();
    for (let index = 0; index < 100; index++) live.take({ ...face(index / 10), age_ms: index } as Message, index * 10);
    expect(live.age(1000)).toEqual({ p50: 50, p95: 95, ofEstimate: false });
    expect(live.age(200_000)).toBeNull();
  });

  it("knows that nobody speaks without calling it a gap", () => {
    const live = new LiveTracks();
    [audio(0.5, "silent", 0), audio(1, "no-speech", null), audio(1.5, "no-signal", null), audio(2, "no-signal", null)].forEach((one) => live.take(one, 0));
    expect(live.tracks.voice.columns[0]).toEqual([0, 0, null, null]);
    expect(live.tracks.voice.gaps).toEqual([{ from: 0.5, to: 1.5, reason: "no-signal" }]);
  });
});

describe("a fault", () => {
  it("ends the tracks of the service that it stopped, and no other", () => {
    const live = new LiveTracks();
    live.take({ topic: "session", event: SESSION, age_ms: null }, 0);
    live.take(face(1), 0);
    live.take(audio(1, "good", 0.5), 0);
    live.take(changed(1, "stopped-by-fault", ["face"], "face"), 0);
    expect(gapsWithin(live.tracks.face, -5, 30, 0).at(-1)?.reason).toBe("fault");
    expect(gapsWithin(live.tracks.voice, -5, 30, 0).at(-1)?.reason).toBe("no-record");
    expect(live.session?.consented).toEqual(SESSION.consented);
  });

  it("is known to who opens the page after it", () => {
    const live = new LiveTracks();
    live.take({ topic: "session", event: { ...SESSION, faults: ["physio"] }, age_ms: null }, 0);
    expect([live.tracks.heart, live.tracks.skin].map(silence)).toEqual(["fault", "fault"]);
  });

  it("is told in the reader's words, and by its name where this page does not know the service", () => {
    const words = LANGUAGES.map((language) => stoppedParts(["physio", "from-the-future"], language));
    expect(words).toEqual(["from-the-future, heart and skin", "from-the-future, 心率与皮肤电"]);
    expect(() => markStopped(emptyTracks(), ["from-the-future"])).not.toThrow();
  });
});
