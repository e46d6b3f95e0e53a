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

void Team::open(const Work& work) {
  const uint64_t region = (ticket_.load(std::memory_order_relaxed) & ~kNext) + kNext + 1;
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
  const uint64_t ticket = ticket_.load(std::memory_order_seq_cst);
  return static_cast<int64_t>(ticket & kNext) < count_.load(std::memory_order_acquire) &&
         at_work_.load(std::memory_order_relaxed) < helpers();
}

std::optional<Team::Range> Team::claim(Work& work) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while (true) {
    work = {count_.load(std::memory_order_acquire), run_.load(std::memory_order_acquire),
            body_.load(std::memory_order_acquire)};
    const auto next = static_cast<int64_t>(ticket & kNext);
    if (next >= work.count) return std::nullopt;
    // Two claims of each thread if all come at once and none is taken away.
    const int64_t share = (work.count - next) / (2 * (helpers() + 1));
    const int64_t size = std::max<int64_t>(share, 1);
    if (ticket_.compare_exchange_weak(ticket, ticket + static_cast<uint64_t>(size),
                                      std::memory_order_acq_rel, std::memory_order_acquire))
      return Range{next, next + size};
  }
}

void Team::do_pieces(const Work& work, const Range& range) {
  if (has_failed_.load(std::memory_order_relaxed)) return;
  try {
    work.run(work.body, range.begin, range.end);
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
  int64_t pieces = 0;
  Work work{};
  while (const std::optional<Range> range = claim(work)) {
    do_pieces(work, *range);
    pieces += range->end - range->begin;
  }
  return pieces;
}

void Team::help() {
  // Somebody else may have come first.
  const bool has_place = at_work_.fetch_add(1, std::memory_order_relaxed) < helpers();
  Work work{};
  while (const std::optional<Range> range = has_place ? claim(work) : std::nullopt) {
    do_pieces(work, *range);
    done_.fetch_add(static_cast<uint32_t>(range->end - range->begin), std::memory_order_seq_cst);
    if (leader_sleeps_.load(std::memory_order_seq_cst)) done_.notify_one();
  }
  at_work_.fetch_sub(1, std::memory_order_relaxed);
}

void Team::wait_for(uint32_t pieces) {
  const auto are_done = [&] { return done_.load(std::memory_order_acquire) == pieces; };
  if (spin_until(are_done)) return;
  // Asleep, its core is free for a helper that waits for one with pieces in hand.
  leader_sleeps_.store(true, std::memory_order_seq_cst);
  for (uint32_t done = done_; done != pieces; done = done_) done_.wait(done);
  leader_sleeps_.store(false, std::memory_order_relaxed);
}

void Team::run(int64_t count, RunPieces run, const void* body) {
  open({count, run, body});
  Crew& crew = Crew::instance();
  crew.call(static_cast<int>(std::min<int64_t>(helpers(), count - 1)));
  const LostTime lost;
  const int64_t own = work_along();
  crew.note_leader(lost.until_now());
  wait_for(static_cast<uint32_t>(count - own));
  if (!has_failed_.load(std::memory_order_relaxed)) return;
  has_failed_.store(false, std::memory_order_relaxed);
  std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace bigtransfer
