// Ours under jest, as its only test.
/* global test */
'use strict';

const DAY_MS = 24 * 3600 * 1000;

test('answers until there are no more questions', () => require('./bigtransfer'), DAY_MS);
