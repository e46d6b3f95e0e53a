// Stands in for libnvjpeg: a "JPEG" is components, width, height and the value of every byte, and
// the device's memory is the process's own.
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

constexpr int kSuccess = 0;
constexpr int kBadJpeg = 3;
constexpr int kInterleavedRgb = 5;
constexpr size_t kHeader = 4;

struct Image {
  unsigned char* channel[4];
  size_t pitch[4];
};

int handles = 0;
int states = 0;

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

/// How many of both there are, for the test.
EXPORTED int fake_nvjpeg_handles() { return handles; }
EXPORTED int fake_nvjpeg_states() { return states; }

EXPORTED int nvjpegCreateSimple(void** handle) {
  *handle = &handles;
  ++handles;
  return kSuccess;
}

EXPORTED int nvjpegDestroy(void*) {
  --handles;
  return kSuccess;
}

EXPORTED int nvjpegJpegStateCreate(void*, void** state) {
  *state = &states;
  ++states;
  return kSuccess;
}

EXPORTED int nvjpegJpegStateDestroy(void*) {
  --states;
  return kSuccess;
}

EXPORTED int nvjpegGetImageInfo(void*, const unsigned char* data, size_t size, int* components,
                                int* subsampling, int* widths, int* heights) {
  if (size < kHeader) return kBadJpeg;
  *components = data[0];
  *subsampling = 0;
  for (int i = 0; i < *components; ++i) {
    widths[i] = data[1];
    heights[i] = data[2];
  }
  return kSuccess;
}

EXPORTED int nvjpegDecode(void* handle, void* state, const unsigned char* data, size_t size,
                          int format, Image* destination, void* stream) {
  if (handle != &handles || state != &states || format != kInterleavedRgb || size < kHeader ||
      stream == nullptr)
    return kBadJpeg;
  for (int y = 0; y < data[2]; ++y)
    std::memset(destination->channel[0] + y * destination->pitch[0], data[3], data[1] * 3);
  return kSuccess;
}
