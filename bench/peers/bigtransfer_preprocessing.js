// Our image processor. Argument: fastDecode, or nothing.
'use strict';

const { BitImageProcessor, version } = require('../..');
const { serve, timed } = require('./serve');

const fastDecode = process.argv[2] === 'fastDecode';
const processor = new BitImageProcessor();
let images;

const preprocess = () => processor.preprocess(images, fastDecode ? { fastDecode } : {});

serve({
  versions: () => ({ bigtransfer: version }),
  async prepare({ files }) {
    images = files;
    const { pixelValues } = await preprocess();
    return { values: [...pixelValues.data.subarray(0, pixelValues.data.length / files.length)] };
  },
  run: async ({ times }) => ({ samples: await timed(times, preprocess) }),
});
