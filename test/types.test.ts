// What the types of models and processors show: nothing of what stands behind them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const INTERNAL = /\b(Native\w+|ForwardRequest|StagedImages|Runner|stage\()/;

test.each([
  'bit_model',
  'bit_backbone',
  'bit_for_image_classification',
  'bit_image_processor',
  'inputs',
  'load_options',
  'pretrained_model',
])('%s.d.ts', (name) => {
  const types = readFileSync(join(__dirname, `../dist/models/${name}.d.ts`), 'utf8');
  expect(INTERNAL.exec(types)?.[0]).toBeUndefined();
});
