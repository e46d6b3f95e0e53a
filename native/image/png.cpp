// libpng reports errors by a function that must not return: ours jumps back into the reader. It
// gives samples as the file has them, and colours are made of those columns alone that are wanted.
#include "image/png.h"

#if defined(BIGTRANSFER_WITH_PNG)

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <optional>
#include <vector>

#include "image/png_pixels.h"

namespace bigtransfer::image {

namespace {

/// Of any picture: MAX_PIXELS of lib/image/rows.ts.
constexpr int64_t kMostPixels = int64_t{0x3fff} * 0x3fff;

}  // namespace

struct PngReader::State {
  /// What has not been read yet.
  std::string_view bytes;
  std::jmp_buf jump;
  png_structp png = nullptr;
  png_infop info = nullptr;
  int warnings = 0;
  /// Bits of a sample in the file.
  int depth = 0;
  int64_t height = 0;
  int64_t width = 0;
  /// Columns that are wanted.
  int64_t begin = 0;
  int64_t end = 0;
  /// One row.
  std::vector<uint8_t> samples;
  std::optional<PngPixels> pixels;

  ~State() { png_destroy_read_struct(&png, &info, nullptr); }
  void open();
  bool read_header();
  PngFormat format() const;
};

/// What there is to read from, and whom to tell of errors.
void PngReader::State::open() {
  const png_error_ptr fail = [](png_structp from, png_const_charp) {
    std::longjmp(static_cast<State*>(png_get_error_ptr(from))->jump, 1);
  };
  const png_error_ptr warn = [](png_structp from, png_const_charp) {
    ++static_cast<State*>(png_get_error_ptr(from))->warnings;
  };
  png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, warn);
  if (png == nullptr) return;
  info = png_create_info_struct(png);
  png_set_read_fn(png, this, [](png_structp from, png_bytep bytes, size_t count) {
    std::string_view& rest = static_cast<State*>(png_get_io_ptr(from))->bytes;
    if (count > rest.size()) png_error(from, "cut short");
    std::memcpy(bytes, rest.data(), count);
    rest.remove_prefix(count);
  });
  // Profiles, texts and the like are passed over. They change no pixels here.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
}

// Between setjmp and a jump no object with a destructor may come to life.

/// Up to the first pixels; false for a file that is left to others.
bool PngReader::State::read_header() {
  if (setjmp(jump) != 0) return false;
  open();
  if (info == nullptr) return false;
  png_read_info(png, info);
  if (png_get_interlace_type(png, info) != PNG_INTERLACE_NONE) return false;
  depth = png_get_bit_depth(png, info);
  // A byte for each sample of fewer bits.
  png_set_packing(png);
  png_read_update_info(png, info);
  return true;
}

PngFormat PngReader::State::format() const {
  PngFormat format{.colour = static_cast<PngColour>(png_get_color_type(png, info)),
                   .depth = depth,
                   .has_transparency = png_get_valid(png, info, PNG_INFO_tRNS) != 0,
                   .palette = {}};
  png_colorp colours = nullptr;
  int count = 0;
  png_get_PLTE(png, info, &colours, &count);
  for (int i = 0; i < count; ++i)
    format.palette.push_back({colours[i].red, colours[i].green, colours[i].blue});
  return format;
}

std::string png_version() { return PNG_LIBPNG_VER_STRING; }

PngReader::PngReader(std::string_view bytes) : state_(std::make_unique<State>()) {
  state_->bytes = bytes;
}

PngReader::~PngReader() = default;

bool PngReader::start() {
  State& state = *state_;
  if (!state.read_header()) return false;
  state.height = png_get_image_height(state.png, state.info);
  state.width = png_get_image_width(state.png, state.info);
  state.end = state.width;
  if (state.height * state.width > kMostPixels) return false;
  state.samples.resize(png_get_rowbytes(state.png, state.info));
  state.pixels.emplace(state.format());
  return true;
}

int64_t PngReader::height() const { return state_->height; }
int64_t PngReader::width() const { return state_->width; }

void PngReader::keep_columns(int64_t begin, int64_t end) {
  state_->begin = begin;
  state_->end = end;
}

bool PngReader::read(uint8_t* row) {
  State& state = *state_;
  if (setjmp(state.jump) != 0) return false;
  png_read_row(state.png, state.samples.data(), nullptr);
  state.pixels->to_rgb(state.samples.data(), state.begin, state.end, row);
  return true;
}

bool PngReader::finish() { return state_->warnings == 0; }

}  // namespace bigtransfer::image

#else

namespace bigtransfer::image {

struct PngReader::State {};

std::string png_version() { return ""; }

PngReader::PngReader(std::string_view) {}
PngReader::~PngReader() = default;
bool PngReader::start() { return false; }
int64_t PngReader::height() const { return 0; }
int64_t PngReader::width() const { return 0; }
void PngReader::keep_columns(int64_t, int64_t) {}
bool PngReader::read(uint8_t*) { return false; }
bool PngReader::finish() { return false; }

}  // namespace bigtransfer::image

#endif
