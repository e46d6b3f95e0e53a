// Runs every registered native test, with --bail until one fails; the exit code is the number of
// failed cases, at most 1. A test that hangs is a failed one with a name, and the last that runs.
#include <ATen/Context.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "check.h"

namespace {

using namespace bigtransfer::test;

/// Many times what the longest takes, under sanitizers too.
constexpr std::chrono::seconds kMostForOne{300};

void summarise(size_t passed, size_t failed) {
  std::cout << "native: " << passed << " passed, " << failed << " failed" << std::endl;
}

/// Ends the program when a test has run for too long. Its thread ends with the program.
class Watch {
 public:
  explicit Watch(std::chrono::seconds most) : most_(most) {
    std::thread([this] { watch(); }).detach();
  }

  /// Passed and failed ones are those before it.
  void begin(const std::string& name, size_t passed, size_t failed) {
    const std::lock_guard lock(mutex_);
    name_ = name;
    passed_ = passed;
    failed_ = failed;
    started_ = std::chrono::steady_clock::now();
    ++number_;
    next_.notify_one();
  }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    while (true) {
      const auto number = number_;
      const auto goes_on = [&] { return number_ != number; };
      if (next_.wait_until(lock, started_ + most_, goes_on)) continue;
      std::cout << "not ok " << name_ << std::endl;
      std::cerr << "    it took more than " << most_.count()
                << " s; none of the tests after it ran\n";
      summarise(passed_, failed_ + 1);
      ::_exit(1);
    }
  }

  const std::chrono::seconds most_;
  std::mutex mutex_;
  std::condition_variable next_;
  std::string name_ = "the start";
  size_t passed_ = 0;
  size_t failed_ = 0;
  int number_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// Of the limit for one test, in seconds.
constexpr const char* kLimitVariable = "BIGTRANSFER_TEST_LIMIT";

std::chrono::seconds limit() {
  const char* set = std::getenv(kLimitVariable);
  return set ? std::chrono::seconds(std::stoi(set)) : kMostForOne;
}

bool passes(const Case& test) {
  failures() = 0;
  try {
    test.body();
  } catch (const std::exception& error) {
    report(test.name.c_str(), 0, std::string("uncaught: ") + error.what());
  }
  return failures() == 0;
}

}  // namespace

int main(int count, char** arguments) {
  const bool bails = count > 1 && std::string_view(arguments[1]) == "--bail";
  // As the addon does.
  at::globalContext().setUserEnabledNNPACK(false);
  // It outlives its thread, which waits for as long as the program runs.
  auto* watch = new Watch(limit());
  size_t passed = 0;
  size_t failed = 0;
  for (const Case& test : cases()) {
    watch->begin(test.name, passed, failed);
    const bool ok = passes(test);
    ++(ok ? passed : failed);
    std::cout << (ok ? "ok " : "not ok ") << test.name << std::endl;
    if (bails && !ok) break;
  }
  summarise(passed, failed);
  return failed > 0 ? 1 : 0;
}
