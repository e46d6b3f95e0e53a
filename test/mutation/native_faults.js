// The single faults that are put into native/: by kind, what a line must look like and what becomes of it.
'use strict';

/** Each occurrence of `from` in a line is a place for a fault; `to` stands there instead. */
const FAULTS = [
  { kind: 'bound', from: / < /g, to: ' <= ' },
  { kind: 'bound', from: / <= /g, to: ' < ' },
  { kind: 'bound', from: / > /g, to: ' >= ' },
  { kind: 'bound', from: / >= /g, to: ' > ' },
  { kind: 'bound', from: / [+-] 1(?![\d.])/g, to: '' },
  { kind: 'operator', from: / == /g, to: ' != ' },
  { kind: 'operator', from: / != /g, to: ' == ' },
  { kind: 'operator', from: / && /g, to: ' || ' },
  { kind: 'operator', from: / \|\| /g, to: ' && ' },
  { kind: 'operator', from: / \+ (?!1(?![\d.]))/g, to: ' - ' },
  { kind: 'operator', from: / - (?!1(?![\d.]))/g, to: ' + ' },
  { kind: 'operator', from: / \* /g, to: ' / ' },
  { kind: 'operator', from: / \+= /g, to: ' -= ' },
  { kind: 'operator', from: /(?<=\()!(?=\w)/g, to: '' },
  { kind: 'operator', from: /\+\+(?=\w)/g, to: '--' },
  { kind: 'operator', from: /\btrue\b/g, to: 'false' },
  { kind: 'operator', from: /\bfalse\b/g, to: 'true' },
  { kind: 'notify', from: /[\w.>-]+notify_(?:one|all)\(\);/g, to: ';' },
  { kind: 'lock', from: /^ *const std::lock_guard lock\(.*\);$/g, to: ';' },
  // A whole statement that is a call.
  { kind: 'missing call', from: /^ +(?!return\b|throw\b)[\w.:>-]+\([^;]*\);$/g, to: ';' },
];

/** Faults of each kind in every so many: there are few locks and notifies, and each takes long to try. */
const SHARES = { bound: 6, operator: 8, 'missing call': 4, lock: 1, notify: 1 };

/** What no fault is put into: comments, the preprocessor, texts, assertions and templates' lists. */
const UNTOUCHED = /^\s*(?:\/\/|#|static_assert|template|using |namespace )|"/;

/** Every fault that a file's text can have, as { line (from 1), kind, before, after }. */
function faultsIn(text) {
  const faults = new Map();
  text.split('\n').forEach((before, index) => {
    if (UNTOUCHED.test(before)) return;
    const code = before.replace(/\/\/.*/, '');
    for (const { kind, from, to } of FAULTS) {
      for (const match of code.matchAll(from)) {
        const rest = before.slice(match.index + match[0].length);
        const after = before.slice(0, match.index) + to + rest;
        // A notify is a call as well: the first kind counts.
        const key = `${index}:${after}`;
        if (!faults.has(key)) faults.set(key, { line: index + 1, kind, before, after });
      }
    }
  });
  return [...faults.values()];
}

module.exports = { faultsIn, SHARES };
