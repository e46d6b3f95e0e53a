// What gives a picture's rows.
#pragma once

#include <cstdint>

namespace bigtransfer::image {

/// Channels of what comes out of a file.
inline constexpr int kRgb = 3;

/// The rows of one picture, once, from the top: interleaved bytes.
class RowReader {
 public:
  virtual ~RowReader() = default;

  virtual int64_t height() const = 0;
  virtual int64_t width() const = 0;
  virtual int64_t channels() const = 0;
  /// Before the first row: of each row only pixels `begin` to `end` are wanted, and the others need
  /// not be filled.
  virtual void keep_columns(int64_t begin, int64_t end) = 0;
  /// Fills the next of height() rows: width() * channels() bytes. False where that is impossible.
  virtual bool read(uint8_t* row) = 0;
  /// After the last row: whether the whole picture was sound.
  virtual bool finish() = 0;
};

}  // namespace bigtransfer::image
