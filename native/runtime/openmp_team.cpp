// Sets OpenMP's own width and MKL's, not ATen's: at::set_num_threads() also fills a pool of threads
// that no operator on CPUs uses, without looking at whether they start, and that crashes at exit
// where they did not.
#include "runtime/openmp_team.h"

#include <omp.h>

#include <algorithm>

#include "common/start_thread.h"

// libtorch's MKL, where it has one; its headers are not part of libtorch.
extern "C" {
[[gnu::weak]] int MKL_Set_Num_Threads_Local(int threads);
[[gnu::weak]] void MKL_Set_Dynamic(int is_dynamic);
}

namespace bigtransfer::runtime {
namespace {

/// Makes libgomp start its threads now, while there is room for them.
void start_team(int width) {
#pragma omp parallel num_threads(width)
  {}
}

/// Both settings belong to the thread that makes them. MKL must not take fewer threads than that:
/// libgomp would end the others and start them anew for the next operator.
void set_width(int width) {
  omp_set_num_threads(width);
  if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(width);
  if (MKL_Set_Dynamic != nullptr) MKL_Set_Dynamic(0);
}

}  // namespace

void OpenMpTeam::resize(int width) {
  if (width == width_) return;
  if (width > most_) {
    // Where there is a limit, what starts now may not start again: libgomp ends threads and starts
    // them anew as its regions' sizes change.
    const bool all_start = startable_threads(width - 1) == width - 1;
    most_ = all_start ? width : 1;
    if (all_start) start_team(width);
  }
  set_width(std::min(width, most_));
  width_ = width;
}

}  // namespace bigtransfer::runtime
