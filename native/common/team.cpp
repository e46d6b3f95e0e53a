// Pieces are claimed in ranges that shrink towards the end, so that few claims keep all busy until
// it: guided self-scheduling (Polychronopoulos & Kuck 1987).
#include "common/team.h"

#include <algorithm>
#include <utility>

#include "common/crew.h"
#include "common/spin.h"

namespace bigtransfer {

bool Team::lease(int helpers) {
  if (is_leased_.exchange(true)) return false;
  helpers_.store(helpers, std::memory_order_relaxed);
  return true;
}

void Team::give_back() {
  helpers_.store(0, std::memory_order_relaxed);
  is_leased_.store(false, std::memory_order_release);
}

int64_t Team::Work::units() const { return std::min(count, kMostUnits); }

Team::Claimed Team::read(uint64_t ticket) {
  return {ticket / kRegion, static_cast<int64_t>(ticket % kRegion / kFront),
          static_cast<int64_t>(ticket % kFront)};
}

void Team::open(const Work& work) {
  const uint64_t region = (read(ticket_.load(std::memory_order_relaxed)).region + 1) * kRegion;
  // Closed before anything changes: whoever has read a part of the new work cannot claim any more
  // with the ticket that it saw.
  ticket_.store(region | kClosed, std::memory_order_relaxed);
  count_.store(work.count, std::memory_order_release);
  run_.store(work.run, std::memory_order_release);
  body_.store(work.body, std::memory_order_release);
  done_.store(0, std::memory_order_relaxed);
  // In one order with the sleepers' own: see Crew::sleep().
  ticket_.store(region, std::memory_order_seq_cst);
}

bool Team::has_pieces() const {
  const Claimed claimed = read(ticket_.load(std::memory_order_seq_cst));
  return claimed.front + claimed.back < count_.load(std::memory_order_acquire) &&
         claimed.front + claimed.back < kMostUnits &&
         at_work_.load(std::memory_order_relaxed) < helpers();
}

std::optional<Team::Range> Team::claim(Work& work, End from) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while (true) {
    work = {count_.load(std::memory_order_acquire), run_.load(std::memory_order_acquire),
            body_.load(std::memory_order_acquire)};
    const Claimed claimed = read(ticket);
    const int64_t back = work.units() - claimed.back;
    if (claimed.front >= back) return std::nullopt;
    // Two claims of each thread if all come at once and none is taken away.
    const int64_t share = (back - claimed.front) / (2 * (helpers() + 1));
    const int64_t size = std::max<int64_t>(share, 1);
    const uint64_t one = from == End::kFront ? kFront : 1;
    if (!ticket_.compare_exchange_weak(ticket, ticket + static_cast<uint64_t>(size) * one,
                                       std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    if (from == End::kFront) return Range{claimed.front, claimed.front + size};
    return Range{back - size, back};
  }
}

void Team::do_units(const Work& work, const Range& range) {
  if (has_failed_.load(std::memory_order_relaxed)) return;
  const int64_t units = work.units();
  try {
    work.run(work.body, work.count * range.begin / units, work.count * range.end / units);
  } catch (...) {
    note_failure();
  }
}

void Team::note_failure() {
  const std::lock_guard lock(failure_mutex_);
  if (!failure_) failure_ = std::current_exception();
  has_failed_.store(true, std::memory_order_relaxed);
}

int64_t Team::work_along() {
  int64_t units = 0;
  Work work{};
  while (const std::optional<Range> range = claim(work, End::kFront)) {
    do_units(work, *range);
    units += range->end - range->begin;
  }
  return units;
}

void Team::help() {
  // Somebody else may have come first.
  const bool has_place = at_work_.fetch_add(1, std::memory_order_relaxed) < helpers();
  Work work{};
  while (const std::optional<Range> range = has_place ? claim(work, End::kBack) : std::nullopt) {
    do_units(work, *range);
    done_.fetch_add(static_cast<uint32_t>(range->end - range->begin), std::memory_order_seq_cst);
    if (leader_sleeps_.load(std::memory_order_seq_cst)) done_.notify_one();
  }
  at_work_.fetch_sub(1, std::memory_order_relaxed);
}

void Team::wait_for(uint32_t units) {
  const auto are_done = [&] { return done_.load(std::memory_order_acquire) == units; };
  if (spin_until(are_done, Crew::instance().patience())) return;
  // Asleep, its core is free for a helper that waits for one with pieces in hand.
  leader_sleeps_.store(true, std::memory_order_seq_cst);
  for (uint32_t done = done_; done != units; done = done_) done_.wait(done);
  leader_sleeps_.store(false, std::memory_order_relaxed);
  LostTime::of_this_thread().restart();
}

void Team::run(int64_t count, RunPieces run, const void* body) {
  const Work work{count, run, body};
  open(work);
  Crew& crew = Crew::instance();
  crew.call(static_cast<int>(std::min<int64_t>(helpers(), count - 1)));
  const LostTime::Clock::time_point begin = LostTime::Clock::now();
  const int64_t own = work_along();
  crew.note_leader(LostTime::of_this_thread().since(begin));
  wait_for(static_cast<uint32_t>(work.units() - own));
  if (!has_failed_.load(std::memory_order_relaxed)) return;
  has_failed_.store(false, std::memory_order_relaxed);
  std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace bigtransfer
