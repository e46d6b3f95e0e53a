{
  "variables": { "openssl_fips": "" },
  "targets": [
    {
      "target_name": "bigtransfer",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["build/Release/bigtransfer.node"],
          "action": [
            "node",
            "scripts/build-native.js",
            "--from-gyp",
            "--node-headers",
            "<(node_root_dir)/include/node"
          ]
        }
      ]
    }
  ]
}
