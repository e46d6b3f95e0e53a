// A run recorded as a CUDA graph.
#pragma once

#include <memory>
#include <optional>

#include "devices/cuda/own_stream.h"
#include "devices/cuda/recorded_graph.h"
#include "runtime/cuda/device_network.h"
#include "runtime/recordings.h"

namespace bigtransfer::runtime {

class GraphRecording final : public Recording {
 public:
  /// Runs the network once on `capture`, so that libraries choose their kernels by trial, then
  /// records it there. The pixel values are complete for the current stream, on which it will be
  /// replayed; the network outlives the recording. Throws what the run throws, and c10::Error;
  /// nothing stays behind then.
  GraphRecording(const DeviceNetwork& network, const at::Tensor& pixel_values,
                 const model::Wanted& wanted, const devices::OwnStream& capture);
  /// Waits for the last replay.
  ~GraphRecording() override;

  model::RunResult replay(const at::Tensor& pixel_values) override;
  int64_t bytes() const override { return graph_->bytes(); }

 private:
  const DeviceNetwork& network_;
  c10::cuda::CUDAStream replays_;
  std::shared_ptr<const devices::GraphPool> pool_;
  std::optional<devices::RecordedGraph> graph_;
  /// Written before, and read after each replay.
  at::Tensor input_;
  model::RunResult output_;
};

}  // namespace bigtransfer::runtime
