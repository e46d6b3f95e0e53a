#!/usr/bin/env node
// The `bigtransfer` program: its commands, and what becomes of errors, Ctrl-C and closed pipes.

import { Command, CommanderError } from 'commander';
import { version } from '../index';
import { addBench } from './bench';
import { addClassify } from './classify';
import { addDoctor } from './doctor';
import { addEmbed } from './embed';
import { addInspect } from './inspect';
import { addLibtorch } from './libtorch';
import { EXIT, type Context } from './context';
import { reportError } from './report';

async function main(args: string[]): Promise<number> {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Error('interrupted'))); // the second one kills
  const context: Context = { signal: controller.signal, exitCode: EXIT.ok };
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (controller.signal.aborted) return EXIT.interrupted;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    reportError(error);
    return EXIT.failed;
  }
}

function createProgram(context: Context): Command {
  const program = new Command('bigtransfer')
    .description('Big Transfer (BiT) vision models, native on libtorch')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage.');
  for (const add of [addClassify, addEmbed, addInspect, addBench, addDoctor, addLibtorch])
    add(program, context);
  return program;
}

/** `bigtransfer ... | head` closes our output early: that is no error. A full disk is one. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    process.stderr.write(`error: Cannot write the output: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
