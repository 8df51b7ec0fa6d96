import type { CauseGiven, Emotion } from "../api/events";
import { en, type Words } from "./en";
import { zh } from "./zh";

export type { GapReason, Words } from "./en";
export const LANGUAGES: readonly Words[] = [en, zh];

/** The dictionary for the address's `?lang=`, else for the reader's own languages, else English. */
export function choose(search: string, preferred: readonly string[]): Words {
  const asked = new URLSearchParams(search).get("lang");
  for (const tag of asked ? [asked, ...preferred] : preferred) {
    const found = LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language.code.toLowerCase().split("-")[0]);
    if (found) return found;
  }
  return en;
}

/** A cause in words; a code that this page does not know is shown as it is, never hidden. */
export function causeWords(given: CauseGiven, words: Words): string {
  const say = words.causes[given.cause] as Words["causes"][CauseGiven["cause"]] | undefined;
  return say ? say(given.value, detailWords(given.detail, words)) : given.cause;
}

/** What a fault stopped, in words; a service that this page does not know is shown by its name. */
export function stoppedParts(services: Iterable<string>, words: Words): string {
  const known: Partial<Record<string, string>> = words.services;
  return [...services].map((name) => known[name] ?? name).sort().join(", ");
}

/** "fear/surprise" in the reader's language. */
export function detailWords(detail: string, words: Words): string {
  return detail
    .split(/[/,]/)
    .map((part) => words.emotions[part.trim() as Emotion] ?? part.trim())
    .filter((part) => part !== "")
    .join(" / ");
}
