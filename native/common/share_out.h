// Work of one call shared out among threads of our own, in small pieces that go to whoever is free.
#pragma once

#include <cstdint>

namespace bigtransfer {

class Team;

/// Threads that share_out() of this thread may use, itself among them: 1 outside of a TeamScope and
/// within a piece.
int team_width();

/// Whether the process has lately had to share its cores with others: small pieces are then better
/// than efficient ones, since some threads do fewer of them.
bool cores_are_shared();

/// While it lives, share_out() of the thread that made it may use up to `width` threads. Those are
/// wishes: where the system gives fewer threads, or its cores are busy with other work, fewer take
/// part, and the pieces are done all the same.
class TeamScope {
 public:
  explicit TeamScope(int width);
  ~TeamScope();
  TeamScope(const TeamScope&) = delete;
  TeamScope& operator=(const TeamScope&) = delete;

 private:
  Team* const outer_;
};

/// Runs the pieces begin..end of what `body` points to.
using RunPieces = void (*)(const void* body, int64_t begin, int64_t end);

void share_out_pieces(int64_t count, RunPieces run, const void* body);

/// Calls body(begin, end) for ranges that together are 0..count, each piece once, and returns when
/// all are done. Which thread gets what, and how many together, is left to chance: results must not
/// depend on it. When a range throws, those that have not begun are left out, and the first
/// exception comes out of this.
template <typename Body>
void share_out(int64_t count, const Body& body) {
  const RunPieces run = [](const void* pieces, int64_t begin, int64_t end) {
    (*static_cast<const Body*>(pieces))(begin, end);
  };
  share_out_pieces(count, run, &body);
}

}  // namespace bigtransfer
