/** A Markdown table; numbers stand right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) =>
    rows.every((row) => /^[-\d.,≥ –×%]+( \w+)?$/.test(row[column] ?? '')) ? '---:' : '---',
  );
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** With thousands separated, such as `12,345`. */
export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : 'none';
}

export function fixed(value: number, decimals: number): string {
  return Number.isFinite(value) ? value.toFixed(decimals) : 'none';
}

/** Lowest and highest, such as `9,800–10,400`. */
export function span(values: readonly number[]): string {
  return `${whole(Math.min(...values))}–${whole(Math.max(...values))}`;
}
