// Runs every registered native test; the exit code is the number of failed cases, at most 1.
#include <ATen/Context.h>

#include <exception>
#include <iostream>

#include "check.h"

int main() {
  using namespace bigtransfer::test;
  // As the addon does.
  at::globalContext().setUserEnabledNNPACK(false);
  int failed = 0;
  for (const Case& test : cases()) {
    failures() = 0;
    try {
      test.body();
    } catch (const std::exception& error) {
      report(test.name.c_str(), 0, std::string("uncaught: ") + error.what());
    }
    if (failures() > 0) ++failed;
    std::cout << (failures() > 0 ? "not ok " : "ok ") << test.name << std::endl;
  }
  std::cout << "native: " << cases().size() - failed << " passed, " << failed << " failed\n";
  return failed > 0 ? 1 : 0;
}
