// Sums over the pixels first, then what each pixel's gradient is.
#include "ops/norm_gradient.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "common/share_out.h"
#include "ops/parts.h"

namespace bigtransfer::ops {
namespace {

/// Values of a part of an image at least, and parts at most.
constexpr int64_t kLeastValues = 1 << 15;
constexpr int64_t kMostParts = 16;

class NormGradient {
 public:
  NormGradient(const Kernels& kernels, const ImageShape& shape, const NormGradientRun& run)
      : kernels_(kernels.norm_gradient),
        shape_(shape),
        run_(run),
        parts_(std::clamp<int64_t>(shape.pixels() * shape.pitch / kLeastValues, 1,
                                   std::min(kMostParts, shape.pixels()))),
        sums_(static_cast<size_t>(run.images * 2 * shape.pitch)),
        slope_(static_cast<size_t>(run.images * shape.pitch)),
        offset_(slope_.size()) {}

  NormParameterGradients find() {
    add_sums();
    for (int64_t image = 0; image < run_.images; ++image) find_line(image);
    each_part([&](const NormGradientTask& task, int64_t image, int64_t) {
      const int64_t first = image * shape_.pixels() * shape_.pitch;
      kernels_.apply(task, slope_.data() + image * shape_.pitch,
                     offset_.data() + image * shape_.pitch, run_.more ? run_.more + first : nullptr,
                     run_.out + first);
    });
    return {total(1), total(0)};
  }

 private:
  /// Calls body(task, image, the part's number among all).
  template <typename Body>
  void each_part(const Body& body) const {
    share_out(run_.images * parts_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t image = i / parts_;
        const int64_t part = i % parts_;
        const int64_t first = image * shape_.pixels() * shape_.pitch;
        const int64_t channels = image * shape_.pitch;
        body({.shape = shape_,
              .x = run_.x + first,
              .gradient = run_.gradient + first,
              .scale = run_.scale + channels,
              .shift = run_.shift + channels,
              .unit_scale = run_.unit_scale + channels,
              .unit_shift = run_.unit_shift + channels,
              .pixel_begin = cut(shape_.pixels(), part, parts_),
              .pixel_end = cut(shape_.pixels(), part + 1, parts_)},
             image, i);
      }
    });
  }

  void add_sums() {
    const int64_t size = 2 * shape_.pitch;
    std::vector<double> of_parts(static_cast<size_t>(run_.images * parts_ * size), 0.0);
    each_part([&](const NormGradientTask& task, int64_t, int64_t part) {
      kernels_.sum(task, of_parts.data() + part * size);
    });
    for (int64_t image = 0; image < run_.images; ++image)
      add_parts(of_parts.data() + image * parts_ * size, parts_, size, sums_.data() + image * size);
  }

  /// What the mean and the variance of each group pass on is a line in x.
  void find_line(int64_t image) {
    const int64_t width = shape_.channels / run_.groups;
    const double* sums = sums_.data() + image * 2 * shape_.pitch;
    const int64_t first = image * shape_.pitch;
    const auto count = static_cast<double>(shape_.pixels() * width);
    for (int64_t begin = 0; begin < shape_.channels; begin += width) {
      double mean = 0;
      double product = 0;
      for (int64_t c = begin; c < begin + width; ++c) {
        mean += run_.weight[c] * sums[c] / count;
        product += run_.weight[c] * sums[shape_.pitch + c] / count;
      }
      for (int64_t c = begin; c < begin + width; ++c) {
        const double scale = run_.unit_scale[first + c];
        const double shift = run_.unit_shift[first + c];
        const auto i = static_cast<size_t>(first + c);
        slope_[i] = static_cast<float>(-scale * scale * product);
        offset_[i] = static_cast<float>(-scale * (mean + shift * product));
      }
    }
  }

  /// Of one kind of sum over all images.
  at::Tensor total(int64_t kind) const {
    at::Tensor result = at::empty({shape_.channels}, at::kFloat);
    float* to = result.mutable_data_ptr<float>();
    for (int64_t c = 0; c < shape_.channels; ++c) {
      double sum = 0;
      for (int64_t image = 0; image < run_.images; ++image)
        sum += sums_[static_cast<size_t>((image * 2 + kind) * shape_.pitch + c)];
      to[c] = static_cast<float>(sum);
    }
    return result;
  }

  const NormGradientKernels& kernels_;
  ImageShape shape_;
  NormGradientRun run_;
  int64_t parts_;
  /// [images][2][pitch].
  std::vector<double> sums_;
  std::vector<float> slope_;
  std::vector<float> offset_;
};

}  // namespace

NormParameterGradients norm_gradient(const Kernels& kernels, const ImageShape& shape,
                                     const NormGradientRun& run) {
  return NormGradient(kernels, shape, run).find();
}

}  // namespace bigtransfer::ops
