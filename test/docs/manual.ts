// The tests of the manual's code, for whichever place has the package.
import { blocksOf, manualFiles, place, type Block } from './blocks';
import { ELSEWHERE, entryFor } from './elsewhere';
import { compile, isProgram, linesOf, programsOf, runAsShown, type Program } from './programs';
import { commandsOf, isShell, ownCommandsOf, runShellAsShown } from './shell';
import { Workshop, type Place } from './workshop';

const isJson = ({ language }: Block) => language === 'json';
const isElsewhere = (program: Program) => linesOf(program).some((line) => entryFor(program, line));

/** @param makePlace called before the first block runs. */
export function testManual(makePlace: () => Promise<Place>): void {
  const guides = manualFiles().map((file) => ({ file, blocks: blocksOf(file) }));
  const blocks = guides.flatMap((guide) => guide.blocks);
  const programs = guides.flatMap((guide) => programsOf(guide.blocks));
  let workshop: Workshop;

  beforeAll(async () => {
    workshop = new Workshop(await makePlace());
    await workshop.open();
    await compile(programs, workshop);
  }, 300_000);
  afterAll(() => workshop?.close());

  test('every block is run, or listed with who runs it', () => {
    const isKnown = (block: Block) => [isProgram, isShell, isJson].some((is) => is(block));
    const strange = blocks.filter((block) => !isKnown(block)).map(place);
    expect(strange).toEqual([]);
  });

  test('every entry of the list is about something', () => {
    const lines = [
      ...blocks
        .filter(isShell)
        .flatMap((block) => commandsOf(block).map((line) => entryFor(block, line))),
      ...programs.flatMap((program) => linesOf(program).map((line) => entryFor(program, line))),
    ];
    expect(ELSEWHERE.filter((entry) => !lines.includes(entry)).map(({ line }) => line)).toEqual([]);
  });

  for (const { file, blocks: own } of guides) {
    describe(file, () => {
      for (const block of own.filter(isJson))
        test(`${place(block)} is JSON`, () => void JSON.parse(block.text));
      for (const program of programs.filter((each) => each.file === file && !isElsewhere(each)))
        test(`${place(program.blocks[0] as Block)} runs`, () => runAsShown(program, workshop));
      for (const block of own.filter((each) => isShell(each) && ownCommandsOf(each).length > 0))
        test(`${place(block)} runs`, () => runShellAsShown(block, workshop));
    });
  }
}
