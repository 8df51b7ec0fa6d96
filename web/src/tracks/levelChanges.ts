// From decisions to what a reader wants to know of them: when the level moved, which way, and why.

import type { CauseGiven, Guidance } from "../api/events";
import type { Decision } from "./model";

export type Direction = "started" | "raised" | "eased" | "held";

export interface Change {
  t: number; // of the first decision
  until: number; // of the last one that it stands for
  number: number;
  trials: number;
  level: number;
  direction: Direction;
  causes: CauseGiven[];
  guidance: Guidance;
}

/** One entry for each move of the level and each stretch at which it was held, oldest first; a stretch tells its newest causes. */
export function changes(decisions: readonly Decision[]): Change[] {
  const found: Change[] = [];
  decisions.forEach((decision, index) => {
    const direction = directionOf(decisions[index - 1], decision);
    const last = found.at(-1);
    if (direction === "held" && last?.direction === "held") {
      Object.assign(last, { until: decision.t, trials: last.trials + 1, causes: decision.causes, guidance: decision.guidance });
      return;
    }
    const { t, number, level, causes, guidance } = decision;
    found.push({ t, until: t, number, trials: 1, level, direction, causes, guidance });
  });
  return found;
}

function directionOf(before: Decision | undefined, now: Decision): Direction {
  if (!before) return now.number === 0 ? "started" : "held"; // who joins late has not seen the start
  return now.level === before.level ? "held" : now.level > before.level ? "raised" : "eased";
}
