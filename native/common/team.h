// One call's threads: a leader, who opens regions of pieces, and helpers, who come and go.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>

#include "common/share_out.h"

namespace bigtransfer {

/// Pieces are claimed by compare-and-swap on one word that also numbers the regions, so that a
/// helper that comes too late claims nothing of the next region by what it read of the last one.
/// Nobody waits for a helper that has claimed nothing. The leader claims from the front and helpers
/// from the back, so that from region to region each finds most of what it reads in its own core's
/// cache. Teams are never destroyed: see Crew.
class Team {
 public:
  /// Takes the team for a leader with up to `helpers` of them; false if another has it.
  bool lease(int helpers);
  void give_back();

  /// The leader's: runs all pieces, with such helpers as come, and waits for those at work.
  void run(int64_t count, RunPieces run, const void* body);

  /// Whether a helper would find something to do.
  bool has_pieces() const;
  /// A helper's: takes pieces until there are none.
  void help();

  int helpers() const { return helpers_.load(std::memory_order_relaxed); }

 private:
  /// Of units, each a piece or, where there are very many of those, some.
  struct Range {
    int64_t begin;
    int64_t end;
  };
  enum class End { kFront, kBack };
  /// What a region runs.
  struct Work {
    int64_t count;
    RunPieces run;
    const void* body;
    int64_t units() const;
  };
  /// What a ticket says.
  struct Claimed {
    uint64_t region;
    int64_t front;
    int64_t back;
  };
  static Claimed read(uint64_t ticket);

  void open(const Work& work);
  /// The next units of the open region, and what they are of; nothing when all are claimed.
  std::optional<Range> claim(Work& work, End from);
  void do_units(const Work& work, const Range& range);
  /// Does what it can claim, and says how many units that were.
  int64_t work_along();
  /// Until helpers have done so many units.
  void wait_for(uint32_t units);
  void note_failure();

  static constexpr size_t kCacheLine = 64;

  /// The region's number in the upper half; units claimed from the front and from the back, of 16
  /// bits each, in the lower.
  alignas(kCacheLine) std::atomic<uint64_t> ticket_{kClosed};
  std::atomic<int64_t> count_{0};
  std::atomic<RunPieces> run_{nullptr};
  std::atomic<const void*> body_{nullptr};
  /// Helpers that may take part, and those that do.
  std::atomic<int> helpers_{0};
  alignas(kCacheLine) std::atomic<int> at_work_{0};
  /// Units that helpers have done.
  std::atomic<uint32_t> done_{0};
  std::atomic<bool> leader_sleeps_{false};
  std::atomic<bool> is_leased_{false};
  std::atomic<bool> has_failed_{false};
  std::mutex failure_mutex_;
  std::exception_ptr failure_;

  static constexpr uint64_t kRegion = uint64_t{1} << 32;
  static constexpr uint64_t kFront = uint64_t{1} << 16;
  static constexpr int64_t kMostUnits = kFront - 1;
  /// In the lower half: nothing may be claimed.
  static constexpr uint64_t kClosed = kRegion - 1;
};

}  // namespace bigtransfer
