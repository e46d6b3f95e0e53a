// How large the maps between layers are, and where their padding goes.
#pragma once

#include <cstdint>
#include <string>

#include "model/topology.h"

namespace bigtransfer::model {

struct MapSize {
  int64_t height;
  int64_t width;

  bool operator==(const MapSize&) const = default;
  int64_t pixels() const { return height * width; }
};

/// '56x56'.
std::string to_string(MapSize size);

/// What a window leaves of a map, with the zeros above and to the left of the map.
struct Windows {
  MapSize out;
  int64_t pad_top;
  int64_t pad_left;
};

/// Throws Error kShape when the map is too small for the kernel.
Windows windows_of(const ConvSpec& conv, MapSize in);

/// Of a convolution that makes maps of `out` from one image.
int64_t multiply_adds(const ConvSpec& conv, MapSize out);

/// The stem's pool on the convolution's output. Throws Error kShape when that is too small.
Windows pool_windows(const StemSpec& stem, MapSize in);

/// Throws Error kShape unless a block's output and its shortcut can be added.
void check_residual(const NetworkSpec& spec, const BlockSpec& block, MapSize residual,
                    MapSize shortcut);

}  // namespace bigtransfer::model
