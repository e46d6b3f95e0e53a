// Pieces shared out: each once, on the threads that there are, whatever the others do.
#include "common/share_out.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "check.h"
#include "common/lost_time.h"

using namespace bigtransfer;
using namespace std::chrono_literals;

namespace {

/// How often each of the pieces was run.
std::vector<int> share_out_counted(int64_t pieces) {
  std::vector<std::atomic<int>> runs(static_cast<size_t>(pieces));
  share_out(pieces, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ++runs[static_cast<size_t>(i)];
  });
  return {runs.begin(), runs.end()};
}

/// Keeps the calling thread computing.
void compute_for(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

/// Threads that took part in regions until there were `wanted`, or too many regions.
size_t threads_that_come(size_t wanted) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for (int region = 0; region < 1000 && threads.size() < wanted; ++region) {
    share_out(16, [&](int64_t, int64_t) {
      compute_for(100us);
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
  }
  return threads.size();
}

}  // namespace

TEST("share out: every piece runs once, in region after region, for teams of any width") {
  for (const int width : {1, 2, 3, 8}) {
    const TeamScope team(width);
    EXPECT(team_width() == width);
    for (int64_t pieces = 0; pieces < 300; ++pieces)
      EXPECT(share_out_counted(pieces) == std::vector<int>(static_cast<size_t>(pieces), 1));
  }
  EXPECT(team_width() == 1);
}

TEST("share out: teams beside one another keep their pieces apart") {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> leaders;
  for (int leader = 0; leader < 4; ++leader) {
    leaders.emplace_back([&wrong, leader] {
      const TeamScope team(2 + leader);
      for (int64_t region = 0; region < 2000; ++region) {
        const int64_t pieces = 1 + region % 37;
        if (share_out_counted(pieces) != std::vector<int>(static_cast<size_t>(pieces), 1)) ++wrong;
      }
    });
  }
  for (std::thread& leader : leaders) leader.join();
  EXPECT(wrong == 0);
}

TEST("share out: what a region wrote is there for the next one") {
  const TeamScope team(3);
  std::vector<double> values(64, 1.0);
  for (int region = 0; region < 1000; ++region) {
    const std::vector<double> before = values;
    share_out(64, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        values[static_cast<size_t>(i)] = before[static_cast<size_t>(63 - i)] + 1;
    });
  }
  EXPECT(values == std::vector<double>(64, 1001.0));
}

TEST("share out: helpers come, as many as the team is wide") {
  const TeamScope team(2);
  EXPECT(threads_that_come(2) == 2);
  EXPECT(threads_that_come(3) <= 3);
}

TEST("share out: pieces share nothing out themselves, and an inner scope ends with its block") {
  const TeamScope team(4);
  std::atomic<int> inner = 0;
  share_out(8, [&](int64_t begin, int64_t end) {
    const TeamScope none(1);
    if (team_width() != 1) inner = -1000;
    share_out(5, [&](int64_t first, int64_t last) { inner += static_cast<int>(last - first); });
    inner += static_cast<int>(5 * (end - begin - 1));
  });
  EXPECT(inner == 40);
  EXPECT(team_width() == 4);
}

TEST("share out: the first exception comes out, and the team works on") {
  const TeamScope team(3);
  for (int64_t bad = 0; bad < 20; ++bad) {
    std::string caught;
    try {
      share_out(20, [&](int64_t begin, int64_t end) {
        if (begin <= bad && bad < end) throw std::runtime_error("piece");
      });
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    EXPECT(caught == "piece");
    EXPECT(share_out_counted(20) == std::vector<int>(20, 1));
  }
}

TEST("share out: nobody waits for a helper that has nothing in hand") {
  const TeamScope team(2);
  threads_that_come(2);
  // The helper sits in a piece of another leader's for as long as this takes.
  std::latch inside(1);
  std::latch release(1);
  std::thread other([&] {
    const TeamScope own(2);
    std::atomic<bool> first = true;
    share_out(2, [&](int64_t, int64_t) {
      if (!first.exchange(false)) return;
      inside.count_down();
      release.wait();
    });
  });
  inside.wait();
  for (int region = 0; region < 200; ++region)
    EXPECT(share_out_counted(16) == std::vector<int>(16, 1));
  release.count_down();
  other.join();
}

TEST("share out: more pieces than a ticket counts are done once each") {
  const TeamScope team(3);
  EXPECT(share_out_counted(200'001) == std::vector<int>(200'001, 1));
}

TEST("lost time: waiting for a core counts, computing and sleeping before do not") {
  LostTime time;
  std::this_thread::sleep_for(2ms);
  time.restart();
  auto begin = LostTime::Clock::now();
  compute_for(2ms);
  const bool was_free = !time.since(begin).is_much();
  begin = LostTime::Clock::now();
  std::this_thread::sleep_for(2ms);
  EXPECT(time.since(begin).is_much());
  // Unless others have had the core meanwhile, which more tries make less likely.
  bool is_free = was_free;
  for (int i = 0; i < 100 && !is_free; ++i) {
    begin = LostTime::Clock::now();
    compute_for(1ms);
    is_free = !time.since(begin).is_much();
  }
  EXPECT(is_free);
}

TEST("lost time: what cannot be much is not looked at") {
  LostTime time;
  std::this_thread::sleep_for(2ms);
  const LostTime::Times times = time.since(LostTime::Clock::now());
  EXPECT(!times.is_much());
}
