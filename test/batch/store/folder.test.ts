// A folder as a store.
import { join } from 'node:path';
import { FolderStore } from '../../../lib/batch/store/folder';
import { temporaryFolder } from '../../support/temporary';
import { keepsStoreContract } from './contract';

const place = join(temporaryFolder(), 'not', 'yet');

describe('as every store', () => keepsStoreContract(() => new FolderStore(place)));
