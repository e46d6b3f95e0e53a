// Recording, and forgetting what has not been used for longest.
#include "runtime/recordings.h"

#include <algorithm>

namespace bigtransfer::runtime {
namespace {

/// Keys that are remembered, recorded or not: more than a server of several models sees, and few
/// enough to be looked through at each call.
constexpr size_t kMostEntries = 64;

}  // namespace

Recording* Recordings::find(const RunKey& key, const Record& record) {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) {
    if (entries_.size() == kMostEntries) entries_.pop_back();
    entries_.push_front({key, nullptr});
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found);
  Entry& entry = entries_.front();
  if (!entry.recording && !entry.has_failed) {
    try {
      entry.recording = record();
    } catch (const std::exception&) {  // the run without a recording says what is wrong, if it is
      entry.has_failed = true;
    }
    make_room();
  }
  return entry.recording.get();
}

void Recordings::clear() {
  std::erase_if(entries_, [](const Entry& each) { return !each.has_failed; });
}

/// The newest recording stays, however large it is.
void Recordings::make_room() {
  int64_t bytes = 0;
  bool is_first = true;
  for (Entry& each : entries_) {
    if (!each.recording) continue;
    bytes += each.recording->bytes();
    if (!is_first && bytes > most_bytes_) each.recording.reset();
    is_first = false;
  }
}

}  // namespace bigtransfer::runtime
