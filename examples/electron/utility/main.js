// The inference process. Electron starts it by utilityProcess.fork: --decoder=auto|page [--model=SOURCE]
'use strict';

const { parseArgs } = require('node:util');
const { Collection } = require('./collection');
const { loadModel } = require('./model');
const { serve } = require('./serve');
const { chooseSource } = require('./sources');

const { values } = parseArgs({
  options: { decoder: { type: 'string', default: 'auto' }, model: { type: 'string' } },
});
const port = process.parentPort;
const emit = (event) => port.postMessage(event);

async function start() {
  const source = chooseSource(values.decoder, emit);
  const model = await loadModel(values.model);
  const collection = new Collection({ model, source, emit });
  serve(port, {
    add: ({ paths }, signal) => collection.add(paths, signal),
    overlay: ({ picture, label }, signal) => collection.overlay(picture, label, signal),
    similar: ({ picture }) => collection.similar(picture),
    decoded: ({ picture, ...outcome }) => source.take(picture, outcome),
    cancel: () => collection.cancel(),
    clear: () => collection.clear(),
  });
  emit({ event: 'ready', decoder: source.name, model: model.name });
}

start().catch(({ message }) => emit({ event: 'broken', message }));
