// What is found wrong while a run goes on is told once.
import { Problems } from '../../lib/training/problems';

const problem = (path: string, message = 'gone') => ({ path, message });

test('what is known at the start comes first, all of it; each path that turns up later counts once', () => {
  const known = [problem('table', 'row 1'), problem('table', 'row 2')];
  const problems = new Problems(known);
  problems.add(problem('a'));
  problems.add(problem('a', 'gone again'));
  problems.add(problem('table', 'row 3'));
  expect(problems.take()).toEqual([...known, problem('a')]);
  expect(problems.take()).toEqual([]);
  problems.add(problem('b'));
  expect(problems.take()).toEqual([problem('b')]);
  problems.add(problem('b'));
  expect(problems.take()).toEqual([]);
  expect(problems.all).toEqual([...known, problem('a'), problem('b')]);
  expect(known).toHaveLength(2);
});

test('of what is told only path and message are', () => {
  const problems = new Problems();
  problems.add({ ...problem('a'), place: 4 } as never);
  expect(problems.all).toEqual([problem('a')]);
});
