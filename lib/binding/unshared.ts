// Memory that Node-API can read.

/** `data`, or a copy where it lies in memory shared between threads, which Node-API refuses. */
export function unshared<T extends ArrayBufferView>(data: T): T {
  const brand = Object.prototype.toString.call(data.buffer);
  if (brand !== '[object SharedArrayBuffer]') return data;
  // Not data.slice(), which for a Buffer is no copy.
  return Uint8Array.prototype.slice.call(data) as unknown as T;
}
