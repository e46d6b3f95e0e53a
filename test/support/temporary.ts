// Temporary folders that go away with the test file.
import { mkdtempSync, rmSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bigtransfer-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The system's folder for temporary files, as this file's code alone sees it: what lies there is its own. */
export function temporaryFolderAlone(): string {
  const folder = temporaryFolder();
  beforeEach(() => jest.spyOn(os, 'tmpdir').mockReturnValue(folder));
  afterEach(() => jest.mocked(os.tmpdir).mockRestore());
  return folder;
}
