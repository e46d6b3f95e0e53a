// Which devices have failed in this process.
#pragma once

#include <string>

namespace bigtransfer::devices {

/// Remembers that a device failed, for all to see; the first reason stays.
void note_problem(int device, const std::string& why);
/// That reason, or nothing.
std::string problem_of(int device);

}  // namespace bigtransfer::devices
