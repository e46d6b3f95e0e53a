// `bigtransfer cancel`: takes a batch job off its queue.

import type { Command } from 'commander';
import { cancelBatch } from '../index';
import type { Context } from './context';
import { redisUrl } from './options';
import { print } from './report';

export function addCancel(program: Command, context: Context): void {
  program
    .command('cancel')
    .description('Take a batch job off its queue; what is done of it stays where it is')
    .argument('<output>', 'the folder or s3:// place of the job; it need not be there any more')
    .requiredOption('--queue <url>', 'where Redis is: redis://host:port', redisUrl)
    .action(async (output: string, { queue }: { queue: string }) => {
      await cancelBatch({ output, queue, signal: context.signal });
      await print(`${output} is off the queue`);
    });
}
