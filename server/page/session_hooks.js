// @ts-check
// The session, for components.

import { session } from "./session.js";
import { useStore } from "./store.js";

/** Grows with each sign-in: what depends on it loads again. */
export function useSessionGeneration() {
  return useStore(session).generation;
}

/** @returns {import("./session.js").SessionState} */
export function useSession() {
  return useStore(session);
}

/** Whether the token of the session may change things. */
export function useIsAdmin() {
  return useStore(session).session?.token.scopes.includes("admin") ?? false;
}
