// The commands, and what becomes of errors and of Ctrl-C.

import { setMaxListeners } from 'node:events';
import { Command, CommanderError } from 'commander';
import { version } from '../index';
import { addBatch } from './batch';
import { addBench } from './bench';
import { addCancel } from './cancel';
import { addClassify } from './classify';
import { addDoctor } from './doctor';
import { addEmbed } from './embed';
import { addEvaluate } from './evaluate';
import { addExplain } from './explain';
import { addFinetune } from './finetune';
import { addInspect } from './inspect';
import { addLibtorch } from './libtorch';
import { addStatus } from './status';
import { addWorker } from './worker';
import { EXIT, type Context } from './context';
import { reportError } from './report';

/** Runs the program with these arguments; resolves to its exit code. */
export async function run(args: string[]): Promise<number> {
  const controller = new AbortController();
  // Every image under way listens to it.
  setMaxListeners(0, controller.signal);
  const interrupt = () => controller.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt); // the second one kills
  const context: Context = { args, signal: controller.signal, exitCode: EXIT.ok };
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (controller.signal.aborted) return EXIT.interrupted;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    reportError(error);
    return EXIT.failed;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function createProgram(context: Context): Command {
  const program = new Command('bigtransfer')
    .description('Big Transfer (BiT) vision models, native on libtorch')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.');
  const commands = [
    addClassify,
    addEmbed,
    addExplain,
    addFinetune,
    addEvaluate,
    addBatch,
    addWorker,
    addStatus,
    addCancel,
    addInspect,
    addBench,
    addDoctor,
    addLibtorch,
  ];
  for (const add of commands) add(program, context);
  return program;
}
