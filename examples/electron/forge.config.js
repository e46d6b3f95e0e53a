// `npm run make`: Electron Forge packs the app; the same as electron-builder.yml does, for those who prefer Forge.
'use strict';

const { FuseV1Options, FuseVersion } = require('@electron/fuses');

/** What is no JavaScript cannot be read from inside an archive: README, "Packing". */
const UNPACKED = [
  '**/node_modules/bigtransfer/{prebuilds,models}/**',
  '**/node_modules/@bigtransfer/**',
  '**/node_modules/@img/**',
];
/** Of development alone. */
const LEFT_OUT = [
  /^\/web(\/|$)/,
  /^\/dist(\/|$)/,
  /^\/out(\/|$)/,
  /^\/(README\.md|screenshot\.png)$/,
];

module.exports = {
  packagerConfig: {
    name: 'Pictures',
    asar: { unpack: `{${UNPACKED.join(',')}}` },
    ignore: LEFT_OUT,
  },
  // The addon is Node-API, the same for Node and Electron. Rebuilding would compile it from its sources.
  rebuildConfig: { onlyModules: [] },
  makers: [{ name: '@electron-forge/maker-zip', platforms: ['linux'] }],
  plugins: [
    {
      name: '@electron-forge/plugin-fuses',
      config: {
        version: FuseVersion.V1,
        [FuseV1Options.RunAsNode]: false,
        [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
        [FuseV1Options.EnableNodeCliInspectArguments]: false,
        [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
        [FuseV1Options.OnlyLoadAppFromAsar]: true,
        [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
      },
    },
  ],
};
