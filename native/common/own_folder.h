// Where this library lies: others of ours lie beside it.
#pragma once

#include <string>

namespace bigtransfer {

/// Its path as the dynamic loader knows it, without a slash at its end.
std::string own_folder();

}  // namespace bigtransfer
