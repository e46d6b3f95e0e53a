// libjpeg reports errors by a function that must not return: ours jumps back into the reader.
#include "image/jpeg.h"

#if defined(BIGTRANSFER_WITH_JPEG)

#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>

namespace bigtransfer::image {
namespace {

constexpr int kRgb = 3;

/// One decompression. Between setjmp and a jump no object with a destructor may come to life.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {
    state_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = [](j_common_ptr state) {
      std::longjmp(reinterpret_cast<Errors*>(state->err)->jump, 1);
    };
    errors_.base.output_message = [](j_common_ptr) {};  // nothing on stderr
  }
  ~Reader() { jpeg_destroy_decompress(&state_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Reads up to the pixels, whose size is then known.
  bool start(int shrink) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&state_);
    jpeg_mem_src(&state_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&state_, TRUE);
    const bool common = state_.num_components == 1 || state_.num_components == kRgb;
    if (!common || state_.data_precision != 8) return false;
    state_.out_color_space = JCS_RGB;
    state_.dct_method = JDCT_ISLOW;
    state_.scale_num = 1;
    state_.scale_denom = static_cast<unsigned>(shrink);
    return jpeg_start_decompress(&state_) == TRUE && state_.output_components == kRgb;
  }

  int64_t height() const { return state_.output_height; }
  int64_t width() const { return state_.output_width; }

  /// Fills height() rows of width() pixels; whether the whole file was sound.
  bool read(uint8_t* pixels) {
    if (setjmp(errors_.jump) != 0) return false;
    const size_t row = static_cast<size_t>(state_.output_width) * kRgb;
    while (state_.output_scanline < state_.output_height) {
      JSAMPROW line = pixels + state_.output_scanline * row;
      jpeg_read_scanlines(&state_, &line, 1);
    }
    jpeg_finish_decompress(&state_);
    return errors_.base.num_warnings == 0;
  }

 private:
  struct Errors {
    jpeg_error_mgr base;
    std::jmp_buf jump;
  };

  std::string_view bytes_;
  Errors errors_{};
  jpeg_decompress_struct state_{};
};

#define BIGTRANSFER_TEXT_(value) #value
#define BIGTRANSFER_TEXT(value) BIGTRANSFER_TEXT_(value)

}  // namespace

std::string jpeg_version() { return BIGTRANSFER_TEXT(LIBJPEG_TURBO_VERSION); }

std::optional<at::Tensor> decode_jpeg(std::string_view bytes, int shrink) {
  Reader reader(bytes);
  if (!reader.start(shrink)) return std::nullopt;
  at::Tensor pixels = at::empty({reader.height(), reader.width(), kRgb}, at::kByte);
  if (!reader.read(pixels.mutable_data_ptr<uint8_t>())) return std::nullopt;
  return pixels;
}

}  // namespace bigtransfer::image

#else

namespace bigtransfer::image {

std::string jpeg_version() { return ""; }
std::optional<at::Tensor> decode_jpeg(std::string_view, int) { return std::nullopt; }

}  // namespace bigtransfer::image

#endif
