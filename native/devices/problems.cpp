// By the device's number.
#include "devices/problems.h"

#include <map>
#include <mutex>

namespace bigtransfer::devices {
namespace {

struct Problems {
  std::mutex mutex;
  std::map<int, std::string> by_device;
};

/// Never destroyed: a job may outlive static destruction.
Problems& problems() {
  static auto* const all = new Problems();
  return *all;
}

}  // namespace

void note_problem(int device, const std::string& why) {
  const std::lock_guard lock(problems().mutex);
  problems().by_device.emplace(device, why);
}

std::string problem_of(int device) {
  const std::lock_guard lock(problems().mutex);
  const auto found = problems().by_device.find(device);
  return found == problems().by_device.end() ? "" : found->second;
}

}  // namespace bigtransfer::devices
