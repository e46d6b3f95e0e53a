// A small strict JSON reader (RFC 8259) for the headers of safetensors files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bigtransfer::checkpoint {

struct Json {
  using Array = std::vector<Json>;
  /// Of our own: Clang takes no std::pair of what is not whole yet.
  struct Member;
  using Object = std::vector<Member>;

  std::variant<std::nullptr_t, bool, int64_t, double, std::string, Array, Object> value;

  const int64_t* integer() const { return std::get_if<int64_t>(&value); }
  const std::string* string() const { return std::get_if<std::string>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const Object* object() const { return std::get_if<Object>(&value); }
  /// The member of an object, or null.
  const Json* find(std::string_view key) const;
};

struct Json::Member {
  std::string key;
  Json value;
};

/// Throws Error kCheckpoint, starting with `where`, for anything but one UTF-8 JSON value: also for
/// duplicate keys, lone surrogates, nesting beyond 16 levels, more than two million values. Numbers
/// with a fraction or an exponent, or beyond int64, become doubles.
Json parse_json(std::string_view text, const std::string& where);

/// `text` as a JSON string, quotes included. Throws Error kCheckpoint when it is not UTF-8.
std::string json_quote(std::string_view text, const std::string& where);

}  // namespace bigtransfer::checkpoint
