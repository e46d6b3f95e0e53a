// libjpeg reports errors by a function that must not return: ours jumps back into the reader.
#include "image/jpeg.h"

#if defined(BIGTRANSFER_WITH_JPEG)

#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>

namespace bigtransfer::image {
namespace {

constexpr int kRgb = 3;

#define BIGTRANSFER_TEXT_(value) #value
#define BIGTRANSFER_TEXT(value) BIGTRANSFER_TEXT_(value)

}  // namespace

struct JpegReader::State {
  struct Errors {
    jpeg_error_mgr base;
    std::jmp_buf jump;
  };

  std::string_view bytes;
  Errors errors{};
  jpeg_decompress_struct decompress{};
};

std::string jpeg_version() { return BIGTRANSFER_TEXT(LIBJPEG_TURBO_VERSION); }

JpegReader::JpegReader(std::string_view bytes) : state_(std::make_unique<State>()) {
  state_->bytes = bytes;
  state_->decompress.err = jpeg_std_error(&state_->errors.base);
  state_->errors.base.error_exit = [](j_common_ptr state) {
    std::longjmp(reinterpret_cast<State::Errors*>(state->err)->jump, 1);
  };
  state_->errors.base.output_message = [](j_common_ptr) {};  // nothing on stderr
}

JpegReader::~JpegReader() { jpeg_destroy_decompress(&state_->decompress); }

// Between setjmp and a jump no object with a destructor may come to life.

bool JpegReader::start(int shrink) {
  jpeg_decompress_struct& jpeg = state_->decompress;
  if (setjmp(state_->errors.jump) != 0) return false;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(state_->bytes.data()),
               state_->bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  const bool common = jpeg.num_components == 1 || jpeg.num_components == kRgb;
  if (!common || jpeg.data_precision != 8) return false;
  jpeg.out_color_space = JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.scale_num = 1;
  jpeg.scale_denom = static_cast<unsigned>(shrink);
  return jpeg_start_decompress(&jpeg) == TRUE && jpeg.output_components == kRgb;
}

int64_t JpegReader::height() const { return state_->decompress.output_height; }
int64_t JpegReader::width() const { return state_->decompress.output_width; }

bool JpegReader::read(uint8_t* row) {
  if (setjmp(state_->errors.jump) != 0) return false;
  return jpeg_read_scanlines(&state_->decompress, &row, 1) == 1;
}

bool JpegReader::finish() {
  if (setjmp(state_->errors.jump) != 0) return false;
  jpeg_finish_decompress(&state_->decompress);
  return state_->errors.base.num_warnings == 0;
}

}  // namespace bigtransfer::image

#else

namespace bigtransfer::image {

struct JpegReader::State {};

std::string jpeg_version() { return ""; }

JpegReader::JpegReader(std::string_view) {}
JpegReader::~JpegReader() = default;
bool JpegReader::start(int) { return false; }
int64_t JpegReader::height() const { return 0; }
int64_t JpegReader::width() const { return 0; }
bool JpegReader::read(uint8_t*) { return false; }
bool JpegReader::finish() { return false; }

}  // namespace bigtransfer::image

#endif
