// A Python pickle as plain values: a machine that builds containers and calls nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace bigtransfer::checkpoint {

/// One Python value. Values may share others and lists or dicts may hold themselves, so whoever
/// walks them bounds the walk; a kCall reaches other kCalls through tuples alone, without cycles.
struct PickleValue {
  enum class Kind : uint8_t {
    kNone,
    kBool,
    kInt,
    kBigInt,  // beyond int64; the value is not kept
    kFloat,   // the value is not kept
    kString,
    kBytes,
    kList,
    kTuple,
    kDict,  // also collections.OrderedDict
    kSet,
    kGlobal,      // `text` is the module, `name` the name in it
    kCall,        // what calling items[0] (a kGlobal) with items[1] (a kTuple) would have made
    kPersistent,  // what the file's writer calls items[0]
  };

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_global(std::string_view module, std::string_view wanted_name) const {
    return kind == Kind::kGlobal && text == module && name == wanted_name;
  }

  Kind kind = Kind::kNone;
  /// kBool, kInt.
  int64_t integer = 0;
  /// Views into the pickle's bytes.
  std::string_view text, name;
  /// Elements; of a kDict, keys and values in turn.
  std::vector<PickleValue*> items;
};

/// Owns its values in one arena, so cycles neither leak nor recurse when it goes.
class Pickle {
 public:
  using GlobalFilter = bool (*)(std::string_view module, std::string_view name);

  /// Reads the opcodes that plain containers need up to protocol 5. `bytes` must outlive the
  /// values. Throws Error kCheckpoint, starting with `where`: for any global that `allowed`
  /// refuses, naming it (nothing is executed in any case); for other opcodes, malformed or
  /// truncated input, and pickles of more than two million opcodes.
  Pickle(std::string_view bytes, GlobalFilter allowed, const std::string& where);

  const PickleValue& root() const { return *root_; }

 private:
  std::deque<PickleValue> values_;
  const PickleValue* root_ = nullptr;
};

}  // namespace bigtransfer::checkpoint
