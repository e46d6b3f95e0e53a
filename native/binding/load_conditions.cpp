// The environment is replaced and not written to: other threads may be reading it, and a pointer
// changes at once.
#include "binding/load_conditions.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace bigtransfer::binding {
namespace {

constexpr const char* kSpinVariable = "GOMP_SPINCOUNT";
constexpr const char* kPolicyVariable = "OMP_WAIT_POLICY";
/// Turns of libgomp's waiting loop before a thread sleeps: tens of microseconds.
char spin_setting[] = "GOMP_SPINCOUNT=10000";

/// The process's environment and `setting`. It is never freed: who has begun to read it may go on
/// after it was replaced again.
char** environment_with(char* setting) {
  auto* const variables = new std::vector<char*>();
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable)
    variables->push_back(*variable);
  variables->insert(variables->end(), {setting, nullptr});
  return variables->data();
}

}  // namespace

ShortSpins::ShortSpins() {
  static std::atomic_flag is_loaded;
  if (is_loaded.test_and_set()) return;
  if (std::getenv(kSpinVariable) != nullptr || std::getenv(kPolicyVariable) != nullptr) return;
  before_ = environ;
  environ = own_ = environment_with(spin_setting);
}

ShortSpins::~ShortSpins() {
  // Unless somebody has set a variable meanwhile.
  if (own_ != nullptr && environ == own_) environ = before_;
}

SomeWorkingDirectory::SomeWorkingDirectory(const std::string& directory) {
  std::error_code error;
  const auto current = std::filesystem::current_path(error);
  if (!error) return;
  removed_ = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (removed_ != kNone) std::filesystem::current_path(directory, error);
}

SomeWorkingDirectory::~SomeWorkingDirectory() {
  if (removed_ == kNone) return;
  // Nothing can be done where that fails, nor is anything lost.
  [[maybe_unused]] const int failed = ::fchdir(removed_);
  ::close(removed_);
}

}  // namespace bigtransfer::binding
