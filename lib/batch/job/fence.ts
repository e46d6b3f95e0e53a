// A store for one job alone: no part is made to count once another job is there.
import { BitError } from '../../errors';
import { readJob } from './journal';
import type { Store } from '../store/store';

/** A worker that was paused for long may come back when the job has been started anew. */
export function fenced(store: Store, job: string): Store {
  return {
    place: store.place,
    read: (name, start, end) => store.read(name, start, end),
    list: (folder) => store.list(folder),
    sizes: (folder) => store.sizes(folder),
    create: (name) => store.create(name),
    replace: (name, text) => store.replace(name, text),
    move: (from, to) => store.move(from, to),
    remove: (name) => store.remove(name),
    writeOnce: async (name, text) => {
      const now = await readJob(store);
      if (now?.id === job) return store.writeOnce(name, text);
      const what = now === null ? 'is there no more' : 'is another one by now';
      const message = `The job of ${store.place} ${what}: this part of the old one is dropped`;
      throw new BitError('ERR_BIT_OUTPUT', message);
    },
  };
}
