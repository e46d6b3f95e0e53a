// The OpenMP teams in which libtorch's own operators run.
#pragma once

namespace bigtransfer::runtime {

/// Lets the calling thread's OpenMP regions have `width` threads, or as many as the system gives:
/// libgomp ends the process when it is refused one.
class OpenMpTeam {
 public:
  void resize(int width);

 private:
  int width_ = 0;
  /// Threads that have been seen to start.
  int startable_ = 1;
};

}  // namespace bigtransfer::runtime
