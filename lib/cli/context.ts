// What every command is given, and the exit codes.

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export interface Context {
  /** What the program was given, for another one of the same. */
  args: readonly string[];
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** For a command that is done and yet not all well. */
  exitCode: number;
}
