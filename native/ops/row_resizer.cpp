// A ring of rows between the two directions.
#include "ops/row_resizer.h"

#include <algorithm>

namespace bigtransfer::ops {
namespace {

constexpr int64_t kRgb = 3;
/// Kernels read and write whole vectors, so that every row has so many bytes to spare.
constexpr int64_t kSpare = 64;
/// libjpeg-turbo writes rows that begin at a multiple of this past the cache; what it has just
/// written would have to be fetched from memory.
constexpr uintptr_t kStreamed = 32;

/// The first address in memory that is halfway between multiples of kStreamed.
uint8_t* cached_start(uint8_t* memory) {
  const uintptr_t beyond = reinterpret_cast<uintptr_t>(memory) % kStreamed;
  return memory + (kStreamed + kStreamed / 2 - beyond) % kStreamed;
}

/// Outputs that nobody asked for, up to the kernels' multiple.
void fill_up(ResizeTaps& taps) {
  const int64_t outputs = (taps.outputs() + kAcrossOutputs - 1) / kAcrossOutputs * kAcrossOutputs;
  taps.first.resize(static_cast<size_t>(outputs));
  taps.weights.resize(static_cast<size_t>(outputs * taps.taps));
}

/// Every pair of weights four times over.
std::vector<int16_t> repeated(const std::vector<int16_t>& weights) {
  constexpr int kTimes = 4;
  std::vector<int16_t> result;
  result.reserve(weights.size() * kTimes);
  for (size_t i = 0; i < weights.size(); i += 2) {
    for (int k = 0; k < kTimes; ++k) result.insert(result.end(), {weights[i], weights[i + 1]});
  }
  return result;
}

}  // namespace

RowResizer::RowResizer(const ResizeKernels& kernels, const ResizeWindow& window, Resample resample)
    : kernels_(kernels),
      across_(resize_taps(window.in_width, window.out_width, window.left, window.width, resample,
                          kAcrossTaps)),
      down_(resize_taps(window.in_height, window.out_height, window.top, window.height, resample,
                        kDownTaps)),
      first_column_(std::ranges::min(across_.first)),
      end_column_(std::min(std::ranges::max(across_.first) + across_.taps, window.in_width)),
      in_height_(window.in_height),
      row_bytes_(window.width * kRgb),
      pitch_(row_bytes_ + kSpare),
      capacity_(down_.taps),
      line_memory_(static_cast<size_t>((window.in_width + across_.taps) * kRgb + kSpare) +
                   kStreamed),
      line_(cached_start(line_memory_.data())),
      rows_(static_cast<size_t>(capacity_ * pitch_)),
      taken_(static_cast<size_t>(down_.taps)) {
  fill_up(across_);
  across_weights_ = repeated(across_.weights);
}

/// Whether all rows of the picture that this output takes from are there.
bool RowResizer::is_complete(int64_t output) const {
  const int64_t last = down_.first[static_cast<size_t>(output)] + down_.taps;
  return next_in_ >= std::min(last, in_height_);
}

void RowResizer::advance(uint8_t* out) {
  const int64_t outputs = down_.outputs();
  // A row above all that is still wanted needs no resize.
  if (next_out_ < outputs && next_in_ >= down_.first[static_cast<size_t>(next_out_)])
    kernels_.across({.line = line_,
                     .first = across_.first.data(),
                     .weights = across_weights_.data(),
                     .taps = across_.taps,
                     .shift = across_.shift,
                     .outputs = across_.outputs(),
                     .out = row(next_in_)});
  ++next_in_;
  for (; next_out_ < outputs && is_complete(next_out_); ++next_out_) {
    const int64_t first = down_.first[static_cast<size_t>(next_out_)];
    // Taps beyond the picture weigh nothing; any row will do.
    for (int64_t t = 0; t < down_.taps; ++t)
      taken_[static_cast<size_t>(t)] = row(std::min(first + t, in_height_ - 1));
    kernels_.down({.rows = taken_.data(),
                   .weights = down_.weights.data() + next_out_ * down_.taps,
                   .taps = down_.taps,
                   .shift = down_.shift,
                   .bytes = row_bytes_,
                   .out = out + next_out_ * row_bytes_});
  }
}

}  // namespace bigtransfer::ops
