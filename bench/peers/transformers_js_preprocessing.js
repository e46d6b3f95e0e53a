// transformers.js on the same files.
'use strict';

const { serve, timed } = require('./serve');

let processor;
let transformers;
let images;

async function preprocess() {
  const read = await Promise.all(images.map((file) => transformers.RawImage.read(file)));
  return processor(read);
}

serve({
  async versions() {
    const { env } = await import('@huggingface/transformers');
    return { 'transformers.js': env.version };
  },
  async prepare({ files, settings }) {
    transformers = await import('@huggingface/transformers');
    processor = new transformers.BitImageProcessor(settings);
    images = files;
    await preprocess();
  },
  run: async ({ times }) => ({ samples: await timed(times, preprocess) }),
});
