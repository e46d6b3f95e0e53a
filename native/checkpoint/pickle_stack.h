// The memory of the pickle machine: stack, marks and memo over an arena of values.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checkpoint/pickle.h"
#include "checkpoint/pickle_input.h"

namespace bigtransfer::checkpoint {

/// Every method throws Error kCheckpoint when the pickle asks for what is not there.
class PickleStack {
 public:
  PickleStack(std::deque<PickleValue>& arena, const PickleInput& input)
      : arena_(arena), input_(input) {}

  /// A new value.
  PickleValue* push(PickleValue::Kind kind) {
    PickleValue& value = arena_.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return &value;
  }

  void push_again(PickleValue* value) { stack_.push_back(value); }

  /// Only what lies above the last mark can be seen.
  PickleValue* top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) input_.bad("the stack is empty");
    return stack_.back();
  }

  PickleValue* pop() {
    PickleValue* value = top();
    stack_.pop_back();
    return value;
  }

  /// The last `count` values, the top one last.
  std::vector<PickleValue*> pop_some(size_t count) {
    std::vector<PickleValue*> items(count);
    for (auto item = items.rbegin(); item != items.rend(); ++item) *item = pop();
    return items;
  }

  void mark() { marks_.push_back(stack_.size()); }

  std::vector<PickleValue*> pop_to_mark() {
    if (marks_.empty()) input_.bad("there is no mark");
    std::vector<PickleValue*> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                                    stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

  bool empty() const { return stack_.empty() && marks_.empty(); }

  void memorize(uint32_t key) { memo_[key] = top(); }
  void memorize_next() { memorize(static_cast<uint32_t>(memo_.size())); }

  void recall(uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) input_.bad("it refers to what it did not keep");
    push_again(found->second);
  }

 private:
  std::deque<PickleValue>& arena_;
  const PickleInput& input_;
  std::vector<PickleValue*> stack_;
  /// Heights of the stack.
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, PickleValue*> memo_;
};

}  // namespace bigtransfer::checkpoint
