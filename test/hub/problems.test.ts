import { BitError } from '../../lib';
import { HttpError } from '../../lib/download/download';
import { hubError, isRefusal } from '../../lib/hub/problems';

const request = (hasToken: boolean) => ({
  id: 'owner/bit',
  revision: 'v9',
  endpoint: 'https://user:secret@hub.example',
  hasToken,
});
const answer = (status: number, code?: string) =>
  new HttpError(status, new Headers(code === undefined ? {} : { 'x-error-code': code }));

test.each<[string, HttpError, boolean, RegExp]>([
  ['a revision', answer(404, 'RevisionNotFound'), false, /has no revision 'v9'/],
  ['a gate, without a token', answer(401, 'GatedRepo'), false, /set HF_TOKEN to your token\.$/],
  ['a gate, with one', answer(403), true, /your token \(the one given was refused\)\.$/],
  ['a bad token', answer(401), true, /refused the token for 'owner\/bit'/],
  ['a private model, or none', answer(401), false, /set HF_TOKEN if it is private\.$/],
  ['no model, whatever the token', answer(401, 'RepoNotFound'), true, /someone who may read it\.$/],
  ['nothing there', answer(404), true, /neither a path[^]*someone who may read it\.$/],
  ['trouble of its own', answer(503), true, /could not give 'owner\/bit': .*503\. Try again/],
])('%s is told, and what to do', (_, error, hasToken, words) => {
  const told = hubError(error, request(hasToken));
  expect(told).toMatchObject({ code: 'ERR_BIT_CHECKPOINT', cause: error });
  expect(told.message).toMatch(words);
  expect(told.message).not.toContain('secret');
});

test('a hub that is out of reach, by its innermost cause; errors of ours as they are', () => {
  const cause = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  expect(hubError(cause, request(false)).message).toMatch(
    /cannot be reached: connect ECONNREFUSED/,
  );
  const ours = new BitError('ERR_BIT_CONFIG', 'ours');
  expect(hubError(ours, request(false))).toBe(ours);
});

test.each([
  [404, true],
  [401, true],
  [408, false],
  [429, false],
  [500, false],
])('an answer of %i will stay the same: %p', (status, stays) => {
  expect(isRefusal(answer(status))).toBe(stays);
  expect(isRefusal(new Error('another'))).toBe(false);
});
