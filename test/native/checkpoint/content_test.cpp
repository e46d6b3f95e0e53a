// checkpoint/content: what often lies in a checkpoint's place gets its own advice.
#include "checkpoint/content.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

#define CHECK_REFUSED(bytes, fragment) \
  EXPECT_THROWS(recognize(bytes, kFile), ErrorCode::kCheckpoint, fragment)

TEST("content: checkpoints are told apart by content") {
  EXPECT(recognize(small_safetensors(), kFile) == Content::kSafetensors);
  EXPECT(recognize(zip({{.name = "a"}}), kFile) == Content::kZip);
  EXPECT(recognize(zip({}), kFile) == Content::kZip);
  // Damaged headers are left to the reader, who can say more.
  EXPECT(recognize(le(UINT64_MAX) + "{\"t\"", kFile) == Content::kSafetensors);
  EXPECT(recognize(le<uint64_t>(50) + "oops", kFile) == Content::kSafetensors);
}

TEST("content: other files") {
  CHECK_REFUSED("", "empty file");
  CHECK_REFUSED("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "git lfs pull");
  CHECK_REFUSED("<!DOCTYPE html><html>", "web page");
  CHECK_REFUSED("\xef\xbb\xbf\n  <HTML lang=en>", "web page");
  CHECK_REFUSED("<?xml version='1.0'?><Error><Code>AccessDenied", "web page");
  CHECK_REFUSED("{\"error\":\"Repository not found\"}", "neither");
  CHECK_REFUSED(std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15),
                "before PyTorch 1.6");
  CHECK_REFUSED(std::string(257, 's') + "ustar" + std::string(250, '\0'), "before PyTorch 1.6");
  CHECK_REFUSED("\x80\x04\x95 some pickle", "bare Python pickle");
  CHECK_REFUSED("\x89HDF\r\n\x1a\n", "HDF5");
  for (const char* other : {"x", "PK", "hello, this is text", "\x93NUMPY\1"}) {
    CHECK_REFUSED(other, "neither");
  }
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test
