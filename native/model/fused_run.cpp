// Takes images through a fused plan: several at once with a thread each, or one with all threads.
#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "model/fused_image.h"
#include "model/map_size.h"
#include "ops/parts.h"

namespace bigtransfer::model {
namespace {

/// What one very large image needed is not kept for those to come: 256 MB, enough for R50x3 at 448.
constexpr int64_t kMostKeptFloats = int64_t{1} << 26;

at::Tensor empty_maps(int64_t images, int64_t channels, MapSize size) {
  return at::empty({images, channels, size.height, size.width}, at::kFloat);
}

}  // namespace

int64_t FusedPlan::Workspace::size() const {
  int64_t total = input.size() + current.size() + next.size() + shortcut.size();
  for (const AlignedBuffer& buffer : inner) total += buffer.size();
  return total;
}

std::unique_ptr<FusedPlan::Workspace> FusedPlan::take_workspace() const {
  const std::lock_guard lock(mutex_);
  if (workspaces_.empty()) return std::make_unique<Workspace>();
  std::unique_ptr<Workspace> workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  return workspace;
}

void FusedPlan::give_back(std::unique_ptr<Workspace> workspace) const {
  if (workspace->size() > kMostKeptFloats) return;
  const std::lock_guard lock(mutex_);
  workspaces_.push_back(std::move(workspace));
}

FusedPlan::Outputs FusedPlan::allocate(const RunRequest& request) const {
  const at::Tensor& x = request.pixel_values;
  const int64_t images = x.size(0);
  Outputs outputs;
  MapSize size = windows_of(topology_.stem.conv, {x.size(2), x.size(3)}).out;
  size = pool_windows(topology_.stem, size).out;
  int64_t channels = topology_.stem.conv.out_channels;
  for (size_t index = 0; index <= stages_needed(topology_, request); ++index) {
    if (index > 0) {
      for (const BlockSpec& block : topology_.stages[index - 1].blocks) {
        const MapSize in = size;
        for (const ConvSpec& conv : block.convs) size = windows_of(conv, size).out;
        check_residual(topology_.spec, block, size,
                       block.downsample ? windows_of(*block.downsample, in).out : in);
        channels = block.convs[2].out_channels;
      }
    }
    if (request.hidden_states)
      outputs.result.hidden_states.push_back(empty_maps(images, channels, size));
    if (std::ranges::count(request.feature_maps, static_cast<int64_t>(index)) > 0)
      outputs.result.feature_maps.push_back(empty_maps(images, channels, size));
  }
  if (request.head) {
    outputs.pooled = at::empty({images, channels}, at::kFloat);
    if (!topology_.head) outputs.result.last_hidden_state = empty_maps(images, channels, size);
  }
  return outputs;
}

void FusedPlan::run_image(int64_t n, const at::Tensor& pixels, const RunRequest& request,
                          int64_t team, const std::function<void()>& between,
                          Outputs& outputs) const {
  const auto image_of = [n](const at::Tensor& batch) {
    return batch.mutable_data_ptr<float>() + n * (batch.numel() / batch.size(0));
  };
  std::unique_ptr<Workspace> workspace = take_workspace();
  ImageRun image(*this, *workspace, team, request.clock);
  between();
  image.stem(pixels.const_data_ptr<float>() + n * (pixels.numel() / pixels.size(0)),
             {pixels.size(2), pixels.size(3)});
  size_t map = 0;
  for (size_t index = 0; index <= stages_needed(topology_, request); ++index) {
    if (index > 0) {
      for (const Block& block : stages_[index - 1]) {
        between();
        if (request.left_out && request.left_out(n)) return give_back(std::move(workspace));
        image.block(block);
      }
    }
    if (request.hidden_states) image.copy_to(image_of(outputs.result.hidden_states[index]));
    if (std::ranges::count(request.feature_maps, static_cast<int64_t>(index)) > 0)
      image.copy_to(image_of(outputs.result.feature_maps[map++]));
  }
  if (request.head) {
    const LayerTimer timer(request.clock, kHead, 0);
    image.normalise();
    image.pool_to(image_of(outputs.pooled));
    if (outputs.result.last_hidden_state.defined())
      image.copy_to(image_of(outputs.result.last_hidden_state));
  }
  give_back(std::move(workspace));
}

RunResult FusedPlan::run(const RunRequest& request, const std::function<void()>& between) const {
  check_input(topology_.spec, request.pixel_values);
  Outputs outputs = allocate(request);
  const at::Tensor pixels = request.pixel_values.to(at::kFloat).contiguous();
  const int64_t images = pixels.size(0);
  // An image per thread needs no waiting for one another, and stays in its core's own cache; what
  // is left over has all threads.
  const int64_t threads = ops::threads_here();
  const auto one = [&](int64_t n) { run_image(n, pixels, request, threads, between, outputs); };
  const int64_t side_by_side = threads > 1 && !request.clock ? images / threads * threads : 0;
  at::parallel_for(0, side_by_side, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) one(n);
  });
  for (int64_t n = side_by_side; n < images; ++n) one(n);

  RunResult result = std::move(outputs.result);
  if (!request.head) return result;
  if (!topology_.head) {
    result.pooler_output = outputs.pooled.view({images, -1, 1, 1});
  } else {
    const LayerTimer timer(request.clock, kHead, 0);
    result.logits = head_ ? head_->run(outputs.pooled) : outputs.pooled;
  }
  return result;
}

}  // namespace bigtransfer::model
