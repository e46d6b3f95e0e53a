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

/** Runs it to its end; where it throws, the process ends with 1. */
async function runMain(main) {
  try {
    await main();
  } catch (error) {
    fail(error);
  }
}

module.exports = { parsed, runMain };
