// The first and the last code point of each length, and what is no sequence (Unicode 15, table
// 3-7).
#include "checkpoint/utf8.h"

#include "check.h"

using namespace bigtransfer;
using checkpoint::append_utf8;
using checkpoint::utf8_length;
using namespace std::string_literals;

namespace {

struct Encoded {
  uint32_t code;
  std::string bytes;
};

const Encoded kEncoded[] = {
    {0x0, "\0"s},
    {0x7f, "\x7f"},
    {0x80, "\xc2\x80"},
    {0x7ff, "\xdf\xbf"},
    {0x800, "\xe0\xa0\x80"},
    {0xd7ff, "\xed\x9f\xbf"},
    {0xe000, "\xee\x80\x80"},
    {0xffff, "\xef\xbf\xbf"},
    {0x10000, "\xf0\x90\x80\x80"},
    {0x10ffff, "\xf4\x8f\xbf\xbf"},
};

}  // namespace

TEST("utf8: code points are written by as many bytes as they take, and read again") {
  for (const auto& [code, bytes] : kEncoded) {
    std::string written = "a";
    append_utf8(written, code);
    EXPECT(written == "a" + bytes);
    EXPECT(utf8_length(written, 1) == bytes.size());
    // One that is cut off is none.
    for (size_t size = 1; size < bytes.size(); ++size)
      EXPECT(utf8_length(bytes.substr(0, size), 0) == 0);
  }
}

TEST("utf8: what is no sequence") {
  for (const char* bytes : {
           "\x80",              // begins with a continuation
           "\xc0\x80",          // shorter forms exist
           "\xc1\xbf",          //
           "\xe0\x9f\xbf",      //
           "\xf0\x8f\xbf\xbf",  //
           "\xed\xa0\x80",      // surrogates
           "\xed\xbf\xbf",      //
           "\xf4\x90\x80\x80",  // beyond the last code point
           "\xf5\x80\x80\x80",  //
           "\xff\xbf\xbf\xbf",  //
           "\xc2\x7f",          // no continuation
           "\xc2\xc0",          //
           "\xe1\x80\xc0",      //
           "\xf1\x80\x80\x7f",  //
       })
    EXPECT(utf8_length(bytes, 0) == 0);
}
