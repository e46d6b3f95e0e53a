// Ends the process as soon as it starts, if it is rank 1 of a training.
'use strict';

if (process.env.RANK === '1') {
  process.stderr.write('it does not want to\n');
  process.exit(7);
}
