// checkpoint/content: what often lies in a checkpoint's place gets its own advice.
#include "checkpoint/content.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "checkpoint/safetensors.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

#define CHECK_REFUSED(bytes, fragment) \
  EXPECT_THROWS(recognize(bytes, kFile), ErrorCode::kCheckpoint, fragment)

TEST("content: checkpoints are told apart by content") {
  EXPECT(recognize(small_safetensors(), kFile) == Content::kSafetensors);
  EXPECT(recognize(zip({{.name = "a"}}), kFile) == Content::kTorchZip);
  EXPECT(recognize(zip({}), kFile) == Content::kTorchZip);
  // Damaged headers are left to the reader, who can say more.
  EXPECT(recognize(le(UINT64_MAX) + "{\"t\"", kFile) == Content::kSafetensors);
  EXPECT(recognize(le<uint64_t>(50) + "oops", kFile) == Content::kSafetensors);
}

TEST("content: a header's length may look like another format's signature") {
  const auto padded = [](size_t length) {
    std::string header = R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    header.resize(length, ' ');
    return safetensors(header, "x");
  };
  // PROTO and each protocol of pickle, as transformers' shards of 20 KB may begin.
  for (size_t protocol = 0; protocol < 6; ++protocol) {
    for (const size_t more : {0, 1, 3}) {
      const std::string bytes = padded((more << 16) + (protocol << 8) + 0x80);
      EXPECT(recognize(bytes, kFile) == Content::kSafetensors);
      EXPECT(read_safetensors(bytes, kFile).size() == 1);
    }
  }
  EXPECT(recognize(padded(0x04034b50), kFile) == Content::kSafetensors);  // "PK\3\4"
  std::string name(257 - 10, 's');
  const std::string header =
      "{\"" + name + "ustar\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
  EXPECT(safetensors(header, "x").substr(257, 5) == "ustar");
  EXPECT(recognize(safetensors(header, "x"), kFile) == Content::kSafetensors);
  // And what is none, though a brace stands where a header's would: a pickle, and a zip.
  CHECK_REFUSED(std::string("\x80\x02}q\x01(X\x05{....", 14), "bare Python pickle");
  CHECK_REFUSED(std::string("\x80\x04\x95\x0a\0\0\0\0{", 9) + std::string(400, '.'),
                "bare Python pickle");
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
  CHECK_REFUSED(zip({{.name = "block1/kernel.npy", .data = "x"}}), "a NumPy archive (.npz)");
  CHECK_REFUSED("\x80\x04\x95 some pickle", "bare Python pickle");
  CHECK_REFUSED("\x89HDF\r\n\x1a\n", "HDF5");
  for (const char* other : {"x", "PK", "hello, this is text", "\x93NUMPY\1"}) {
    CHECK_REFUSED(other, "neither");
  }
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test
