// Takes images through a fused plan: several at once with a thread each, or one with all threads.
#include <algorithm>
#include <utility>

#include "common/share_out.h"
#include "model/fused_group.h"
#include "model/map_size.h"
#include "ops/cut.h"

namespace bigtransfer::model {
namespace {

/// What one very large image needed is not kept for those to come: 256 MB, enough for R50x3 at 448.
constexpr int64_t kMostKeptFloats = int64_t{1} << 26;
/// Images that share their reads of the weights, once their maps have at most so many pixels.
constexpr int64_t kGroup = 4;
constexpr int64_t kMostSharedPixels = 256;

/// Groups that images, a multiple of the threads, fall into: as many for each thread, or each image
/// by itself where threads are not equally fast.
int64_t groups_of(int64_t images, int64_t threads) {
  if (cores_are_shared()) return images;
  const int64_t of_thread = images / threads;
  return (of_thread + kGroup - 1) / kGroup * threads;
}

at::Tensor empty_maps(int64_t images, int64_t channels, MapSize size) {
  return at::empty({images, channels, size.height, size.width}, at::kFloat);
}

}  // namespace

int64_t FusedPlan::Workspace::size() const {
  int64_t total = input.size() + current.size() + next.size();
  for (const AlignedBuffer& buffer : inner) total += buffer.size();
  return total;
}

std::unique_ptr<FusedPlan::Workspaces> FusedPlan::take_workspaces() const {
  const std::lock_guard lock(mutex_);
  if (workspaces_.empty()) return std::make_unique<Workspaces>();
  std::unique_ptr<Workspaces> workspaces = std::move(workspaces_.back());
  workspaces_.pop_back();
  return workspaces;
}

void FusedPlan::give_back(std::unique_ptr<Workspaces> workspaces) const {
  if (workspaces->alone.size() + workspaces->together.size() > kMostKeptFloats) return;
  const std::lock_guard lock(mutex_);
  workspaces_.push_back(std::move(workspaces));
}

void FusedPlan::hold(const at::Tensor& pixel_values, Call& call) const {
  check_input(topology_.spec, pixel_values);
  const at::Tensor pixels = pixel_values.to(at::kFloat).contiguous();
  for (int64_t n = 0; n < pixels.size(0); ++n) call.planes.push_back(Call::image_of(pixels, n));
  call.held.push_back(pixels);
}

FusedPlan::Outputs FusedPlan::allocate(const RunRequest& request, int64_t images) const {
  const at::Tensor& x = request.pixel_values;
  Outputs outputs{};
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
    if (size.height * size.width > kMostSharedPixels) outputs.large_maps = index + 1;
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

void FusedPlan::run_stage(size_t index, int64_t first, int64_t images, ImageGroup& group,
                          Call& call) const {
  if (index > 0) {
    for (const Block& block : stages_[index - 1]) {
      if (call.leaves_out(first, images)) return;
      group.block(block);
    }
  }
  const auto copy_to = [&](const at::Tensor& maps) {
    for (int64_t n = 0; n < images; ++n) group.copy_to(n, Call::image_of(maps, first + n));
  };
  const RunResult& result = call.outputs.result;
  if (call.request.hidden_states) copy_to(result.hidden_states[index]);
  const auto& asked = call.request.feature_maps;
  const auto place = std::ranges::find(asked, static_cast<int64_t>(index));
  if (place != asked.end())
    copy_to(result.feature_maps[static_cast<size_t>(place - asked.begin())]);
}

void FusedPlan::run_head(int64_t first, int64_t images, ImageGroup& group, Call& call) const {
  const LayerTimer timer(call.request.clock, kHead, 0);
  group.normalise();
  const at::Tensor& maps = call.outputs.result.last_hidden_state;
  for (int64_t n = 0; n < images; ++n) {
    group.pool_to(n, Call::image_of(call.outputs.pooled, first + n));
    if (maps.defined()) group.copy_to(n, Call::image_of(maps, first + n));
  }
}

void FusedPlan::run_group(int64_t first, int64_t images, Call& call) const {
  const size_t stages = stages_needed(topology_, call.request) + 1;
  const size_t alone =
      images == 1 ? stages : std::clamp<size_t>(call.outputs.large_maps, 1, stages);
  std::unique_ptr<Workspaces> workspaces = take_workspaces();
  ImageGroup together(*this, workspaces->together, call, images);
  for (int64_t n = 0; n < images; ++n) {
    ImageGroup one(*this, workspaces->alone, call, 1);
    const at::Tensor& x = call.request.pixel_values;
    one.stem(call.planes[static_cast<size_t>(first + n)], {x.size(2), x.size(3)});
    for (size_t index = 0; index < alone; ++index) run_stage(index, first + n, 1, one, call);
    // It may have stopped at an earlier stage.
    if (call.leaves_out(first + n, 1)) continue;
    if (images == 1 && call.request.head) run_head(first, 1, one, call);
    if (images > 1) together.take(n, one);
  }
  if (images > 1 && !call.leaves_out(first, images)) {
    for (size_t index = alone; index < stages; ++index)
      run_stage(index, first, images, together, call);
    if (call.request.head && !call.leaves_out(first, images))
      run_head(first, images, together, call);
  }
  give_back(std::move(workspaces));
}

RunResult FusedPlan::run(const RunRequest& request, const std::function<void()>& between) const {
  const int64_t threads = team_width();
  Call call{request, between, {}, {}, {}};
  hold(request.pixel_values, call);
  for (const at::Tensor& part : request.more) hold(part, call);
  const auto images = static_cast<int64_t>(call.planes.size());
  call.outputs = allocate(request, images);
  // An image per thread needs no waiting for one another, and stays in its core's own cache until
  // its maps are small; then a few together read the weights once. What is left over has all
  // threads.
  const int64_t side_by_side = images > 1 && !request.clock ? images / threads * threads : 0;
  const int64_t groups = groups_of(side_by_side, threads);
  share_out(groups, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = ops::cut(side_by_side, i, groups);
      run_group(first, ops::cut(side_by_side, i + 1, groups) - first, call);
    }
  });
  for (int64_t n = side_by_side; n < images; ++n) run_group(n, 1, call);
  Outputs& outputs = call.outputs;

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
