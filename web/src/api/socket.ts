// The live feed: one WebSocket, the token as its first message, opened again when it breaks.

import type { Message } from "./messages";

export type SocketState = { kind: "connecting" } | { kind: "open" } | { kind: "refused" } | { kind: "unknown" } | { kind: "over" } | { kind: "broken"; seconds: number };

const SHORTEST_WAIT_S = 1;
const LONGEST_WAIT_S = 15;
const REFUSED = new Set([1008, 3000, 3003, 4001, 4003, 4401, 4403]); // the token is not accepted: trying again is no use
const UNKNOWN = new Set([4004, 4404]);

export class LiveSocket {
  private socket: WebSocket | null = null;
  private wait = SHORTEST_WAIT_S;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly sessionId: string,
    private readonly token: string,
    private readonly onMessage: (message: Message) => void,
    private readonly onState: (state: SocketState) => void,
    private readonly isOver: () => boolean,
  ) {
    this.open();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private open(): void {
    this.onState({ kind: "connecting" });
    const address = new URL(`/v1/sessions/${encodeURIComponent(this.sessionId)}/live`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(address));
    socket.onopen = () => socket.send(JSON.stringify({ token: this.token }));
    socket.onmessage = (event) => this.read(String(event.data));
    socket.onclose = (event) => this.lost(event.code);
  }

  private read(text: string): void {
    this.wait = SHORTEST_WAIT_S;
    this.onState({ kind: "open" });
    const message = JSON.parse(text) as Message;
    if (message?.topic && message.event) this.onMessage(message);
  }

  private lost(code: number): void {
    if (this.closed) return;
    if (REFUSED.has(code)) return this.onState({ kind: "refused" });
    if (UNKNOWN.has(code)) return this.onState({ kind: "unknown" });
    if (this.isOver()) return this.onState({ kind: "over" });
    this.onState({ kind: "broken", seconds: this.wait });
    this.timer = setTimeout(() => this.open(), this.wait * 1000);
    this.wait = Math.min(LONGEST_WAIT_S, this.wait * 2);
  }
}
