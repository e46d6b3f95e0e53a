// libjpeg reports errors by a function that must not return: ours jumps back into the reader.
#include "image/jpeg.h"

#if defined(BIGTRANSFER_WITH_JPEG)

#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>

namespace bigtransfer::image {
namespace {

/// Smooth upsampling takes the pixels at both ends of a row for the picture's own edges: so many on
/// each side are not to be kept.
constexpr int64_t kEdge = 4;
/// Kept columns begin at a multiple of this: one of all sizes of blocks that there are, and of the
/// bytes at which libjpeg-turbo writes rows past the cache, so that a row's start decides on that.
constexpr int64_t kColumns = 32;

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
  int64_t width = 0;
  /// The first column that is decoded.
  int64_t left = 0;
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
  const bool started = jpeg_start_decompress(&jpeg) == TRUE && jpeg.output_components == kRgb;
  state_->width = jpeg.output_width;
  return started;
}

int64_t JpegReader::height() const { return state_->decompress.output_height; }
int64_t JpegReader::width() const { return state_->width; }

void JpegReader::keep_columns(int64_t begin, int64_t end) {
  jpeg_decompress_struct& jpeg = state_->decompress;
  // Blocks that a progressive file leaves rough are smoothed by what lies around them.
  if (jpeg.progressive_mode) return;
  const int64_t left = std::max<int64_t>(begin - kEdge, 0) / kColumns * kColumns;
  const int64_t right = std::min(end + kEdge, state_->width);
  if (right - left >= state_->width || left >= right) return;
  // An error comes back with the next row.
  if (setjmp(state_->errors.jump) != 0) return;
  auto from = static_cast<JDIMENSION>(left);
  auto count = static_cast<JDIMENSION>(right - left);
  jpeg_crop_scanline(&jpeg, &from, &count);
  state_->left = from;
}

bool JpegReader::read(uint8_t* row) {
  if (setjmp(state_->errors.jump) != 0) return false;
  row += state_->left * kRgb;
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
void JpegReader::keep_columns(int64_t, int64_t) {}
bool JpegReader::read(uint8_t*) { return false; }
bool JpegReader::finish() { return false; }

}  // namespace bigtransfer::image

#endif
