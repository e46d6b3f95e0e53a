// Every block of code of the README and the guides, run on the packed packages as a stranger has them.
import { delimiter, join } from 'node:path';
import { testManual } from '../docs/manual';
import { Room } from './room';

const room = new Room({ name: 'manual' });

testManual(async () => {
  await room.install('bigtransfer', '@types/node');
  const bin = join(room.folder, 'node_modules', '.bin');
  // A shell finds head and the like beside what the room has.
  const path = [bin, room.bin, '/usr/bin', '/bin'].join(delimiter);
  return { base: room.folder, node: join(room.bin, 'node'), env: room.env, path };
});
