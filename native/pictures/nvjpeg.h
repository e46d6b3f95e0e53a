// NVIDIA's JPEG decoder, opened where its library is: nothing is linked, and no header of it
// needed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace bigtransfer::pictures {

class NvJpeg {
 public:
  /// What the decoder works with meanwhile, for one stream at a time.
  class State;

  /// The first of these libraries that opens and starts; null where none does.
  static std::unique_ptr<NvJpeg> open(const std::vector<std::string>& files);
  ~NvJpeg();
  NvJpeg(const NvJpeg&) = delete;
  NvJpeg& operator=(const NvJpeg&) = delete;

  /// For a run of decode()s on one stream; to be held until the stream is through with them.
  std::shared_ptr<State> take_state();

  /// Starts decoding a JPEG in colour to `rows` on the device, [height, width, 3] bytes in RGB, on
  /// `stream`, a cudaStream_t. False for files that the library does not take and those of another
  /// size; then nothing was started.
  bool decode(State& state, std::string_view jpeg, int64_t height, int64_t width, uint8_t* rows,
              void* stream) const;

 private:
  struct Functions;

  NvJpeg(std::unique_ptr<Functions> functions, void* handle);

  std::unique_ptr<Functions> functions_;
  /// An nvjpegHandle_t.
  void* handle_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<State>> free_;
};

}  // namespace bigtransfer::pictures
