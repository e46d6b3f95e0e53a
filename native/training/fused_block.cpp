// Forward, and the way back, as one function of autograd.
#include "training/fused_block.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/share_out.h"
#include "ops/cut.h"
#include "ops/group_affine.h"
#include "ops/norm_gradient.h"
#include "training/fused_conv.h"

namespace bigtransfer::training {
namespace {

using torch::autograd::variable_list;

at::Tensor empty_sums(int64_t images, int64_t channels) {
  return at::empty({images, 2, channels}, at::kDouble);
}

at::Tensor sums_of(const at::Tensor& maps) {
  const ops::ImageShape shape = shape_of(maps);
  at::Tensor sums = empty_sums(maps.size(0), shape.channels).zero_();
  share_out(maps.size(0), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const float* pixel = maps.const_data_ptr<float>() + n * shape.pixels() * shape.pitch;
      double* sum = sums.mutable_data_ptr<double>() + n * 2 * shape.pitch;
      for (int64_t p = 0; p < shape.pixels(); ++p, pixel += shape.pitch) {
        for (int64_t c = 0; c < shape.pitch; ++c) {
          const double value = pixel[c];
          sum[c] += value;
          sum[shape.pitch + c] += value * value;
        }
      }
    }
  });
  return sums;
}

/// Norm, ReLU and convolution.
class Step {
 public:
  Step(const model::ConvSpec& spec, int64_t groups, at::ScalarType type,
       const BlockParameters::Step& parameters)
      : conv(spec, parameters.conv_weight.detach(), type),
        groups_(groups),
        norm_weight_(parameters.norm_weight.detach()),
        norm_bias_(parameters.norm_bias.detach()) {}

  /// What is normalised from now on, and its sums as Maps has them.
  void take(const at::Tensor& maps, const at::Tensor& sums) {
    x = maps;
    const ops::ImageShape shape = shape_of(x);
    const ops::ChannelNorm norm(norm_weight_, norm_bias_, groups_, shape.pitch);
    const ops::ChannelNorm unit(at::ones_like(norm_weight_), at::zeros_like(norm_bias_), groups_,
                                shape.pitch);
    const auto fill = [&](const ops::ChannelNorm& from, auto& scale, auto& shift) {
      scale.resize(static_cast<size_t>(x.size(0) * shape.pitch));
      shift.resize(scale.size());
      for (int64_t n = 0; n < x.size(0); ++n) {
        ops::group_affine(from, x.const_data_ptr<float>() + n * shape.pixels() * shape.pitch, shape,
                          sums.const_data_ptr<double>() + n * 2 * shape.pitch,
                          scale.data() + n * shape.pitch, shift.data() + n * shape.pitch);
      }
    };
    fill(norm, images.scale, images.shift);
    fill(unit, images.unit_scale, images.unit_shift);
  }

  Maps run(const at::Tensor& shortcut = {}) const {
    at::Tensor sums = empty_sums(x.size(0), out_channels());
    at::Tensor values = conv.run(x, images, shortcut, sums.mutable_data_ptr<double>());
    return {std::move(values), std::move(sums)};
  }

  /// Turns the gradient of what is convolved, of the range's images, into that of x, with `more`
  /// added where that is not null.
  ops::NormParameterGradients norm_gradient(ImageRange range, at::Tensor& gradient,
                                            const float* more) const {
    const int64_t first = range.first * x.size(1);
    return ops::norm_gradient(*ops::kernels(), shape_of(x),
                              {.images = range.count,
                               .groups = groups_,
                               .x = range.of(x).const_data_ptr<float>(),
                               .scale = images.scale.data() + first,
                               .shift = images.shift.data() + first,
                               .unit_scale = images.unit_scale.data() + first,
                               .unit_shift = images.unit_shift.data() + first,
                               .weight = norm_weight_.const_data_ptr<float>(),
                               .gradient = gradient.const_data_ptr<float>(),
                               .more = more,
                               .out = gradient.mutable_data_ptr<float>()});
  }

  int64_t out_channels() const { return conv.out_channels(); }

  FusedConv conv;
  at::Tensor x;
  NormOfImages images;

