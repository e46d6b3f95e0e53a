// Signatures, first match wins.
#include "checkpoint/content.h"

#include <algorithm>
#include <cctype>

#include "checkpoint/bytes.h"
#include "checkpoint/fail.h"
#include "checkpoint/safetensors.h"

namespace bigtransfer::checkpoint {
namespace {

using namespace std::string_view_literals;

/// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
constexpr std::string_view kLfsPointer = "version https://git-lfs";
/// A first local header, or the end record of an archive without entries.
constexpr std::string_view kZip = "PK\x03\x04", kEmptyZip = "PK\x05\x06";
/// torch/serialization.py, MAGIC_NUMBER 0x1950a86a20f9469cfc6c as a pickle of its own.
constexpr std::string_view kLegacyMagic =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
/// POSIX ustar; before the magic number, torch.save wrote a tar.
constexpr std::string_view kTar = "ustar";
constexpr size_t kTarOffset = 257;
/// PROTO, then the protocol.
constexpr char kPickleProto = '\x80';
constexpr int kLastProtocol = 5;
constexpr std::string_view kHdf5 = "\x89HDF\r\n\x1a\n";

/// APPNOTE 4.3.7: where a local header has the length of its name, and the name.
constexpr size_t kZipNameLength = 26, kZipName = 30;

constexpr size_t kLengthBytes = 8;
constexpr size_t kPageBytes = 512;

/// HTML or XML, perhaps after a byte order mark and white space.
bool is_web_page(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  const size_t begin = bytes.find_first_not_of(" \t\r\n");
  if (begin == bytes.npos) return false;
  std::string start(bytes.substr(begin, kPageBytes));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return start.starts_with("<!doctype") || start.starts_with("<html") ||
         start.starts_with("<?xml") || start.starts_with("<error");
}

/// A header's length that the file has room for, and the brace that a header must begin with. No
/// other format begins so: text is a length beyond any file, as are the versions and flags of a
/// zip, the frame of a pickle and the numbers in other signatures. So this is asked first, for a
/// length may look like the start of any of them.
bool begins_with_header(std::string_view bytes) {
  if (bytes.size() <= kLengthBytes) return false;
  const auto length = load<uint64_t>(bytes, 0);
  return length <= std::min<uint64_t>(kMaxSafetensorsHeader, bytes.size() - kLengthBytes) &&
         bytes[kLengthBytes] == '{';
}

/// The length or the brace of a header; either may be damaged, and is then complained of later.
bool is_safetensors(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) return false;
  return load<uint64_t>(bytes, 0) <= kMaxSafetensorsHeader ||
         bytes.substr(kLengthBytes, 2) == "{\"";
}

bool is_pickle(std::string_view bytes) {
  return bytes.size() > 1 && bytes[0] == kPickleProto && bytes[1] >= 0 && bytes[1] <= kLastProtocol;
}

/// An .npz: its members are arrays, the first one included.
bool is_numpy_archive(std::string_view zip) {
  if (!zip.starts_with(kZip) || zip.size() < kZipName) return false;
  return zip.substr(kZipName, load<uint16_t>(zip, kZipNameLength)).ends_with(".npy");
}

}  // namespace

Content recognize(std::string_view bytes, const std::string& file) {
  if (bytes.empty()) fail(file, std::string("an empty file; ") + kDownloadAgain);
  if (begins_with_header(bytes)) return Content::kSafetensors;
  if (is_numpy_archive(bytes)) {
    fail(file,
         "a NumPy archive (.npz), where a safetensors file or one written by torch.save is "
         "expected: convert it first");
  }
  if (bytes.starts_with(kZip) || bytes.starts_with(kEmptyZip)) return Content::kTorchZip;
  if (bytes.starts_with(kLfsPointer)) {
    fail(file,
         "a Git LFS pointer, not the weights themselves: fetch them with 'git lfs pull', or "
         "download the file from its hub");
  }
  if (is_web_page(bytes)) {
    fail(file,
         "a web page, not weights: the download ended at an error or login page; download the "
         "file again");
  }
  if (bytes.starts_with(kLegacyMagic) ||
      bytes.substr(0, kTarOffset + kTar.size()).ends_with(kTar)) {
    fail(file,
         "written by torch.save before PyTorch 1.6 (or with its legacy option), which is not "
         "supported: convert it in Python with torch.save(torch.load(path, weights_only=True), "
         "path), or with save_pretrained");
  }
  if (is_pickle(bytes)) {
    fail(file,
         "a bare Python pickle, not a file written by torch.save; nothing from it was executed");
  }
  if (bytes.starts_with(kHdf5)) {
    fail(file, "an HDF5 file (TensorFlow, Keras), where safetensors or torch.save is expected");
  }
  if (is_safetensors(bytes)) return Content::kSafetensors;
  fail(file,
       "neither a safetensors file nor one written by torch.save; if it should be, download it "
       "again");
}

}  // namespace bigtransfer::checkpoint
