// A bounded walk through dictionaries that may share or hold each other.
#include "checkpoint/state_dict.h"

#include <unordered_set>

#include "checkpoint/fail.h"

namespace bigtransfer::checkpoint {
namespace {

using Kind = PickleValue::Kind;
using NamedTensor = std::pair<std::string, PickledTensor>;

/// Where training scripts keep the weights, in this order.
constexpr std::string_view kWrappers[] = {"state_dict", "model_state_dict", "model"};
constexpr int kMaxWrappers = 4;
/// Through the memo a pickle repeats a long name at no cost to itself; this bounds the cost to us.
constexpr size_t kMaxNameBytes = 4096;

/// Entries are tensors under a string; all else in a state dict is left out.
bool is_entry(const PickleValue& dict, size_t i) {
  return dict.items[i]->is(Kind::kString) && is_tensor(*dict.items[i + 1]);
}

bool has_entry(const PickleValue& dict) {
  for (size_t i = 0; i < dict.items.size(); i += 2) {
    if (is_entry(dict, i)) return true;
  }
  return false;
}

class Finder {
 public:
  explicit Finder(const std::string& where) : where_(where) {}

  const PickleValue& find(const PickleValue& root) {
    const PickleValue* dict = &root;
    for (int depth = 0; depth <= kMaxWrappers; ++depth) {
      if (!holds_entries(*dict)) fail(where_, "it holds no dictionary of named tensors");
      const PickleValue* inner = wrapped(*dict);
      if (!inner && has_entry(*dict)) return *dict;
      dict = inner ? inner : &only_child(*dict);
    }
    fail(where_, "its state dict is nested too deeply: save it by itself");
  }

 private:
  const PickleValue* wrapped(const PickleValue& dict) {
    for (const std::string_view wrapper : kWrappers) {
      for (size_t i = 0; i < dict.items.size(); i += 2) {
        const PickleValue& key = *dict.items[i];
        if (key.is(Kind::kString) && key.text == wrapper && holds_entries(*dict.items[i + 1])) {
          return dict.items[i + 1];
        }
      }
    }
    return nullptr;
  }

  const PickleValue& only_child(const PickleValue& dict) {
    const PickleValue* found = nullptr;
    for (size_t i = 1; i < dict.items.size(); i += 2) {
      if (dict.items[i] == found || !holds_entries(*dict.items[i])) continue;
      if (found)
        fail(where_, "several dictionaries in it hold tensors: save the state dict by itself");
      found = dict.items[i];
    }
    return *found;
  }

  /// Whether `value` is a dictionary with an entry in it or in one below it. What was searched in
  /// vain is remembered, so that shared values cost once and cycles end.
  bool holds_entries(const PickleValue& value) {
    std::vector<const PickleValue*> waiting{&value};
    std::unordered_set<const PickleValue*> seen;
    while (!waiting.empty()) {
      const PickleValue& next = *waiting.back();
      waiting.pop_back();
      if (!next.is(Kind::kDict) || barren_.contains(&next) || !seen.insert(&next).second) continue;
      if (has_entry(next)) return true;
      for (size_t i = 1; i < next.items.size(); i += 2) waiting.push_back(next.items[i]);
    }
    barren_.merge(seen);
    return false;
  }

  const std::string& where_;
  std::unordered_set<const PickleValue*> barren_;
};

}  // namespace

std::vector<NamedTensor> find_state_dict(const PickleValue& root, const std::string& where) {
  const PickleValue& dict = Finder(where).find(root);
  std::vector<NamedTensor> tensors;
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < dict.items.size(); i += 2) {
    if (!is_entry(dict, i)) continue;
    const std::string_view name = dict.items[i]->text;
    if (name.size() > kMaxNameBytes) fail(where, "the name " + in_quotes(name) + " is too long");
    if (!names.insert(name).second) fail(where, "two tensors are called " + in_quotes(name));
    tensors.emplace_back(name,
                         read_tensor(*dict.items[i + 1], where + ": tensor " + in_quotes(name)));
  }
  return tensors;
}

}  // namespace bigtransfer::checkpoint
