// Starts helpers on demand, puts them to sleep and to rest; and the doors of share_out.h.
#include "common/crew.h"

#include <algorithm>
#include <thread>

#include "common/error.h"
#include "common/spin.h"
#include "common/start_thread.h"

namespace bigtransfer {
namespace {

/// Some turns that the system gives one of two programs on a core, and what a program that comes
/// and goes takes; a call in between is slowed by a few of the former in the latter.
constexpr std::chrono::milliseconds kShortestRest{4};
constexpr std::chrono::milliseconds kLongestRest{128};

/// A region of so long has many pieces, of which a slow thread does the fewer.
constexpr std::chrono::milliseconds kLongRegion{10};
/// For which the cores count as shared, once they were.
constexpr std::chrono::milliseconds kMemory{100};

/// Of this thread.
thread_local Team* current_team = nullptr;

}  // namespace

Crew& Crew::instance() {
  static auto* const crew = new Crew();
  return *crew;
}

Team* Crew::lease(int helpers) {
  for (size_t i = 0; i < kTeams; ++i) {
    if (!teams_[i].lease(helpers)) continue;
    size_t known = known_teams_;
    while (known <= i && !known_teams_.compare_exchange_weak(known, i + 1)) {
    }
    start(helpers);
    return &teams_[i];
  }
  return nullptr;
}

void Crew::give_back(Team& team) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ -= team.helpers();
  }
  team.give_back();
}

void Crew::start(int helpers) {
  const std::lock_guard lock(mutex_);
  wanted_ += helpers;
  const int missing = wanted_ - started_;
  if (missing <= 0) return;
  const int given = startable_threads(missing);
  try {
    for (int i = 0; i < given; ++i) {
      start_thread([this] { work(); });
      ++started_;
    }
  } catch (const Error&) {
    // Somebody else has had it.
  }
}

void Crew::call(int helpers) {
  const int missing = helpers - looking_.load(std::memory_order_relaxed);
  const int asleep = sleeping_.load(std::memory_order_seq_cst);
  if (missing <= 0 || asleep == 0) return;
  calls_.fetch_add(1, std::memory_order_release);
  if (missing >= asleep) return calls_.notify_all();
  for (int i = 0; i < missing; ++i) calls_.notify_one();
}

Team* Crew::find() {
  const size_t known = known_teams_.load(std::memory_order_acquire);
  for (size_t i = 0; i < known; ++i) {
    if (teams_[i].has_pieces()) return &teams_[i];
  }
  return nullptr;
}

void Crew::work() {
  Helper self{kShortestRest, {}};
  while (true) {
    Team* team = nullptr;
    ++looking_;
    const bool found = spin_until([&] { return (team = find()) != nullptr; }, patience());
    --looking_;
    if (found) {
      help(*team, self);
    } else {
      sleep();
    }
  }
}

void Crew::help(Team& team, Helper& self) {
  const Clock::time_point begin = Clock::now();
  team.help();
  const bool holds_up = note(LostTime::of_this_thread().since(begin));
  if (holds_up || to_rest_.exchange(0, std::memory_order_relaxed) > 0) rest(self);
}

bool Crew::note(const LostTime::Times& times) {
  if (!times.is_much()) return false;
  shared_until_.store(Clock::now() + kMemory, std::memory_order_relaxed);
  return times.elapsed < kLongRegion;
}

void Crew::note_leader(const LostTime::Times& times) {
  if (note(times)) to_rest_.store(1, std::memory_order_relaxed);
}

void Crew::rest(Helper& self) {
  self.rest = Clock::now() < self.doubted_until
                  ? std::min<Clock::duration>(2 * self.rest, kLongestRest)
                  : kShortestRest;
  ++resting_;
  std::this_thread::sleep_for(self.rest);
  --resting_;
  LostTime::of_this_thread().restart();
  self.doubted_until = Clock::now() + 2 * self.rest;
}

void Crew::sleep() {
  const uint32_t calls = calls_.load(std::memory_order_acquire);
  // In one order with regions that open: either this finds the pieces, or call() the sleeper.
  sleeping_.fetch_add(1, std::memory_order_seq_cst);
  if (find() == nullptr) calls_.wait(calls);
  sleeping_.fetch_sub(1, std::memory_order_relaxed);
  LostTime::of_this_thread().restart();
}

bool cores_are_shared() { return Crew::instance().shares_cores(); }

int team_width() { return current_team == nullptr ? 1 : current_team->helpers() + 1; }

TeamScope::TeamScope(int width) : outer_(current_team) {
  current_team = width > 1 ? Crew::instance().lease(width - 1) : nullptr;
  LostTime::of_this_thread().restart();
}

TeamScope::~TeamScope() {
  if (current_team != nullptr) Crew::instance().give_back(*current_team);
  current_team = outer_;
}

void share_out_pieces(int64_t count, RunPieces run, const void* body) {
  if (count <= 0) return;
  Team* const team = current_team;
  if (team == nullptr || count == 1 || Crew::instance().present() == 0) return run(body, 0, count);
  /// Pieces share nothing out themselves.
  struct Alone {
    Team* const team;
    explicit Alone(Team* own) : team(own) { current_team = nullptr; }
    ~Alone() { current_team = team; }
  } const alone(team);
  team->run(count, run, body);
}

}  // namespace bigtransfer
