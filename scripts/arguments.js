// Arguments and failures of the scripts for developers: one line for what is wrong, and not a stack.
'use strict';

const { parseArgs } = require('node:util');

function fail(error) {
  console.error(`error: ${error.message.split('\n')[0]}`);
  process.exit(1);
}

/** As parseArgs(); ends the process where the arguments are wrong. */
function parsed(settings) {
  try {
    return parseArgs(settings);
  } catch (error) {
    return fail(error);
  }
}

/** @throws Error unless each of these options is a number above 0. */
function expectAboveZero(options) {
  for (const [name, text] of Object.entries(options)) {
    if (!(Number(text) > 0)) throw new Error(`--${name} takes a number above 0, not '${text}'`);
  }
}

/** Runs it to its end; where it throws, the process ends with 1. */
async function runMain(main) {
  try {
    await main();
  } catch (error) {
    fail(error);
  }
}

module.exports = { expectAboveZero, parsed, runMain };
