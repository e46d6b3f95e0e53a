// checkpoint/mapped_file and checkpoint/atomic_file: what the file system may answer.
#include <sys/stat.h>

#include "check.h"
#include "checkpoint/atomic_file.h"
#include "checkpoint/fixtures.h"
#include "checkpoint/mapped_file.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

#define CHECK_UNREADABLE(path, fragment) \
  EXPECT_THROWS(MappedFile{path}, ErrorCode::kCheckpoint, fragment)

TEST("mapped file: bytes, also after discarding them or removing the file") {
  const TempDir dir;
  std::string content(20'000, 'x');
  content.back() = 'y';
  const std::string path = dir.write("f", content);
  const MappedFile file(path);
  std::filesystem::remove(path);
  EXPECT(file.bytes() == content && file.path() == path);
  file.discard(0, content.size());
  file.discard(5'000, 1);
  file.discard(19'999, UINT64_MAX);
  file.discard(20'000, 1);
  EXPECT(file.bytes() == content);
  EXPECT(MappedFile(dir.write("empty", "")).bytes().empty());
}

TEST("mapped file: what cannot be mapped") {
  const TempDir dir;
  CHECK_UNREADABLE(dir.path("missing"), "no such file");
  CHECK_UNREADABLE(dir.path(""), "a directory");
  CHECK_UNREADABLE(dir.path("x") + std::string("\0y", 2), "NUL");
  CHECK_UNREADABLE(dir.write("file", "x") + "/below", "opening failed");
  EXPECT(::mkfifo(dir.path("pipe").c_str(), 0600) == 0);
  CHECK_UNREADABLE(dir.path("pipe"), "not a regular file");
  const std::string secret = dir.write("secret", "x");
  std::filesystem::permissions(secret, std::filesystem::perms::none);
  if (::geteuid() != 0) CHECK_UNREADABLE(secret, "no permission");  // root may read everything
}

TEST("atomic file: nothing before commit, everything after") {
  const TempDir dir;
  const std::string path = dir.write("out", "before");
  {
    AtomicFile file(path);
    file.write("half");
    EXPECT(read_file(path) == "before");
  }
  EXPECT(read_file(path) == "before");
  AtomicFile file(path);
  file.write("af");
  file.write("");
  file.write("ter");
  file.commit();
  EXPECT(read_file(path) == "after");
  const std::filesystem::directory_iterator left(dir.path("")), end;
  EXPECT(std::distance(left, end) == 1);
}

TEST("atomic file: folders that cannot be written to") {
  const TempDir dir;
  const auto create = [&](const std::string& name) { AtomicFile(dir.path(name)).commit(); };
  EXPECT_THROWS(create("no/such/folder"), ErrorCode::kCheckpoint, "directory does not exist");
  std::filesystem::create_directory(dir.path("folder"));
  EXPECT_THROWS(create("folder"), ErrorCode::kCheckpoint, "folder: renaming into place failed");
  EXPECT_THROWS(AtomicFile(std::string("a\0b", 3)), ErrorCode::kCheckpoint, "NUL");
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test
