// The blocks of code of the README and the guides, and what each prints.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/child';

export interface Block {
  /** Relative to the repository. */
  file: string;
  /** Of its first line of code, from 1. */
  line: number;
  /** As 'ts'; empty where the fence has none. */
  language: string;
  /** What stands behind it, as 'exits-1'. */
  words: string[];
  text: string;
  /** What it prints, where an output block follows: ```text output. */
  output: { line: number; text: string } | null;
}

/** README.md and all of docs/. */
export function manualFiles(): string[] {
  const guides = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...guides.sort().map((name) => `docs/${name}`)];
}

/** Fences may be indented, as in lists; the code loses as much. */
const FENCE = /^( *)```(.*)$/;

/** The file's blocks in their order; output blocks belong to the one before them. */
export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  let open: { block: Block; indent: number } | null = null;
  for (const [index, line] of readFileSync(join(ROOT, file), 'utf8').split('\n').entries()) {
    const [, indent = '', info = ''] = FENCE.exec(line) ?? [];
    if (!FENCE.test(line)) {
      if (open) open.block.text += `${line.slice(open.indent)}\n`;
    } else if (open) {
      close(blocks, open.block);
      open = null;
    } else {
      const [language = '', ...words] = info.trim().split(/\s+/);
      const block = { file, line: index + 2, language, words, text: '', output: null };
      open = { block, indent: indent.length };
    }
  }
  if (open) throw new Error(`${file}:${open.block.line}: the block has no end`);
  return blocks;
}

function close(blocks: Block[], block: Block): void {
  const isOutput = block.language === 'text' && block.words.includes('output');
  if (!isOutput) return void blocks.push(block);
  const source = blocks.at(-1);
  if (!source || source.output) throw new Error(`${block.file}:${block.line}: the output of what?`);
  source.output = { line: block.line, text: block.text };
}

/** By which errors name it. */
export const place = ({ file, line }: { file: string; line: number }) => `${file}:${line}`;

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whether that was printed: `…` stands for anything in its line, and alone on one for any lines. */
export function isAsShown(shown: string, printed: string): boolean {
  const pattern = shown
    .trimEnd()
    .split('\n')
    .map((line) =>
      line === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(escaped).join('.*')} *\\n`,
    );
  return new RegExp(`^${pattern.join('')}$`).test(`${printed.trimEnd()}\n`);
}
