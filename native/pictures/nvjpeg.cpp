// The part of nvJPEG's C interface that is used, by its documentation:
// https://docs.nvidia.com/cuda/nvjpeg. It has been the same since CUDA 10.
#include "pictures/nvjpeg.h"

#include <dlfcn.h>

#include <array>
#include <utility>

namespace bigtransfer::pictures {
namespace {

/// NVJPEG_MAX_COMPONENT.
constexpr size_t kMostComponents = 4;
constexpr int kColour = 3;
/// NVJPEG_STATUS_SUCCESS, NVJPEG_OUTPUT_RGBI.
constexpr int kSuccess = 0;
constexpr int kInterleavedRgb = 5;

/// nvjpegImage_t.
struct Image {
  std::array<unsigned char*, kMostComponents> channel;
  std::array<size_t, kMostComponents> pitch;
};

template <typename Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

struct NvJpeg::Functions {
  int (*create)(void** handle);
  int (*destroy)(void* handle);
  int (*create_state)(void* handle, void** state);
  int (*destroy_state)(void* state);
  int (*read_header)(void* handle, const unsigned char* data, size_t size, int* components,
                     int* subsampling, int* widths, int* heights);
  int (*decode)(void* handle, void* state, const unsigned char* data, size_t size, int format,
                Image* destination, void* stream);

  bool load(void* library) {
    return find(library, "nvjpegCreateSimple", create) && find(library, "nvjpegDestroy", destroy) &&
           find(library, "nvjpegJpegStateCreate", create_state) &&
           find(library, "nvjpegJpegStateDestroy", destroy_state) &&
           find(library, "nvjpegGetImageInfo", read_header) &&
           find(library, "nvjpegDecode", decode);
  }
};

class NvJpeg::State {
 public:
  State(const Functions& functions, void* handle) : functions_(functions) {
    if (functions_.create_state(handle, &state_) != kSuccess) state_ = nullptr;
  }
  ~State() {
    if (state_ != nullptr) functions_.destroy_state(state_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// An nvjpegJpegState_t; null where there was no memory for it.
  void* get() const { return state_; }

 private:
  const Functions& functions_;
  void* state_ = nullptr;
};

std::unique_ptr<NvJpeg> NvJpeg::open(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    // Never closed: a driver's thread may be in it until the process ends.
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) continue;
    auto functions = std::make_unique<Functions>();
    void* handle = nullptr;
    if (functions->load(library) && functions->create(&handle) == kSuccess)
      return std::unique_ptr<NvJpeg>(new NvJpeg(std::move(functions), handle));
  }
  return nullptr;
}

NvJpeg::NvJpeg(std::unique_ptr<Functions> functions, void* handle)
    : functions_(std::move(functions)), handle_(handle) {}

NvJpeg::~NvJpeg() {
  free_.clear();
  functions_->destroy(handle_);
}

std::shared_ptr<NvJpeg::State> NvJpeg::take_state() {
  std::unique_ptr<State> state;
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      state = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!state) state = std::make_unique<State>(*functions_, handle_);
  return {state.release(), [this](State* used) {
            std::unique_ptr<State> back(used);
            if (back->get() == nullptr) return;
            const std::lock_guard lock(mutex_);
            free_.push_back(std::move(back));
          }};
}

bool NvJpeg::decode(State& state, std::string_view jpeg, int64_t height, int64_t width,
                    uint8_t* rows, void* stream) const {
  if (state.get() == nullptr) return false;
  const auto* data = reinterpret_cast<const unsigned char*>(jpeg.data());
  int components = 0;
  int subsampling = 0;
  std::array<int, kMostComponents> widths{};
  std::array<int, kMostComponents> heights{};
  if (functions_->read_header(handle_, data, jpeg.size(), &components, &subsampling, widths.data(),
                              heights.data()) != kSuccess)
    return false;
  if (components != kColour || widths[0] != width || heights[0] != height) return false;
  Image image{};
  image.channel[0] = rows;
  image.pitch[0] = static_cast<size_t>(width * kColour);
  return functions_->decode(handle_, state.get(), data, jpeg.size(), kInterleavedRgb, &image,
                            stream) == kSuccess;
}

}  // namespace bigtransfer::pictures
