// Tensor by tensor along the batch.
#include "runtime/results.h"

namespace bigtransfer::runtime {

model::RunResult joined(const std::vector<model::RunResult>& parts) {
  if (parts.size() == 1) return parts.front();
  std::vector<std::vector<at::Tensor>> pieces;
  for (const model::RunResult& part : parts) {
    size_t index = 0;
    for_each_tensor(part, [&](const at::Tensor& each) {
      if (index == pieces.size()) pieces.emplace_back();
      pieces[index++].push_back(each);
    });
  }
  model::RunResult result = parts.front();
  size_t next = 0;
  for_each_tensor(result, [&](at::Tensor& each) { each = at::cat(pieces[next++]); });
  return result;
}

}  // namespace bigtransfer::runtime
