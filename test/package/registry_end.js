// Ends what registry.js began.
const fs = require('node:fs');

module.exports = async function end() {
  const { folder, server } = globalThis.registry;
  server.kill();
  await new Promise((resolve) => server.once('close', resolve));
  fs.rmSync(folder, { recursive: true, force: true });
};
