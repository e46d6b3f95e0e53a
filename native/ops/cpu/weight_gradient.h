// The gradient of a convolution's weights: products of the output's gradient and of the normalised
// input, over the pixels of a few rows at a time.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "ops/cpu/outer_products.h"
#include "ops/cpu/prepared_input.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Words of pixels of a block: input and gradient of them stay in a second-level cache.
inline constexpr int64_t kGradientWords = kLanes == 16 ? 512 : 256;
/// Words of the input that are gathered together, whole panels of them: the more of a pixel are
/// read at once, the faster that goes.
inline constexpr int64_t kGatheredWords = 4 * kGradientWords * kPanel;

/// A task's sums, block by block. Words hold neighbouring pixels here, not channels; the last one
/// of a row is filled up with zeros.
template <typename Element>
class WeightGradient {
 public:
  explicit WeightGradient(const WeightGradientTask& task)
      : task_(task),
        g_(*task.geometry),
        words_(round_up(g_.out.width, Element::kPack) / Element::kPack),
        channels_(task.channel_end - task.channel_begin) {}

  void run() {
    const int64_t lines = std::max<int64_t>(kGradientWords / words_, 1);
    bool adds = task_.adds;
    for (int64_t line = task_.unit_begin; line < task_.unit_end;) {
      const int64_t next = part_end(line, task_.unit_end, lines);
      run_block(line, next, adds);
      line = next;
      adds = true;
    }
  }

 private:
  /// Rows of one image's output that belong to a block.
  struct Strip {
    int64_t image;
    int64_t begin;
    int64_t count;
    /// The first row of its input in the block's.
    int64_t input_row;
  };

  int64_t reach() const { return g_.dilation * (g_.kernel - 1); }
  int64_t rows_of(int64_t lines) const { return (lines - 1) * g_.stride + reach() + 1; }

  void run_block(int64_t begin, int64_t end, bool adds) {
    find_strips(begin, end);
    const int64_t count = (end - begin) * words_;
    float* gradient = scratch(kProductScratch, count * channels_);
    gather_gradient(count, gradient);
    const int64_t panel = g_.kernel * rows_ * words_ * kPanel;
    const int64_t most = std::max<int64_t>(kGatheredWords / panel, 1) * kPanel;
    float* input = scratch(kInputScratch, std::min(most, g_.in.pitch) / kPanel * panel);
    for (int64_t first = 0; first < g_.in.pitch; first += most) {
      const Channels channels{first, std::min(first + most, g_.in.pitch)};
      gather_input(channels, panel, input);
      for (int64_t c = channels.begin; c < channels.end; c += kPanel) {
        const float* of_panel = input + (c - first) / kPanel * panel;
        for (int64_t row = 0; row < channels_; row += kGradientRows)
          multiply_taps(gradient + row * count, of_panel, row, c, adds);
      }
    }
  }

  void find_strips(int64_t begin, int64_t end) {
    strips_.clear();
    runs_.clear();
    rows_ = 0;
    for (int64_t line = begin; line < end;) {
      const int64_t image = line / g_.out.height;
      const int64_t last = std::min(end, (image + 1) * g_.out.height);
      strips_.push_back({image, line - image * g_.out.height, last - line, rows_});
      // Rows of the input follow one another as the output's do only without a stride.
      const int64_t together = g_.stride == 1 ? last - line : 1;
      for (int64_t i = line; i < last; i += together)
        runs_.push_back(
            {(i - begin) * words_, (rows_ + (i - line) * g_.stride) * words_, together * words_});
      rows_ += rows_of(last - line);
      line = last;
    }
  }

  /// As [kGradientRows of the channels][word][kGradientRows].
  void gather_gradient(int64_t count, float* to) const {
    int64_t word = 0;
    for (const Strip& strip : strips_) {
      const int64_t first = strip.image * g_.out.pixels() + strip.begin * g_.out.width;
      const float* from = task_.gradient + first * g_.out.pitch + task_.channel_begin;
      for (int64_t y = 0; y < strip.count; ++y) {
        for (int64_t x = 0; x < g_.out.width; x += Element::kPack, ++word) {
          const int64_t pixels = std::min(Element::kPack, g_.out.width - x);
          gather_gradient_word(from, pixels, count, to + word * kGradientRows);
          from += pixels * g_.out.pitch;
        }
      }
    }
  }

