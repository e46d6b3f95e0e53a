// The manual's programs: made of its blocks, compiled strictly, run each in a process of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { ROOT, runProgram } from '../support/child';
import { isAsShown, place, type Block } from './blocks';
import type { Workshop } from './workshop';

/** A block that imports something, or has a name, begins one; those after it that do not go on with it. */
export interface Program {
  file: string;
  /** Within its guide's folder, as 'line12.mts'. */
  name: string;
  blocks: Block[];
}

const EXTENSIONS: Readonly<Record<string, string>> = { ts: '.mts', js: '.cjs', mjs: '.mjs' };
const COMPILED: Readonly<Record<string, string>> = { '.mts': '.mjs', '.ts': '.js' };
/** The first line of a block that stands in a file of its own. */
const NAME = /^\/\/ (\S+\.\w+)$/m;
const BEGINS = /^(import|export) |\brequire\(/m;
/** Printed before each block's own output. */
const MARK = '\u0001block ';

export const isProgram = ({ language }: Block) => language in EXTENSIONS;

/** @throws Error for a block that goes on with nothing. */
export function programsOf(blocks: Block[]): Program[] {
  const programs: Program[] = [];
  for (const block of blocks.filter(isProgram)) {
    const name = NAME.exec(block.text.slice(0, block.text.indexOf('\n')))?.[1];
    const last = programs.at(-1);
    if (name !== undefined || BEGINS.test(block.text)) {
      const own = name ?? `line${block.line}${EXTENSIONS[block.language] as string}`;
      programs.push({ file: block.file, name: own, blocks: [block] });
    } else if (last) last.blocks.push(block);
    else throw new Error(`${place(block)}: the block goes on with no program`);
  }
  return programs;
}

const folderOf = (root: string, { file }: Program) => join(root, basename(file, '.md'));

/** The program's text, each line of it with the number that it has in the guide. */
function textOf({ blocks }: Program): string {
  const lines: string[] = [];
  const hasOutput = blocks.some(({ output }) => output);
  for (const { line, text } of blocks) {
    while (lines.length < line - 2) lines.push('');
    // Where the fence stands; not in what other programs take in, which would mark theirs.
    lines[line - 2] = hasOutput ? `console.log(${JSON.stringify(MARK + line)});` : '';
    lines.push(...text.trimEnd().split('\n'));
  }
  return `${lines.join('\n')}\n`;
}

const COMPILER_OPTIONS = {
  target: 'ES2022',
  module: 'Node16',
  strict: true,
  allowJs: true,
  checkJs: true,
  sourceMap: true,
  types: ['node'],
  rootDir: 'programs',
  outDir: 'compiled',
};

/** @throws Error that names the guide and its line for what does not compile. */
export async function compile(programs: Program[], workshop: Workshop): Promise<void> {
  const { base, node } = workshop.place;
  for (const program of programs) {
    const path = join(folderOf(join(base, 'programs'), program), program.name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, workshop.served(textOf(program)));
  }
  const project = { compilerOptions: COMPILER_OPTIONS, include: ['programs'] };
  writeFileSync(join(base, 'tsconfig.json'), JSON.stringify(project));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await runProgram(node, [tsc, '-p', base], { cwd: base }).catch(
    ({ stdout }: { stdout: string }) => {
      throw new Error(`The manual does not compile:\n${inGuides(stdout, programs)}`);
    },
  );
}

/** Places in programs as places in their guides: the lines are the same. */
function inGuides(text: string, programs: Program[]): string {
  let told = text;
  for (const program of programs) {
    const path = `(?:\\S*/)?programs/${basename(program.file, '.md')}/${program.name}`;
    told = told.replace(
      new RegExp(`${path.replaceAll('.', '\\.')}[(:](\\d+)[,:](\\d+)\\)?`, 'g'),
      `${program.file}:$1:$2`,
    );
  }
  return told;
}

/** @throws Error that names the guide and the line of what fails, or prints something else than is shown. */
export async function runAsShown(program: Program, workshop: Workshop): Promise<void> {
  const { base, node } = workshop.place;
  const ending = extname(program.name);
  const compiled = basename(program.name, ending) + (COMPILED[ending] ?? ending);
  const script = join(folderOf(join(base, 'compiled'), program), compiled);
  const cwd = await workshop.folderOf(program.file);
  const options = { cwd, env: { ...workshop.env } as NodeJS.ProcessEnv };
  const { stdout } = await runProgram(node, ['--enable-source-maps', script], options).catch(
    ({ stderr, message }: { stderr?: string; message: string }) => {
      const [block] = program.blocks as [Block];
      throw new Error(`${place(block)} fails:\n${inGuides(stderr ?? message, [program])}`);
    },
  );
  for (const { line, output } of program.blocks) {
    const [, printed = ''] = new RegExp(`${MARK}${line}\\n([^\\u0001]*)`).exec(stdout) ?? [];
    if (output && !isAsShown(output.text, printed))
      throw new Error(
        `${place({ ...program, ...output })} shows\n${output.text}\nbut it prints\n${printed}`,
      );
  }
}

/** All that stands in it, for those who look for words. */
export const linesOf = ({ blocks }: Program) => blocks.flatMap(({ text }) => text.split('\n'));
