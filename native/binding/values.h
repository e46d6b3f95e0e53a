// Plain JavaScript values to C++ ones and back. TypeScript has validated them, so a wrong type here
// is a bug of ours.
#pragma once

#include <napi.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/error.h"

namespace bigtransfer::binding {

inline int64_t to_int(const Napi::Value& value) { return value.As<Napi::Number>().Int64Value(); }
inline double to_double(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }
inline bool to_bool(const Napi::Value& value) { return value.As<Napi::Boolean>().Value(); }
inline std::string to_string(const Napi::Value& value) {
  return value.As<Napi::String>().Utf8Value();
}

template <typename T, typename Convert>
std::vector<T> to_vector(const Napi::Value& value, Convert convert) {
  const auto array = value.As<Napi::Array>();
  std::vector<T> items;
  items.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) items.push_back(convert(array.Get(i)));
  return items;
}

inline std::vector<int64_t> to_ints(const Napi::Value& value) {
  return to_vector<int64_t>(value, to_int);
}

template <typename T, typename Convert>
std::optional<T> to_optional(const Napi::Value& value, Convert convert) {
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  return convert(value);
}

template <typename T>
T to_enum(const Napi::Value& value, const std::map<std::string, T>& names) {
  const std::string name = to_string(value);
  const auto found = names.find(name);
  if (found == names.end()) throw Error(ErrorCode::kConfig, "Unknown value '" + name + "'");
  return found->second;
}

template <typename T, typename Convert>
Napi::Array from_vector(Napi::Env env, const std::vector<T>& items, Convert convert) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (uint32_t i = 0; i < items.size(); ++i) array.Set(i, convert(items[i]));
  return array;
}

inline Napi::Array from_ints(Napi::Env env, const std::vector<int64_t>& items) {
  return from_vector(env, items, [&](int64_t item) { return Napi::Number::New(env, item); });
}

inline Napi::Array from_strings(Napi::Env env, const std::vector<std::string>& items) {
  return from_vector(env, items,
                     [&](const std::string& item) { return Napi::String::New(env, item); });
}

inline std::vector<std::string> to_strings(const Napi::Value& value) {
  return to_vector<std::string>(value, to_string);
}

}  // namespace bigtransfer::binding