  void gather_gradient_word(const float* from, int64_t pixels, int64_t count, float* to) const {
    for (int64_t c = 0; c < channels_; c += kLanes) {
      Vec values[Element::kPack] = {};
      for (int64_t i = 0; i < pixels; ++i) values[i] = load(from + i * g_.out.pitch + c);
      const Vec word = Element::word(values);
      float words[kLanes];
      store(words, word);
      for (int part = 0; part < kLanes; part += kGradientRows)
        std::copy_n(words + part, kGradientRows, to + (c + part) * count);
    }
  }

  /// As [panel of the channels][kx][row][word][kPanel], `panel` floats from one to the next.
  void gather_input(Channels channels, int64_t panel, float* to) const {
    for (int64_t kx = 0; kx < g_.kernel; ++kx) {
      for (const Strip& strip : strips_) {
        const int64_t top = strip.begin * g_.stride - g_.pad_top;
        for (int64_t row = 0; row < rows_of(strip.count); ++row, to += words_ * kPanel)
          gather_row(strip.image, top + row, kx * g_.dilation - g_.pad_left, channels, panel, to);
      }
    }
  }

  void gather_row(int64_t image, int64_t y, int64_t left, Channels channels, int64_t panel,
                  float* to) const {
    if (y < 0 || y >= g_.in.height) {
      for (int64_t c = 0; c < channels.count(); c += kPanel, to += panel)
        std::fill_n(to, words_ * kPanel, 0.0F);
      return;
    }
    const float* line =
        task_.x + (image * g_.in.pixels() + y * g_.in.width) * g_.in.pitch + channels.begin;
    const int64_t first = image * g_.in.pitch + channels.begin;
    for (int64_t i = 0; i < g_.out.width; i += Element::kPack, to += kPanel) {
      if (task_.scale) {
        gather_word<true>(line, i, left, channels.count(), task_.scale + first, task_.shift + first,
                          panel, to);
      } else {
        gather_word<false>(line, i, left, channels.count(), nullptr, nullptr, panel, to);
      }
    }
  }

  /// Of output pixels from i on.
  template <bool HasNorm>
  void gather_word(const float* line, int64_t i, int64_t left, int64_t channels, const float* scale,
                   const float* shift, int64_t panel, float* to) const {
    const float* pixels[Element::kPack];
    for (int64_t k = 0; k < Element::kPack; ++k) {
      const int64_t x = (i + k) * g_.stride + left;
      const bool inside = i + k < g_.out.width && x >= 0 && x < g_.in.width;
      pixels[k] = inside ? line + x * g_.in.pitch : nullptr;
    }
    for (int64_t c = 0; c < channels; c += kPanel, to += panel) {
      for (int v = 0; v < kVectors; ++v) {
        const int64_t channel = c + v * kLanes;
        Vec values[Element::kPack] = {};
        for (int64_t k = 0; k < Element::kPack; ++k) {
          if (!pixels[k]) continue;
          const Vec value = load(pixels[k] + channel);
          values[k] = HasNorm ? relu(value * load(scale + channel) + load(shift + channel)) : value;
        }
        store(to + v * kLanes, Element::word(values));
      }
    }
  }

  void multiply_taps(const float* gradient, const float* input, int64_t row, int64_t c,
                     bool adds) const {
    for (int64_t ky = 0; ky < g_.kernel; ++ky) {
      for (int64_t kx = 0; kx < g_.kernel; ++kx) {
        const int64_t tap = ky * g_.kernel + kx;
        const int64_t channel = tap * g_.out.pitch + task_.channel_begin + row;
        outer_products<Element>(runs_, gradient,
                                input + (kx * rows_ + ky * g_.dilation) * words_ * kPanel,
                                task_.sums + channel * g_.in.pitch + c, g_.in.pitch, adds);
      }
    }
  }

  const WeightGradientTask& task_;
  const ConvGeometry& g_;
  /// Of a row of the output.
  int64_t words_;
  int64_t channels_;
  /// The block's, and the rows of its input.
  std::vector<Strip> strips_;
  /// Words that follow one another under any tap.
  std::vector<Run> runs_;
  int64_t rows_ = 0;
};

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA
