/**
 * An RFC 3339 date and time as epoch milliseconds; undefined for days and times that do not exist.
 * The text must have the form the schema demands.
 */
export function parseInstant(text: string): number | undefined {
  const epochMs = Date.parse(text.toUpperCase());
  if (Number.isNaN(epochMs)) return undefined;
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  // JavaScript rolls the 30th of February over into March.
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate() ? epochMs : undefined;
}
