// Dropped files.
/* global document */

/**
 * @param {HTMLElement} target
 * @param {{ collect?: (transfer: DataTransfer) => Promise<File[]>, add: (files: File[]) => void }} options collect: where a
 *   file has no path, so that folders have to be read here.
 */
export function acceptDrops(target, { collect, add }) {
  let depth = 0;
  const mark = () => document.body.classList.toggle('dragging', depth > 0);
  const areFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
  // Each element on the way is entered and left; all but the outermost pair cancel out.
  target.addEventListener('dragenter', (event) => {
    if (areFiles(event)) depth++;
    mark();
  });
  target.addEventListener('dragleave', (event) => {
    if (areFiles(event)) depth--;
    mark();
  });
  target.addEventListener('dragover', (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = areFiles(event) ? 'copy' : 'none';
  });
  target.addEventListener('drop', async (event) => {
    event.preventDefault();
    depth = 0;
    mark();
    const { dataTransfer } = event;
    add(collect ? await collect(dataTransfer) : [...dataTransfer.files]);
  });
}
