// The manual's lines of shell: run by a shell in their guide's folder, but for those that are run elsewhere.
import { runProgram } from '../support/child';
import { isAsShown, place, type Block } from './blocks';
import { entryFor } from './elsewhere';
import type { Workshop } from './workshop';

export const isShell = ({ language }: Block) => language === 'sh';

/** Commands, whose lines a backslash may join. */
export function commandsOf({ text }: Block): string[] {
  return text
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
}

/** Those that are to be run here. */
export const ownCommandsOf = (block: Block) =>
  commandsOf(block).filter((line) => !entryFor(block, line));

/** @throws Error that names the guide and the line of what fails, or prints something else than is shown. */
export async function runShellAsShown(block: Block, workshop: Workshop): Promise<void> {
  const [, wanted = '0'] = /exits-(\d+)/.exec(block.words.join(' ')) ?? [];
  const script = ['exec 2>&1', ...ownCommandsOf(block)].join('\n');
  const cwd = await workshop.folderOf(block.file);
  const options = { cwd, env: { ...workshop.env } as NodeJS.ProcessEnv };
  const { code, stdout } = await runProgram(
    '/bin/bash',
    ['-e', '-c', workshop.served(script)],
    options,
  ).then(
    (ended) => ({ code: 0, ...ended }),
    (error: { code: number | null; stdout: string }) => error,
  );
  if (String(code) !== wanted)
    throw new Error(`${place(block)} exits with ${code}, not ${wanted}:\n${stdout}`);
  const { output } = block;
  if (output && !isAsShown(output.text, stdout))
    throw new Error(
      `${place({ ...block, ...output })} shows\n${output.text}\nbut it prints\n${stdout}`,
    );
}
