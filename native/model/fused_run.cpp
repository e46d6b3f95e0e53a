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

void FusedPlan::hold(const at::Tensor& pixel_values, Progress& call) {
  const at::Tensor pixels = pixel_values.to(at::kFloat).contiguous();
  for (int64_t n = 0; n < pixels.size(0); ++n) call.planes.push_back(Progress::image_of(pixels, n));
  call.held.push_back(pixels);
}

FusedPlan::Outputs FusedPlan::allocate(const RunInput& input, const Wanted& wanted) const {
  const int64_t images = input.images();
  const at::Tensor& x = input.first();
  Outputs outputs{};
  MapSize size = windows_of(topology_.stem.conv, {x.size(2), x.size(3)}).out;
  size = pool_windows(topology_.stem, size).out;
  int64_t channels = topology_.stem.conv.out_channels;
  for (size_t index = 0; index <= stages_needed(topology_, wanted); ++index) {
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
    if (wanted.hidden_states)
      outputs.result.hidden_states.push_back(empty_maps(images, channels, size));
    if (std::ranges::count(wanted.feature_maps, static_cast<int64_t>(index)) > 0)
      outputs.result.feature_maps.push_back(empty_maps(images, channels, size));
  }
  if (wanted.pools()) outputs.pooled = at::empty({images, channels}, at::kFloat);
  if (wanted.last_hidden_state)
    outputs.result.last_hidden_state = empty_maps(images, channels, size);
  return outputs;
}

void FusedPlan::run_stage(size_t index, int64_t first, int64_t images, ImageGroup& group,
                          Progress& call) const {
  if (index > 0) {
    for (const Block& block : stages_[index - 1]) {
      if (call.leaves_out(first, images)) return;
      group.block(block);
    }
  }
  const auto copy_to = [&](const at::Tensor& maps) {
    for (int64_t n = 0; n < images; ++n) group.copy_to(n, Progress::image_of(maps, first + n));
  };
  const RunResult& result = call.outputs.result;
  if (call.wanted.hidden_states) copy_to(result.hidden_states[index]);
  const auto& asked = call.wanted.feature_maps;
  const auto place = std::ranges::find(asked, static_cast<int64_t>(index));
  if (place != asked.end())
    copy_to(result.feature_maps[static_cast<size_t>(place - asked.begin())]);
}

void FusedPlan::run_head(int64_t first, int64_t images, ImageGroup& group, Progress& call) const {
  const LayerTimer timer(call.control.clock, kHead, 0);
  group.normalise();
  const at::Tensor& maps = call.outputs.result.last_hidden_state;
  const at::Tensor& pooled = call.outputs.pooled;
  for (int64_t n = 0; n < images; ++n) {
    if (pooled.defined()) group.pool_to(n, Progress::image_of(pooled, first + n));
    if (maps.defined()) group.copy_to(n, Progress::image_of(maps, first + n));
  }
}

void FusedPlan::run_group(int64_t first, int64_t images, Progress& call) const {
  const size_t stages = stages_needed(topology_, call.wanted) + 1;
  const size_t alone =
      images == 1 ? stages : std::clamp<size_t>(call.outputs.large_maps, 1, stages);
  std::unique_ptr<Workspaces> workspaces = take_workspaces();
  ImageGroup together(*this, workspaces->together, call, images);
  for (int64_t n = 0; n < images; ++n) {
    ImageGroup one(*this, workspaces->alone, call, 1);
    one.stem(call.planes[static_cast<size_t>(first + n)], call.size);
    for (size_t index = 0; index < alone; ++index) run_stage(index, first + n, 1, one, call);
    // It may have stopped at an earlier stage.
    if (call.leaves_out(first + n, 1)) continue;
    if (images == 1 && call.wanted.normalises()) run_head(first, 1, one, call);
    if (images > 1) together.take(n, one);
  }
  if (images > 1 && !call.leaves_out(first, images)) {
    for (size_t index = alone; index < stages; ++index)
      run_stage(index, first, images, together, call);
    if (call.wanted.normalises() && !call.leaves_out(first, images))
      run_head(first, images, together, call);
  }
  give_back(std::move(workspaces));
}

RunResult FusedPlan::run(const RunInput& input, const Wanted& wanted,
                         const RunControl& control) const {
  check_input(topology_.spec, input);
  const int64_t threads = team_width();
  const at::Tensor& x = input.first();
  Progress call{wanted, control, {x.size(2), x.size(3)}, allocate(input, wanted), {}, {}};
  for (const at::Tensor& part : input.parts) hold(part, call);
  const auto images = static_cast<int64_t>(call.planes.size());
  // An image per thread needs no waiting for one another, and stays in its core's own cache until
  // its maps are small; then a few together read the weights once. What is left over has all
  // threads.
  const int64_t side_by_side = images > 1 && !control.clock ? images / threads * threads : 0;
  const int64_t groups = groups_of(side_by_side, threads);
  share_out(groups, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = ops::cut(side_by_side, i, groups);
      run_group(first, ops::cut(side_by_side, i + 1, groups) - first, call);
    }
  });
  for (int64_t n = side_by_side; n < images; ++n) run_group(n, 1, call);
  return finished(std::move(call.outputs), wanted, control);
}

RunResult FusedPlan::finished(Outputs outputs, const Wanted& wanted,
                              const RunControl& control) const {
  RunResult result = std::move(outputs.result);
  const at::Tensor& pooled = outputs.pooled;
  if (wanted.pooler_output) result.pooler_output = pooled.view({pooled.size(0), -1, 1, 1});
  if (wanted.logits) {
    const LayerTimer timer(control.clock, kHead, 0);
    result.logits = head_ ? head_->run(pooled) : pooled;
  }
  return result;
}

}  // namespace bigtransfer::model
