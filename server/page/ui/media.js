// @ts-check
// Media queries, for components.

import { useEffect, useState } from "preact/hooks";

/**
 * Whether the window fits now; the component renders again when that changes.
 *
 * @param {string} query  "(min-width: 1024px)"
 */
export function useMedia(query) {
  const [list] = useState(() => matchMedia(query));
  const [fits, setFits] = useState(list.matches);
  useEffect(() => {
    const onChange = () => setFits(list.matches);
    list.addEventListener("change", onChange);
    onChange();
    return () => list.removeEventListener("change", onChange);
  }, [list]);
  return fits;
}
