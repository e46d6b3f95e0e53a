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

/** What would steer a terminal or turn text around, but for the ends of lines; names of files may have it. */
// eslint-disable-next-line no-control-regex -- those are what is looked for
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters as JSON writes them: in a JSON document nothing else changes by that. */
export function harmless(text: string): string {
  return text.replace(CONTROLS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As people say it: 40 s, 12 min, 3 h 20 min. */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Writes to standard output, waiting for a slow reader. */
export async function print(text: string): Promise<void> {
  if (process.stdout.write(`${harmless(text)}\n`)) return;
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
  const ofCode = code === null ? '' : `\ncode: ${code}`;
  process.stderr.write(`error: ${harmless(messageOf(error))}${ofCode}\n`);
  if (process.env['DEBUG']?.includes('bigtransfer')) console.error(error);
}
