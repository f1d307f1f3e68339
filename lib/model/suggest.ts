/** "Did you mean": the nearest of a few known names. */

/**
 * Names close to what was typed, best first, at most three: those that contain it as a prefix, then those within two
 * edits (one for names of up to three characters). Empty when nothing is near, or when a single character was typed.
 */
export function suggest(typed: string, known: Iterable<string>): string[] {
  const wanted = typed.toLowerCase();
  if (wanted.length < 2) return [];
  const scored: { name: string; score: number }[] = [];
  for (const name of new Set(known)) {
    const candidate = name.toLowerCase();
    const distance = editDistance(wanted, candidate);
    const tolerance = Math.min(wanted.length, candidate.length) <= 3 ? 1 : 2;
    if (distance <= tolerance) scored.push({ name, score: distance });
    else if (wanted.length >= 3 && candidate.startsWith(wanted)) scored.push({ name, score: 3 });
  }
  scored.sort((a, b) => a.score - b.score || a.name.localeCompare(b.name));
  return scored.slice(0, 3).map(({ name }) => name);
}

/** ` (did you mean a or b?)`, or an empty string. `decorate` turns a name into what the user would type. */
export function didYouMean(
  typed: string,
  known: Iterable<string>,
  decorate = (name: string): string => name,
): string {
  const names = suggest(typed, known).map(decorate);
  return names.length === 0 ? "" : ` (did you mean ${names.join(" or ")}?)`;
}

/** Edits between two words, where swapping two neighbours counts as one. */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const rows: number[][] = [Array.from({ length: width }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j < width; j++) {
      const replace = (rows[i - 1]?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
