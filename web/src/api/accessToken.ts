// The token comes in the address's fragment, which no server sees; it is taken out at once, and kept for this tab alone.

const PLACE = "affectloop.token";

/** The token of the address or, after a reload, of this tab; the address bar shows it no longer. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    keepToken(token);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return token ?? sessionStorage.getItem(PLACE);
}

export function keepToken(token: string): void {
  sessionStorage.setItem(PLACE, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(PLACE);
}
