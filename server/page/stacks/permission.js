// @ts-check
// Why a control cannot be used.

import { useIsAdmin } from "../session_hooks.js";

/** @returns {string} "" if the token may change things. */
export function useRefusal() {
  return useIsAdmin() ? "" : "The token has the scope public: this needs the scope admin";
}

/**
 * The attributes of a button that may be refused: it can be focused, and says why.
 *
 * @param {string} refusal
 * @param {string} title  If it is not refused.
 * @param {() => void} run
 */
export function unlessRefused(refusal, title, run) {
  return {
    title: refusal || title,
    "aria-disabled": refusal ? "true" : undefined,
    onClick: refusal ? undefined : run,
  };
}
