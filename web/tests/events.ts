// Messages with what the pages read of them: a field that no page reads needs no change here.

import type { AudioFeatures, FaceFeatures, Header, Modality, Reason, SessionChange, SessionChanged } from "../src/api/events";
import type { Message, SessionDescription } from "../src/api/messages";

export const START_US = 1_700_000_000_000_000;

export const SESSION: SessionDescription = {
  session_id: "s", mode: "live", started_at_us: START_US, ended_at_us: null, profile: "research", emotion_inference: true,
  consented: ["face", "wristband"], faults: [],
  streams: [["capture.frames.v1", "camera"], ["capture.signals.v1", "eda"]],
};

export function header(stream: string, t: number, sequence = Math.round(t * 10)): Header {
  const time = START_US + Math.round(t * 1e6);
  return { session_id: "s", stream_id: stream, sequence, event_time_us: time, complete_until_us: time + 100_000, captured_by: "test" };
}

export function face(t: number, reason: Reason = "good", stream = "face"): Extract<Message, { topic: "face.features.v1" }> {
  const seen = reason === "good";
  const expression = seen ? [0.9, 0.1, 0, 0, 0, 0, 0] : null;
  const event = { header: header(stream, t), quality: seen ? 0.9 : 0, reason, expression } as FaceFeatures;
  return { topic: "face.features.v1", age_ms: 40, event };
}

export function audio(t: number, reason: Reason, share: number | null): Message {
  const event = { header: header("audio", t), quality: 0, reason, voice_share: share, pitch_hz: null } as AudioFeatures;
  return { topic: "audio.features.v1", age_ms: 10, event };
}

export function changed(t: number, change: SessionChange, consented: Modality[], service = ""): Message {
  return { topic: "session.events.v1", age_ms: null, event: { header: header("session", t), change, consented, service } as SessionChanged };
}
