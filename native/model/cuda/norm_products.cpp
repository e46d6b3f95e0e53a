// ATen's tensors for the kernels.
#include "model/cuda/norm_products.h"

#include "ops/cuda/norm_product.h"
#include "ops/cuda/norm_statistics.h"
#include "ops/group_norm_act.h"

namespace bigtransfer::model {
namespace {

int64_t pixels_of(const at::Tensor& map) { return map.size(2) * map.size(3); }

at::Tensor empty_parts(const at::Tensor& map) {
  return at::empty({map.size(0), ops::cuda::parts_of(pixels_of(map)), 2, map.size(1)},
                   map.options().dtype(at::kFloat).memory_format(at::MemoryFormat::Contiguous));
}

}  // namespace

at::Tensor parts_of_map(const at::Tensor& map, ops::cuda::Stream stream) {
  at::Tensor parts = empty_parts(map);
  ops::cuda::sum_parts({.type = map.scalar_type(),
                        .images = map.size(0),
                        .pixels = pixels_of(map),
                        .channels = map.size(1),
                        .x = map.const_data_ptr(),
                        .parts = parts.mutable_data_ptr<float>()},
                       stream);
  return parts;
}

at::Tensor affine_of(const at::Tensor& map, const at::Tensor& parts, const NormParameters& norm,
                     ops::cuda::Stream stream) {
  at::Tensor affine = at::empty({map.size(0), 2, map.size(1)}, parts.options());
  ops::cuda::norm_affine({.images = map.size(0),
                          .pixels = pixels_of(map),
                          .channels = map.size(1),
                          .groups = norm.groups,
                          .parts = parts.const_data_ptr<float>(),
                          .weight = norm.weight.const_data_ptr<float>(),
                          .bias = norm.bias.const_data_ptr<float>(),
                          .epsilon = static_cast<float>(ops::kGroupNormEps),
                          .affine = affine.mutable_data_ptr<float>()},
                         stream);
  return affine;
}

bool takes_norm_product(const at::Tensor& weight) {
  return ops::cuda::has_norm_product(weight.scalar_type(), weight.size(1), weight.size(0));
}

at::Tensor norm_product(const at::Tensor& map, const at::Tensor& affine, const at::Tensor& weight,
                        const at::Tensor& added, at::Tensor* parts, ops::cuda::Stream stream) {
  at::Tensor y = added;
  if (!y.defined())
    y = at::empty({map.size(0), weight.size(0), map.size(2), map.size(3)},
                  map.options().memory_format(at::MemoryFormat::ChannelsLast));
  if (parts != nullptr) *parts = empty_parts(y);
  ops::cuda::norm_product({.type = map.scalar_type(),
                           .images = map.size(0),
                           .pixels = pixels_of(map),
                           .in_channels = map.size(1),
                           .out_channels = weight.size(0),
                           .x = map.const_data_ptr(),
                           .affine = affine.const_data_ptr<float>(),
                           .weight = weight.const_data_ptr(),
                           .added = added.defined() ? added.const_data_ptr() : nullptr,
                           .y = y.mutable_data_ptr(),
                           .parts = parts == nullptr ? nullptr : parts->mutable_data_ptr<float>()},
                          stream);
  return y;
}

}  // namespace bigtransfer::model
