// Temporary folders that go away with the test file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bigtransfer-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
