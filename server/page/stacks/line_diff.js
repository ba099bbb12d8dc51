// @ts-check
// The difference of two texts, by lines.

/** @typedef {{kind: " "|"+"|"-", text: string}} DiffLine */

// Above so many pairs of lines the middle is shown as replaced: the table would be too large.
const MAX_PAIRS = 250000;

/**
 * The lines of both texts, in order, with the fewest removed and added ones.
 *
 * @param {string} before
 * @param {string} after
 * @returns {DiffLine[]}
 */
export function diffLines(before, after) {
  const a = before.replace(/\n$/, "").split("\n");
  const b = after.replace(/\n$/, "").split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) ++head;
  let tail = 0;
  while (
    tail < Math.min(a.length, b.length) - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    ++tail;
  }
  return [
    ...lines(" ", a.slice(0, head)),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...lines(" ", a.slice(a.length - tail)),
  ];
}

/** @param {DiffLine["kind"]} kind @param {string[]} texts @returns {DiffLine[]} */
function lines(kind, texts) {
  return texts.map((text) => ({ kind, text }));
}

/** @param {string[]} a @param {string[]} b @returns {DiffLine[]} */
function middle(a, b) {
  if (a.length * b.length > MAX_PAIRS) return [...lines("-", a), ...lines("+", b)];
  // common[i][j]: the most common lines of a from i on and of b from j on.
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; --i) {
    for (let j = b.length - 1; j >= 0; --j) {
      common[i][j] =
        a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  /** @type {DiffLine[]} */
  const result = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      result.push({ kind: " ", text: a[i] });
      ++i;
      ++j;
    } else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) {
      result.push({ kind: "-", text: a[i++] });
    } else {
      result.push({ kind: "+", text: b[j++] });
    }
  }
  return result;
}

/**
 * The changed lines with so many unchanged ones around; null stands for lines left out.
 *
 * @param {DiffLine[]} diff
 * @param {number} [context]
 * @returns {(DiffLine|null)[]} Empty if nothing differs.
 */
export function shorten(diff, context = 2) {
  const near = diff.map((_, i) =>
    diff.slice(Math.max(0, i - context), i + context + 1).some(({ kind }) => kind !== " "),
  );
  /** @type {(DiffLine|null)[]} */
  const result = [];
  for (const [i, line] of diff.entries()) {
    if (near[i]) result.push(line);
    else if (result.length > 0 && near.indexOf(true, i) > 0 && result.at(-1) !== null) {
      result.push(null);
    }
  }
  return result;
}
