// @ts-check
// A small line of past values.

import { html } from "../html.js";

const WIDTH = 120;
const HEIGHT = 24;

/**
 * @param {object} props
 * @param {number[]} props.values  Oldest first.
 * @param {number} [props.max]  The top of the line; the greatest value if absent.
 * @param {string} props.label  What it shows, for screen readers.
 */
export function Sparkline({ values, max = Math.max(...values), label }) {
  if (values.length < 2) return html`<svg class="sparkline" role="img" aria-label=${label}></svg>`;
  const top = max > 0 ? max : 1;
  const points = values.map((value, i) => {
    const x = (i / (values.length - 1)) * WIDTH;
    const y = HEIGHT - 1 - (Math.min(value, top) / top) * (HEIGHT - 2);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return html`<svg
    class="sparkline"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label=${label}
  >
    <polyline points=${points.join(" ")} />
  </svg>`;
}
