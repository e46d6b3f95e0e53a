// Images and outputs, put together and taken apart along the batch.
#include "model/run.h"

#include "common/recycled_memory.h"

namespace bigtransfer::model {

int64_t RunInput::images() const {
  int64_t images = 0;
  for (const at::Tensor& part : parts) images += part.dim() > 0 ? part.size(0) : 1;
  return images;
}

at::Tensor RunInput::whole() const {
  if (parts.size() == 1) return first();
  std::vector<int64_t> shape = first().sizes().vec();
  shape[0] = images();
  at::Tensor all = empty_recycled(shape, first().scalar_type());
  return at::cat_out(all, parts);
}

RunResult joined(const std::vector<RunResult>& parts) {
  if (parts.size() == 1) return parts.front();
  std::vector<std::vector<at::Tensor>> pieces;
  for (const RunResult& part : parts) {
    size_t index = 0;
    for_each_tensor(part, [&](const at::Tensor& each) {
      if (index == pieces.size()) pieces.emplace_back();
      pieces[index++].push_back(each);
    });
  }
  RunResult result = parts.front();
  size_t next = 0;
  for_each_tensor(result, [&](at::Tensor& each) { each = at::cat(pieces[next++]); });
  return result;
}

RunResult slice(const RunResult& all, int64_t first, int64_t count) {
  RunResult part = all;
  for_each_tensor(part, [&](at::Tensor& each) { each = each.narrow(0, first, count); });
  return part;
}

}  // namespace bigtransfer::model
