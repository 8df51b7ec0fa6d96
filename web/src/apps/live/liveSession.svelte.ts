// The live view's state: what has been received, and the beats at which the page looks at it.

import { stopSensing } from "../../api/client";
import type { Modality } from "../../api/events";
import type { Message } from "../../api/messages";
import { LiveSocket, type SocketState } from "../../api/socket";
import { LiveTracks } from "../../tracks/live";
import { Playhead } from "./playhead";

const FRAME_MS = 100; // the rows move 10 px a second: a faster beat would not be seen
const CALM_FRAME_MS = 1000; // for readers who asked for less motion
const WORDS_EVERY = 3; // frames between changes of words, so that they can be read

export type Stopping = "no" | "asked" | "done" | "failed";

export class LiveSession {
  readonly live = new LiveTracks();
  readonly playhead = new Playhead();
  connection: SocketState = $state({ kind: "connecting" });
  stopping: Stopping = $state("no");
  tick = $state(0); // the rows are drawn again
  slow = $state(0); // the words beside them, too
  now = $state(0); // the right edge, s since the session's origin
  private readonly socket: LiveSocket;
  private readonly timer: ReturnType<typeof setInterval>;
  private frames = 0;

  constructor(
    private readonly sessionId: string,
    private readonly token: string,
  ) {
    this.socket = new LiveSocket(sessionId, token, (message) => this.take(message), (state) => (this.connection = state), () => this.live.ended);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = setInterval(() => this.beat(calm), calm ? CALM_FRAME_MS : FRAME_MS);
  }

  close(): void {
    clearInterval(this.timer);
    this.socket.close();
  }

  async stop(): Promise<void> {
    this.stopping = "asked";
    this.stopping = (await stopSensing(this.sessionId, this.token)) ? "done" : "failed";
  }

  /** Whether a modality is declared and consented to; until the session is described, what is heard is shown. */
  allows(modality: Modality): boolean {
    return this.stopping !== "done" && (this.live.session?.consented.includes(modality) ?? true);
  }

  private take(message: Message): void {
    const nowMs = performance.now();
    const before = this.live.newest;
    this.live.take(message, nowMs);
    if (this.live.newest > before) this.playhead.saw(this.live.newest, nowMs);
  }

  private beat(calm: boolean): void {
    if (document.hidden) return;
    this.now = this.live.ended ? Math.max(0, this.playhead.end) : this.playhead.at(performance.now());
    this.tick += 1;
    if (calm || this.frames++ % WORDS_EVERY === 0) this.slow += 1;
  }
}
