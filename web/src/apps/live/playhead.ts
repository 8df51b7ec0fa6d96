// The time at the right edge. Records arrive in bursts and late; the edge moves on evenly, close behind the newest of them.

const SEEN_MS = 4000; // how long a prompt record speaks for the feed's pace
const AHEAD_S = 20; // without records the edge goes on, so that silence is seen, but not for ever

export class Playhead {
  private seen: { at: number; offset: number }[] = [];
  private newest = -Infinity;
  private newestAt = 0;
  private shown = -Infinity;

  /** A record of event time `t` (s) arrived at `nowMs` (monotonic). */
  saw(t: number, nowMs: number): void {
    if (t > this.newest) {
      this.newest = t;
      this.newestAt = nowMs;
    }
    const offset = t - nowMs / 1000;
    while (this.seen.length && this.seen.at(-1)!.offset <= offset) this.seen.pop(); // a running maximum
    this.seen.push({ at: nowMs, offset });
    while (this.seen[0] && nowMs - this.seen[0].at > SEEN_MS) this.seen.shift();
  }

  /** The time at the right edge at `nowMs`; never goes back. */
  at(nowMs: number): number {
    if (this.seen.length === 0) return Number.isFinite(this.newest) ? this.newest : 0;
    const pace = nowMs / 1000 + this.seen[0]!.offset;
    const limit = this.newest + Math.min(AHEAD_S, (nowMs - this.newestAt) / 1000);
    this.shown = Math.max(this.shown, Math.min(pace, Math.max(limit, this.newest)));
    return this.shown;
  }

  /** The session is over: stay at its last record. */
  get end(): number {
    return this.newest;
  }
}
