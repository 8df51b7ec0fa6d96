// What the pages ask of the gateway's REST interface.

import type { SessionDescription } from "./messages";

function bearer(token: string): HeadersInit {
  return { Authorization: `Bearer ${token}` };
}

/** The sessions that the token may see, newest first. */
export async function readSessions(token: string): Promise<SessionDescription[]> {
  const answer = await fetch("/v1/sessions", { headers: bearer(token) });
  if (!answer.ok) throw new Error(String(answer.status));
  const sessions = (await answer.json()) as SessionDescription[];
  return sessions.sort((one, other) => other.started_at_us - one.started_at_us);
}

/** Ask the gateway to stop all sensing of a session at once. */
export async function stopSensing(sessionId: string, token: string): Promise<boolean> {
  try {
    const address = `/v1/sessions/${encodeURIComponent(sessionId)}/sensing/stop`;
    const answer = await fetch(address, { method: "POST", headers: bearer(token) });
    return answer.ok;
  } catch {
    return false;
  }
}
