// The OpenMP teams in which libtorch's own operators run.
#pragma once

namespace bigtransfer::runtime {

/// Lets the calling thread's OpenMP regions have `width` threads where the system gives as many,
/// and one otherwise: libgomp ends the process when it is refused a thread.
class OpenMpTeam {
 public:
  void resize(int width);

 private:
  int width_ = 0;
  /// Threads that have been seen to start.
  int most_ = 1;
};

}  // namespace bigtransfer::runtime
