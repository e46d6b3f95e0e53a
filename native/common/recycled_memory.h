// Memory that goes from JavaScript into calls and back: fresh pages cost more than the copies
// themselves, most of all on virtual machines.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>

namespace bigtransfer {

/// An uninitialised CPU tensor. Large ones take the memory of earlier ones that are gone, of which
/// the process keeps a little.
at::Tensor empty_recycled(at::IntArrayRef shape, at::ScalarType type);

/// While one lives, the process keeps all that was recycled: for work that needs the same buffers
/// over and over.
class RecyclesAll {
 public:
  RecyclesAll();
  ~RecyclesAll();
  RecyclesAll(const RecyclesAll&) = delete;
  RecyclesAll& operator=(const RecyclesAll&) = delete;
};

/// Has the pages of memory that is about to be written made all at once, large ones where they fit,
/// instead of one by one as they are touched. A wish: nothing depends on it.
void expect_writes(std::byte* begin, size_t size);

}  // namespace bigtransfer
