// The process's helpers: threads that look for teams with pieces to do.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include "common/lost_time.h"
#include "common/team.h"

namespace bigtransfer {

/// Helpers belong to no team: each helps where there are pieces and, a few microseconds after the
/// last ones, sleeps. One that had to share its core with other programs while it had pieces in
/// hand rests: its team would wait for it again, and is faster without it until that passes. It
/// tries again after a while, and for longer and longer as long as nothing has changed.
class Crew {
 public:
  /// Never destroyed: helpers outlive static destruction.
  static Crew& instance();

  /// A team with up to `helpers`; null when there are as many teams as can be. Threads that are
  /// missing are started, as far as the system gives them.
  Team* lease(int helpers);
  void give_back(Team& team);

  /// After a region was opened: wakes helpers unless so many are awake and look for pieces.
  void call(int helpers);
  /// What a leader has lost in a region: it cannot rest, and one helper does instead, whichever is
  /// free first.
  void note_leader(const LostTime::Times& times);
  /// Whether any thread has lately had to wait for its core.
  bool shares_cores() const { return Clock::now() < shared_until_.load(std::memory_order_relaxed); }
  /// For which a thread waits actively before it sleeps.
  std::chrono::microseconds patience() const { return shares_cores() ? kShortSpin : kLongSpin; }
  /// Helpers that do not rest.
  int present() const {
    return started_.load(std::memory_order_relaxed) - resting_.load(std::memory_order_relaxed);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Helper {
    Clock::duration rest;
    /// A helper that must rest again before this rests for longer.
    Clock::time_point doubted_until;
  };
  /// Teams at once; every one has two threads at least.
  static constexpr size_t kTeams = 256;
  /// About what it takes to put a thread to sleep and to wake it again: waits that turn out longer
  /// cost at most twice what they must. Where nobody else wants the core, what lies between two
  /// regions of a call.
  static constexpr std::chrono::microseconds kShortSpin{50};
  static constexpr std::chrono::microseconds kLongSpin{100};

  void start(int helpers);
  void work();
  /// A team that a helper can join.
  Team* find();
  void help(Team& team, Helper& self);
  /// Whether what was lost in a region holds a team up.
  bool note(const LostTime::Times& times);
  void rest(Helper& self);
  void sleep();

  std::array<Team, kTeams> teams_;
  /// No team from this one on was ever leased.
  std::atomic<size_t> known_teams_ = 0;
  std::atomic<int> started_ = 0;
  std::atomic<int> resting_ = 0;
  /// Awake without a team, and asleep.
  std::atomic<int> looking_ = 0;
  std::atomic<int> sleeping_ = 0;
  std::atomic<int> to_rest_ = 0;
  std::atomic<Clock::time_point> shared_until_{};
  /// Changes when sleepers should look again.
  std::atomic<uint32_t> calls_ = 0;

  std::mutex mutex_;
  /// Helpers of all leased teams; guarded by the mutex.
  int wanted_ = 0;
};

}  // namespace bigtransfer
