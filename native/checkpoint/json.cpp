// Recursive descent over one string_view.
#include "checkpoint/json.h"

#include <algorithm>
#include <charconv>

#include "checkpoint/fail.h"
#include "checkpoint/utf8.h"

namespace bigtransfer::checkpoint {
namespace {

/// A safetensors header nests 3 deep.
constexpr int kMaxDepth = 16;
/// About 10 to a tensor; keeps a header of 100 MB from taking gigabytes.
constexpr size_t kMaxValues = 2'000'000;

class Parser {
 public:
  Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  Json document() {
    Json result = value(0);
    skip_space();
    if (at_ != text_.size()) bad("something follows the value");
    return result;
  }

 private:
  [[noreturn]] void bad(const std::string& what) const {
    fail(where_,
         "not valid JSON at byte " + std::to_string(at_) + ": " + what + "; " + kDownloadAgain);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool accept(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  Json value(int depth) {
    if (depth > kMaxDepth) bad("nested too deeply");
    if (++values_ > kMaxValues) bad("too many values");
    skip_space();
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return {string()};
      case 't':
        return word("true", {true});
      case 'f':
        return word("false", {false});
      case 'n':
        return word("null", {nullptr});
      default:
        return number();
    }
  }

  Json word(std::string_view expected, Json result) {
    if (text_.substr(at_, expected.size()) != expected) bad("unknown word");
    at_ += expected.size();
    return result;
  }

  Json object(int depth) {
    ++at_;
    Json::Object members;
    skip_space();
    if (accept('}')) return {std::move(members)};
    do {
      skip_space();
      if (peek() != '"') bad("expected a key");
      std::string key = string();
      skip_space();
      if (!accept(':')) bad("expected ':'");
      members.push_back({std::move(key), value(depth + 1)});
      skip_space();
    } while (accept(','));
    if (!accept('}')) bad("expected ',' or '}'");
    refuse_duplicates(members);
    return {std::move(members)};
  }

  void refuse_duplicates(const Json::Object& members) const {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const auto& member : members) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) bad("the key " + in_quotes(*twice) + " occurs twice");
  }

  Json array(int depth) {
    ++at_;
    Json::Array items;
    skip_space();
    if (accept(']')) return {std::move(items)};
    do {
      items.push_back(value(depth + 1));
      skip_space();
    } while (accept(','));
    if (!accept(']')) bad("expected ',' or ']'");
    return {std::move(items)};
  }

  Json number() {
    const size_t begin = at_;
    accept('-');
    const size_t first = at_;
    if (digits() == 0) bad("expected a value");
    if (text_[first] == '0' && at_ - first > 1) bad("a number starts with 0");
    bool is_whole = true;
    if (accept('.')) {
      is_whole = false;
      if (digits() == 0) bad("a fraction without digits");
    }
    if (accept('e') || accept('E')) {
      is_whole = false;
      if (!accept('-')) accept('+');
      if (digits() == 0) bad("an exponent without digits");
    }
    const char* from = &text_[begin];
    const char* end = text_.data() + at_;
    int64_t whole = 0;
    if (is_whole && std::from_chars(from, end, whole).ec == std::errc()) return {whole};
    // Beyond its range it stays 0, which nobody asks for.
    double real = 0;
    std::from_chars(from, end, real);
    return {real};
  }

  /// Goes beyond the digits that come next, and says how many they are.
  size_t digits() {
    const size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - begin;
  }

  std::string string() {
    ++at_;
    std::string out;
    while (!accept('"')) {
      if (at_ >= text_.size()) bad("a string does not end");
      if (static_cast<unsigned char>(text_[at_]) < 0x20) bad("a control character in a string");
      if (accept('\\')) {
        escape(out);
        continue;
      }
      const size_t length = utf8_length(text_, at_);
      if (length == 0) bad("not UTF-8");
      out += text_.substr(at_, length);
      at_ += length;
    }
    return out;
  }

  void escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (accept('u')) {
      append_utf8(out, code_point());
      return;
    }
    const size_t which = kNames.find(peek());
    if (at_ >= text_.size() || which == kNames.npos) bad("unknown escape");
    out += kMeanings[which];
    ++at_;
  }

  /// After "\u": one code point, from two escapes where the first is a high surrogate.
  uint32_t code_point() {
    const uint32_t first = hex4();
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first > 0xdbff || !accept('\\') || !accept('u')) bad("a lone surrogate");
    const uint32_t second = hex4();
    if (second < 0xdc00 || second > 0xdfff) bad("a lone surrogate");
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  uint32_t hex4() {
    const std::string_view digits = text_.substr(at_, 4);
    uint32_t result = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), result, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) {
      bad("\\u takes 4 hexadecimal digits");
    }
    at_ += 4;
    return result;
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
  size_t values_ = 0;
};

}  // namespace

const Json* Json::find(std::string_view key) const {
  if (!object()) return nullptr;
  for (const auto& member : *object()) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Json parse_json(std::string_view text, const std::string& where) {
  return Parser(text, where).document();
}

std::string json_quote(std::string_view text, const std::string& where) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text, at);
    if (length == 0) fail(where, in_quotes(text) + " is not UTF-8");
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '"' || byte == '\\') out += '\\';
    if (byte < 0x20) {
      out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  return out + '"';
}

}  // namespace bigtransfer::checkpoint
