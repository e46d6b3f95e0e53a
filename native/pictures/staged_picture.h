// Pictures on their way to a GPU, and the list of them that a call is given.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/row_resizer.h"
#include "pictures/preprocess.h"

namespace bigtransfer::pictures {

/// Decoded rows that the GPU is to resize, or a JPEG that it is to decode too; or the pixel values,
/// where the CPU did all of it.
struct StagedPicture {
  /// uint8 [in_height, in_width, 3] of the window; undefined where there is something else.
  at::Tensor rows;
  ops::ResizeWindow window;
  PreprocessSteps steps;
  /// Float [1, 3, H, W].
  at::Tensor values;
  /// A whole file; empty where there is something else.
  std::string jpeg;
};

/// Of one call: pictures that become alike.
using StagedPictures = std::vector<std::shared_ptr<const StagedPicture>>;

/// Memory of a shape for bytes that the GPU will read.
using AllocateRows = std::function<at::Tensor(at::IntArrayRef shape)>;

/// Decodes a picture for a GPU. What its kernel does not serve (other filters, other channels,
/// crops that add to the picture, pictures that are very large or shrunk very far) is prepared here
/// and now, to the same values. Nothing for a file that is left to others; throws as preprocess(),
/// which must give floats: `request` scales.
std::optional<StagedPicture> stage(const PreprocessRequest& request, const AllocateRows& allocate);

/// The rows of a JPEG, decoded here after all. Throws Error kImage for a broken one.
at::Tensor rows_of_jpeg(const StagedPicture& picture);

/// [C, H, W] of what the picture becomes.
std::vector<int64_t> output_shape(const StagedPicture& picture);

/// Whether they come out equally large, by the same steps.
bool become_alike(const StagedPicture& a, const StagedPicture& b);

}  // namespace bigtransfer::pictures
