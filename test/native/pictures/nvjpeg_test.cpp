// What is asked of libnvjpeg, by a library that stands in for it.
#include "pictures/nvjpeg.h"

#include <dlfcn.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"

using namespace bigtransfer;
using pictures::NvJpeg;

namespace {

/// Of handles or states.
int count(const char* name) {
  void* library = dlopen(BIGTRANSFER_FAKE_NVJPEG, RTLD_NOW);
  const auto function = reinterpret_cast<int (*)()>(dlsym(library, name));
  return function == nullptr ? -1 : function();
}

std::string fake_jpeg(int components, int width, int height, int value) {
  return {static_cast<char>(components), static_cast<char>(width), static_cast<char>(height),
          static_cast<char>(value)};
}

}  // namespace

TEST("NvJpeg: no library, or one that is none, and there is no decoder") {
  EXPECT(!NvJpeg::open({}));
  EXPECT(!NvJpeg::open({"libnvjpeg-that-is-not-there.so", "libdl.so.2"}));
}

TEST("NvJpeg: decodes colour of the size that is expected, and refuses the rest") {
  const auto decoder = NvJpeg::open({"libnvjpeg-that-is-not-there.so", BIGTRANSFER_FAKE_NVJPEG});
  EXPECT(decoder != nullptr);
  if (!decoder) return;
  int stream = 0;
  std::vector<uint8_t> rows(5 * 7 * 3 + 1, 9);
  const auto state = decoder->take_state();
  const auto decode = [&](const std::string& jpeg) {
    return decoder->decode(*state, jpeg, 7, 5, rows.data(), &stream);
  };
  EXPECT(!decode(fake_jpeg(1, 5, 7, 200)));
  EXPECT(!decode(fake_jpeg(3, 7, 5, 200)));
  EXPECT(!decode("no"));
  EXPECT(std::ranges::count(rows, 9) == 5 * 7 * 3 + 1);
  EXPECT(decode(fake_jpeg(3, 5, 7, 200)));
  EXPECT(std::ranges::count(rows, 200) == 5 * 7 * 3 && rows.back() == 9);
}

TEST("NvJpeg: states are used again, and all of it goes in the end") {
  {
    const auto decoder = NvJpeg::open({BIGTRANSFER_FAKE_NVJPEG});
    EXPECT(count("fake_nvjpeg_handles") == 1);
    for (int i = 0; i < 3; ++i) {
      const auto one = decoder->take_state();
      const auto other = decoder->take_state();
      EXPECT(one != other);
    }
    EXPECT(count("fake_nvjpeg_states") == 2);
  }
  EXPECT(count("fake_nvjpeg_states") == 0);
  EXPECT(count("fake_nvjpeg_handles") == 0);
}
