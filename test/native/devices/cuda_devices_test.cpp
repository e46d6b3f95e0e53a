// What GPUs of each age compute in.
#include "devices/cuda_devices.h"

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;
using devices::CudaDevice;

namespace {

CudaDevice card(const char* name, int major, int minor) { return {name, major, minor, 1 << 30}; }

bool computes(const CudaDevice& device, at::ScalarType type) {
  try {
    devices::check_computes(device, type);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

TEST("CUDA devices: all types from 8.0 on, no bfloat16 before, nothing before 7.5") {
  for (const auto& [major, minor] : {std::pair{8, 0}, {8, 9}, {9, 0}, {12, 0}}) {
    for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16})
      EXPECT(computes(card("new", major, minor), type));
    EXPECT(devices::fast_type(card("new", major, minor)) == at::kBFloat16);
  }
  const CudaDevice t4 = card("Tesla T4", 7, 5);
  EXPECT(computes(t4, at::kFloat) && computes(t4, at::kHalf) && !computes(t4, at::kBFloat16));
  EXPECT(devices::fast_type(t4) == at::kHalf);
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
    EXPECT(!computes(card("V100", 7, 0), type));
    EXPECT(!computes(card("P100", 6, 9), type));
  }
}

TEST("CUDA devices: a refusal names the device, what it has and what helps") {
  EXPECT_THROWS(devices::check_computes(card("Tesla T4", 7, 5), at::kBFloat16), ErrorCode::kDevice,
                "Tesla T4 has compute capability 7.5, and bfloat16 takes 8.0: use dtype 'float16'");
  EXPECT_THROWS(devices::check_computes(card("V100", 7, 0), at::kFloat), ErrorCode::kDevice,
                "V100 has compute capability 7.0, and 7.5 is the least: use device 'cpu'");
}
