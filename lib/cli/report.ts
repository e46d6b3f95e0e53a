// What goes to the terminal: tables, JSON, errors.

/** Columns as wide as their widest cell; those marked `right` hold numbers. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  const pad = (cell: string, i: number) =>
    right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Writes to standard output, waiting for a slow reader. */
export async function print(text: string): Promise<void> {
  if (process.stdout.write(`${text}\n`)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

export function printJson(value: unknown): Promise<void> {
  return print(JSON.stringify(value, null, 2));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `error: message`, the code if it has one, and with DEBUG=bigtransfer where it came from. */
export function reportError(error: unknown): void {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? null;
  process.stderr.write(`error: ${messageOf(error)}${code === null ? '' : `\ncode: ${code}`}\n`);
  if (process.env['DEBUG']?.includes('bigtransfer')) console.error(error);
}