 private:
  int64_t groups_;
  at::Tensor norm_weight_;
  at::Tensor norm_bias_;
};

/// What the way back needs.
struct Kept : torch::CustomClassHolder {
  std::vector<Step> steps;
  std::optional<FusedConv> downsample;

  /// All but the block's input.
  void drop_maps() {
    for (size_t i = 1; i < steps.size(); ++i) steps[i].x.reset();
  }
  void make_maps_again() {
    for (size_t i = 1; i < steps.size(); ++i) steps[i].x = steps[i - 1].run().values;
  }
};

/// The largest maps of a group of images, in bytes: what one kernel makes the next ones find in the
/// caches.
constexpr int64_t kGroupBytes = int64_t{8} << 20;

void add(ops::NormParameterGradients& sum, ops::NormParameterGradients more) {
  if (!sum.weight.defined()) {
    sum = std::move(more);
    return;
  }
  sum.weight.add_(more.weight);
  sum.bias.add_(more.bias);
}

/// The way back through a block, group of images by group of images.
class Back {
 public:
  Back(const Kept& kept, const at::Tensor& gradient) : kept_(kept), gradient_(gradient) {
    const at::Tensor& x = kept.steps[0].x;
    of_input_ = empty_maps(x.size(0), x.size(1), x.size(2), x.size(3));
    for (const Step& step : kept.steps) steps_.push_back({FusedConv::Back(step.conv, step.x), {}});
    if (kept.downsample) downsample_.emplace(*kept.downsample, x);
  }

  /// Of the block's input and its parameters, in the order in which Block takes them.
  variable_list run() {
    const int64_t images = gradient_.size(0);
    const int64_t groups = (images + images_together() - 1) / images_together();
    for (int64_t i = 0; i < groups; ++i) {
      const int64_t first = ops::cut(images, i, groups);
      run_group({first, ops::cut(images, i + 1, groups) - first});
    }
    variable_list made{of_input_};
    for (OfStep& step : steps_) {
      made.push_back(step.norm.weight);
      made.push_back(step.norm.bias);
      made.push_back(step.conv.weight_gradient());
    }
    made.push_back(downsample_ ? downsample_->weight_gradient() : at::Tensor());
    return made;
  }

 private:
  struct OfStep {
    FusedConv::Back conv;
    ops::NormParameterGradients norm;
  };

  int64_t images_together() const {
    const auto bytes = [](const at::Tensor& maps) {
      return static_cast<int64_t>(maps.nbytes()) / maps.size(0);
    };
    const int64_t largest = std::max(bytes(of_input_), bytes(gradient_));
    return std::max<int64_t>(kGroupBytes / largest, 1);
  }

  void run_group(ImageRange range) {
    const at::Tensor of_output = range.of(gradient_);
    at::Tensor current = of_output;
    for (size_t i = steps_.size(); i-- > 0;) current = run_step(i, range, current, of_output);
  }

  /// The gradient of what the step normalises.
  at::Tensor run_step(size_t i, ImageRange range, const at::Tensor& gradient,
                      const at::Tensor& of_output) {
    const Step& step = kept_.steps[i];
    const bool is_first = i == 0;
    const at::Tensor x = range.of(step.x);
    steps_[i].conv.add_weight_gradient(range, x, step.images, gradient);
    at::Tensor made =
        is_first ? range.of(of_input_) : empty_maps(range.count, x.size(1), x.size(2), x.size(3));
    steps_[i].conv.input_gradient(gradient, made, /*adds=*/false);
    if (is_first && downsample_) {
      downsample_->add_weight_gradient(range, x, step.images, of_output);
      downsample_->input_gradient(of_output, made, /*adds=*/true);
    }
    // Where nothing is between, the sum's gradient is the shortcut's.
    const float* more = is_first && !downsample_ ? of_output.const_data_ptr<float>() : nullptr;
    add(steps_[i].norm, step.norm_gradient(range, made, more));
    return made;
  }

  const Kept& kept_;
  at::Tensor gradient_;
  at::Tensor of_input_;
  std::vector<OfStep> steps_;
  std::optional<FusedConv::Back> downsample_;
};

