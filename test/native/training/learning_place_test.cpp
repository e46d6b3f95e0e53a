// Names of devices and types on a machine without GPUs.
#include "training/learning_place.h"

#include "check.h"
#include "common/error.h"
#include "devices/cuda_library.h"
#include "model/small_spec.h"
#include "ops/packed_conv.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

LearningPlace place(const char* device, const char* dtype) {
  return choose_place({device, dtype, true}, model::make_topology(test::small_spec(), "bit."));
}

}  // namespace

TEST("learning place: the CPU where it is asked for, and where there is no GPU") {
  if (devices::cuda_devices() != nullptr) return;
  for (const char* device : {"cpu", "auto"}) {
    const LearningPlace chosen = place(device, "float32");
    EXPECT(chosen.device == nullptr && chosen.name == "cpu");
    EXPECT(chosen.compute.name == "float32" && chosen.compute.type == at::kFloat);
    EXPECT(place(device, "bfloat16").compute.type == at::kBFloat16);
  }
}

TEST("learning place: a GPU that is not there says so") {
  if (devices::cuda_devices() != nullptr) return;
  for (const char* device : {"cuda", "cuda:1"})
    EXPECT_THROWS(place(device, "float32"), ErrorCode::kDevice,
                  std::string("device '") + device + "' is not available");
}

TEST("learning place: types that there are none of are refused") {
  EXPECT_THROWS(place("cpu", "int8"), ErrorCode::kDevice, "dtype 'int8' is not one of");
}
