// Names of devices and types on a machine without GPUs.
#include "training/learning_place.h"

#include "check.h"
#include "common/error.h"
#include "devices/cuda_library.h"
#include "model/small_spec.h"

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

TEST("learning place: 'auto' is bfloat16 where a GPU multiplies that, and never float16") {
  const devices::CudaDevice hopper{"H", 9, 0, 1};
  const devices::CudaDevice turing{"T", 7, 5, 1};
  EXPECT(learning_type("auto", hopper).name == "bfloat16");
  EXPECT(learning_type("auto", turing).name == "float32");
  for (const auto& gpu : {hopper, turing}) EXPECT(learning_type("float32", gpu).type == at::kFloat);
  EXPECT(learning_type("bfloat16", hopper).type == at::kBFloat16);
  EXPECT_THROWS(learning_type("bfloat16", turing), ErrorCode::kDevice,
                "T does not learn in bfloat16");
  EXPECT_THROWS(learning_type("float16", hopper), ErrorCode::kDevice, "does not learn in float16");
  EXPECT_THROWS(learning_type("auto", {"V", 7, 0, 1}), ErrorCode::kDevice, "7.5 is the least");
}