Maps run(Kept& kept, const at::Tensor& x, const at::Tensor& sums) {
  kept.steps[0].take(x, sums);
  at::Tensor shortcut;
  if (kept.downsample) {
    std::vector<double> unused(static_cast<size_t>(x.size(0) * 2 * kept.steps[2].out_channels()));
    shortcut = kept.downsample->run(x, kept.steps[0].images, {}, unused.data());
  } else {
    shortcut = x;
  }
  for (size_t i = 0; i < 2; ++i) {
    const Maps made = kept.steps[i].run();
    kept.steps[i + 1].take(made.values, made.sums);
  }
  return kept.steps[2].run(shortcut);
}

constexpr const char* kKept = "kept";
constexpr const char* kRecompute = "recompute";

struct Block : torch::autograd::Function<Block> {
  /// The parameters are there for autograd to see: `kept` has them already.
  static at::Tensor forward(torch::autograd::AutogradContext* context,
                            const c10::intrusive_ptr<Kept>& kept, bool recompute, Maps& out,
                            const std::optional<at::Tensor>& sums, const at::Tensor& x,
                            const at::Tensor&, const at::Tensor&, const at::Tensor&,
                            const at::Tensor&, const at::Tensor&, const at::Tensor&,
                            const at::Tensor&, const at::Tensor&, const at::Tensor&,
                            const std::optional<at::Tensor>&) {
    const at::Tensor values = x.detach().contiguous(at::MemoryFormat::ChannelsLast);
    out = run(*kept, values, sums ? *sums : sums_of(values));
    if (recompute) kept->drop_maps();
    context->saved_data[kKept] = c10::IValue::make_capsule(kept);
    context->saved_data[kRecompute] = recompute;
    return out.values;
  }

  static variable_list backward(torch::autograd::AutogradContext* context,
                                const variable_list& of_outputs) {
    const auto kept =
        c10::static_intrusive_pointer_cast<Kept>(context->saved_data[kKept].toCapsule());
    if (context->saved_data[kRecompute].toBool()) kept->make_maps_again();
    context->saved_data.clear();
    const at::Tensor gradient = of_outputs[0].contiguous(at::MemoryFormat::ChannelsLast);
    variable_list made = Back(*kept, gradient).run();
    // Of what is no tensor that learns.
    made.insert(made.begin(), 4, at::Tensor());
    return made;
  }
};

}  // namespace

bool has_fused_block(const model::Topology& topology, const model::BlockSpec& block,
                     at::ScalarType type) {
  if (!ops::multiplies(type, ops::ConvAlgorithm::kSpatial) || block.drop_path_rate != 0 ||
      topology.spec.layer_type != model::LayerType::kPreactivation ||
      topology.spec.hidden_act != "relu")
    return false;
  const auto fills = [](int64_t channels) { return channels % ops::kernels()->panel == 0; };
  for (const model::ConvSpec& conv : block.convs) {
    if (!fills(conv.in_channels) || !fills(conv.out_channels)) return false;
  }
  return true;
}

Maps fused_block(const Maps& in, const model::BlockSpec& spec, const BlockMode& mode,
                 const BlockParameters& parameters) {
  const auto kept = c10::make_intrusive<Kept>();
  for (size_t i = 0; i < spec.convs.size(); ++i)
    kept->steps.emplace_back(spec.convs[i], mode.groups, mode.type, parameters.steps[i]);
  if (spec.downsample)
    kept->downsample.emplace(*spec.downsample, parameters.downsample.detach(), mode.type);
  const auto& [first, second, third] = parameters.steps;
  const auto if_defined = [](const at::Tensor& tensor) {
    return tensor.defined() ? std::optional(tensor) : std::nullopt;
  };
  Maps out;
  out.values = Block::apply(
      kept, mode.recompute, out, if_defined(in.sums), in.values.to(at::kFloat), first.norm_weight,
      first.norm_bias, first.conv_weight, second.norm_weight, second.norm_bias, second.conv_weight,
      third.norm_weight, third.norm_bias, third.conv_weight, if_defined(parameters.downsample));
  return out;
}

}  // namespace bigtransfer::training
