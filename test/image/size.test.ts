import { resizedSize } from '../../lib/image/size';

/** Expected sizes are transformers' (image_transforms.py), as [height, width]. */
const cases: [string, Parameters<typeof resizedSize>[0], [number, number], [number, number]][] = [
  ['exact', { height: 70, width: 91 }, [640, 480], [70, 91]],
  ['shortest, wide', { shortestEdge: 224 }, [480, 640], [224, 298]],
  ['shortest, high', { shortestEdge: 224 }, [640, 480], [298, 224]],
  ['shortest, square', { shortestEdge: 224 }, [100, 100], [224, 224]],
  ['shortest, strip', { shortestEdge: 224 }, [1, 500], [224, 112000]],
  ['shortest, cut off', { shortestEdge: 10 }, [3, 10], [10, 33]],
  ['shortest + longest, within', { shortestEdge: 64, longestEdge: 200 }, [100, 150], [64, 96]],
  ['shortest + longest, bound', { shortestEdge: 64, longestEdge: 81 }, [100, 150], [54, 81]],
  ['shortest + longest, half to even', { shortestEdge: 64, longestEdge: 5 }, [10, 20], [2, 5]],
  ['shortest + longest, half to even, up', { shortestEdge: 64, longestEdge: 7 }, [10, 20], [4, 7]],
  ['shortest + longest, as it is', { shortestEdge: 64, longestEdge: 200 }, [64, 99], [64, 99]],
  [
    'shortest + longest, as it is, high',
    { shortestEdge: 64, longestEdge: 200 },
    [99, 64],
    [99, 64],
  ],
  ['shortest + longest, just bound', { shortestEdge: 64, longestEdge: 95 }, [100, 150], [63, 95]],
  ['shortest + longest, high', { shortestEdge: 64, longestEdge: 200 }, [150, 100], [96, 64]],
  ['shortest + longest, high, bound', { shortestEdge: 64, longestEdge: 95 }, [150, 100], [95, 63]],
  [
    'shortest + longest, just not bound',
    { shortestEdge: 64, longestEdge: 96 },
    [100, 150],
    [64, 96],
  ],
  ['shortest + longest, square', { shortestEdge: 64, longestEdge: 200 }, [10, 10], [64, 64]],
  ['shortest + longest, square, bound', { shortestEdge: 64, longestEdge: 7 }, [10, 10], [7, 7]],
  // Its shortest edge rounds to what it is: it stays, though the longest edge passes its bound.
  [
    'shortest + longest, rounded to itself',
    { shortestEdge: 64, longestEdge: 99 },
    [40, 100],
    [40, 100],
  ],
  [
    'shortest + longest, high, to itself',
    { shortestEdge: 64, longestEdge: 99 },
    [100, 40],
    [100, 40],
  ],
  ['max, smaller', { maxHeight: 64, maxWidth: 81 }, [640, 480], [64, 48]],
  ['max, larger', { maxHeight: 64, maxWidth: 81 }, [10, 10], [64, 64]],
  ['max, down to nothing', { maxHeight: 30, maxWidth: 33 }, [1, 500], [0, 33]],
];

test.each(cases)('%s', (_, size, [height, width], [resizedHeight, resizedWidth]) => {
  const resized = resizedSize(size, { height, width });
  expect(resized).toEqual({ height: resizedHeight, width: resizedWidth });
});
