// What a fault in a service stops: the tracks that it filled.

import type { ServiceName, TopicName } from "../api/events";
import { TOPICS_OF_SERVICE } from "../api/vocabulary";
import type { Track, Tracks } from "./model";

const TRACKS_OF_TOPIC: Partial<Record<TopicName, readonly ("face" | "heart" | "skin" | "voice" | "affect")[]>> = {
  "face.features.v1": ["face"],
  "physio.features.v1": ["heart", "skin"],
  "audio.features.v1": ["voice"],
  "emotion.estimates.v1": ["affect"],
};

/** The tracks that a topic's records fill. */
export function tracksOf(tracks: Tracks, topic: TopicName): Track[] {
  return (TRACKS_OF_TOPIC[topic] ?? []).map((name) => tracks[name]);
}

/** The topics that services make; a service that this page does not know makes none. */
export function topicsOf(services: Iterable<string>): Set<TopicName> {
  return new Set([...services].flatMap((name) => TOPICS_OF_SERVICE[name as ServiceName] ?? []));
}

/** Note that nothing more comes where these services stopped. */
export function markStopped(tracks: Tracks, services: Iterable<string>): void {
  for (const topic of topicsOf(services)) for (const track of tracksOf(tracks, topic)) track.stopped = true;
}
