import { closeAtExit } from '../../lib/binding/at_exit';

test('each addon is closed once at the end, by one listener of all', () => {
  const once = jest.spyOn(process, 'once').mockReturnValue(process);
  const [first, again, other] = [jest.fn(), jest.fn(), jest.fn()];
  const addon = {};
  closeAtExit(addon, first);
  closeAtExit(addon, again);
  closeAtExit({}, other);
  expect(once.mock.calls).toEqual([['exit', expect.any(Function)]]);
  (once.mock.calls[0]?.[1] as () => void)();
  expect([first, again, other].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 1]);
});
