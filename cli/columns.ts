/** Rows as lines of text, the cells of a column one below the other. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Lines that fit the terminal; where the output goes elsewhere, whole ones. */
export function cutToTerminal(text: string): string {
  return cutTo(process.stdout.isTTY ? process.stdout.columns : undefined, text);
}

export function cutTo(width: number | undefined, text: string): string {
  if (width === undefined) return text;
  const cut = (line: string) => (line.length <= width ? line : `${line.slice(0, width - 3)}...`);
  return text.split("\n").map(cut).join("\n");
}
