import { Calibration } from '../../../lib/training/evaluation/calibration';
import { reliabilityCharts } from '../../../lib/training/report/reliability';

test('shows how often each bin is right beside how often it says so', () => {
  const calibration = new Calibration();
  calibration.add(0.95, true, 0);
  calibration.add(0.97, false, 0);
  calibration.add(0.5, true, 0);
  const [diagram, histogram] = reliabilityCharts(calibration.result());
  // (|1 - 1.92| + |1 - 0.5|) / 3
  expect(diagram?.title).toBe('Calibration: expected error 47.3 %');
  expect(diagram?.labels).toEqual([3, 10, 17, 23, 30, 37, 43, 50, 57, 63, 70, 77, 83, 90, 97]);
  const [right, said] = diagram?.series ?? [];
  const none = Array.from({ length: 6 }, () => null);
  expect(right?.values).toEqual([...none, null, 1, ...none, 0.5]);
  expect(said).toMatchObject({ type: 'line', isGuide: true });
  expect([said?.values[0], said?.values[7], said?.values[14]]).toEqual([0.03333, 0.5, 0.96]);
  expect(histogram?.series[0]?.values).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2]);
});
