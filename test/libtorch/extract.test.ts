// Which files of torch's wheel are unpacked, by their paths below torch/.
import { isWanted } from '../../lib/libtorch/extract';

test.each([
  ['lib/libtorch_cpu.so', true],
  ['lib/libgomp.so.1', true],
  ['lib/libgomp-a34b3233.so.1.0.0', true],
  ['lib/libc10.so', true],
  ['lib/libtorch_python.so', false],
  ['lib/libshm.so', false],
  ['lib/libjitbackend_test.so', false],
  ['lib/libbackend_with_compiler.so', false],
  ['lib/libaoti_custom_ops.so', false],
  // It only has such a name in it.
  ['lib/libmy_libshm.so', true],
  ['lib/libc10.a', false],
  ['lib/deeper/libc10.so', false],
  ['include/ATen/ATen.h', true],
  ['share/cmake/Torch/TorchConfig.cmake', true],
  ['share/doc/readme', false],
  ['version.py', true],
  ['other.py', false],
  ['include/', false],
  ['', false],
])('%p: %s', (path, wanted) => {
  expect(isWanted(path)).toBe(wanted);
});
