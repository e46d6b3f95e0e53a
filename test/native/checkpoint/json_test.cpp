// checkpoint/json: what RFC 8259 allows, and nothing else.
#include "checkpoint/json.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

Json parse(const std::string& text) { return parse_json(text, kFile); }

#define CHECK_BAD_JSON(text, fragment) EXPECT_THROWS(parse(text), ErrorCode::kCheckpoint, fragment)

TEST("json: values of every kind") {
  const Json json = parse(R"( {"a": [1, -2, 0], "s":"x", "t":true,"f":false,"n":null, "o":{}} )");
  EXPECT(json.object() && json.object()->size() == 6);
  EXPECT(json.find("a") && json.find("a")->array() && json.find("a")->array()->size() == 3);
  EXPECT(*json.find("a")->array()->at(1).integer() == -2);
  EXPECT(*json.find("s")->string() == "x");
  EXPECT(std::get<bool>(json.find("t")->value) && !std::get<bool>(json.find("f")->value));
  EXPECT(std::holds_alternative<std::nullptr_t>(json.find("n")->value));
  EXPECT(json.find("o")->object()->empty());
  EXPECT(json.find("missing") == nullptr && json.find("s")->find("x") == nullptr);
  EXPECT(parse("[]").array()->empty());
}

TEST("json: escapes and UTF-8") {
  EXPECT(*parse(R"("\"\\\/\b\f\n\r\t")").string() == "\"\\/\b\f\n\r\t");
  EXPECT(*parse(R"("\u00e9\u20AC\ud83d\ude00")").string() == "é€😀");
  EXPECT(*parse("\"é€😀\"").string() == "é€😀");
  EXPECT(parse(R"("\u0000")").string()->size() == 1);
  for (const char* bad : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\u0041")"}) {
    CHECK_BAD_JSON(bad, "surrogate");
  }
  CHECK_BAD_JSON(R"("\u12g4")", "hexadecimal");
  CHECK_BAD_JSON(R"("\u-123")", "hexadecimal");
  CHECK_BAD_JSON(R"("\u12)", "hexadecimal");
  CHECK_BAD_JSON(R"("\x")", "escape");
  CHECK_BAD_JSON("\"\\", "escape");
  CHECK_BAD_JSON("\"a\nb\"", "control");
  for (const char* bad :
       {"\"\x80\"", "\"\xc0\xaf\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
        "\"\xf5\x80\x80\x80\"", "\"\xe2\x82\"", "\"\xf0\x9f\x98"}) {
    CHECK_BAD_JSON(bad, "UTF-8");
  }
}

TEST("json: integers stay within 64 bits and are integers") {
  EXPECT(*parse("9223372036854775807").integer() == INT64_MAX);
  EXPECT(*parse("-9223372036854775808").integer() == INT64_MIN);
  const auto real = [](const std::string& text) { return std::get<double>(parse(text).value); };
  EXPECT(real("9223372036854775808") == 9223372036854775808.0);
  EXPECT(real("-9223372036854775809") == -9223372036854775808.0);
  EXPECT(parse(std::string(100000, '9')).integer() == nullptr);
  EXPECT(real("1.5") == 1.5 && real("-2.5e-1") == -0.25);
  EXPECT(real("1e3") == 1000 && real("1E+3") == 1000);
  for (const char* bad : {"1.", "1.e3", "1e", "1e+", "2.5e-"})
    CHECK_BAD_JSON(bad, "without digits");
  for (const char* bad : {"01", "-01", "00"}) CHECK_BAD_JSON(bad, "starts with 0");
  for (const char* bad : {"-", "+1", ".5", "NaN", "Infinity"}) CHECK_BAD_JSON(bad, "value");
}

TEST("json: malformed text says where") {
  CHECK_BAD_JSON("", "at byte 0");
  CHECK_BAD_JSON("{\"a\" 1}", "':'");
  CHECK_BAD_JSON("{\"a\":1", "'}'");
  CHECK_BAD_JSON("{\"a\":1,}", "key");
  CHECK_BAD_JSON("{1:2}", "key");
  CHECK_BAD_JSON("[1,]", "value");
  CHECK_BAD_JSON("[1 2]", "']'");
  CHECK_BAD_JSON("\"abc", "does not end");
  CHECK_BAD_JSON("truth", "word");
  CHECK_BAD_JSON("tru", "word");
  CHECK_BAD_JSON("{} x", "follows");
  CHECK_BAD_JSON(std::string("{}\0", 3), "follows");
  CHECK_BAD_JSON("\xef\xbb\xbf{}", "value");
}

TEST("json: duplicate keys, deep nesting and too many values are refused") {
  CHECK_BAD_JSON(R"({"a":1,"b":2,"a":3})", "'a' occurs twice");
  CHECK_BAD_JSON(R"({"a":1,"\u0061":3})", "'a' occurs twice");
  EXPECT(parse(std::string(10, '[') + std::string(10, ']')).array());
  CHECK_BAD_JSON(std::string(1'000'000, '['), "deep");
  CHECK_BAD_JSON(std::string(1'000'000, '{'), "key");
  std::string many = "[0";
  for (int i = 0; i < 2'000'000; ++i) many += ",0";
  CHECK_BAD_JSON(many + "]", "too many values");
}

TEST("json: quoting is the inverse of parsing") {
  std::string every;
  for (char c = 1; c < 127; ++c) every += c;
  for (const std::string& text : {std::string("plain"), every, std::string("é€😀\0z", 11)}) {
    EXPECT(*parse(json_quote(text, kFile)).string() == text);
  }
  EXPECT_THROWS(json_quote("\xff", kFile), ErrorCode::kCheckpoint, "UTF-8");
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test
