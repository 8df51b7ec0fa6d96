// What the gateway sends: the session itself, then its events, each under its topic.

import type { EventOfTopic, Modality, TopicName } from "./events";
import { MODALITY_OF_TOPIC } from "./vocabulary";

/** What the gateway tells of a session; never a key, a name or a face. */
export interface SessionDescription {
  session_id: string;
  mode: "live" | "replay";
  started_at_us: number;
  ended_at_us: number | null;
  profile: string;
  emotion_inference: boolean;
  consented: Modality[];
  faults: string[]; // services that a fault stopped it in; the others go on
  streams: [topic: TopicName, streamId: string][];
}

export type ShownTopic = keyof EventOfTopic;

/** An event and how old it was when it left the gateway; `null` where no age can be told. */
export type EventMessage = { [T in ShownTopic]: { topic: T; event: EventOfTopic[T]; age_ms: number | null } }[ShownTopic];

export type Message = { topic: "session"; event: SessionDescription; age_ms: number | null } | EventMessage;

/** The modalities that a session's declared streams bring. */
export function declared(session: SessionDescription): Set<Modality> {
  return new Set(session.streams.flatMap(([topic]) => MODALITY_OF_TOPIC[topic] ?? []));
}
