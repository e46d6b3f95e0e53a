// Devices by their numbers.
#pragma once

namespace bigtransfer::devices {

/// Throws Error kDevice unless there is such a device.
void check_index(int device);

}  // namespace bigtransfer::devices
